"""Points that need no scores: an even filling of the space, and the full factorial."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np

from mldiag.errors import MldiagError
from mldiag.steps.sweep.axes import Axis
from mldiag.steps.sweep.search.space import Point, Space, has_scale
from mldiag.steps.sweep.search.tried import key_of
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_spec import Plain

ROUNDS_OF_DRAWS = 4
"""So many times as many points are drawn as are wanted, because some of them are the same point."""


def even_points(space: Space, count: int, *, seed: int = 0) -> list[Point]:
    """Different points that fill the space evenly: a scrambled Sobol' sequence (Owen 1998).

    Args:
        space: The space.
        count: Points wanted; fewer come back where the space has no more.
        seed: Seed of the scrambling.

    Returns:
        The points; a longer list begins with the same ones.
    """
    from scipy.stats import qmc

    sequence = qmc.Sobol(len(space.axes), seed=np.random.default_rng([seed, 41]))
    found: dict[object, Point] = {}
    for _ in range(ROUNDS_OF_DRAWS):
        with warnings.catch_warnings():  # it wants a power of two for its own balance
            warnings.simplefilter("ignore", UserWarning)
            drawn = sequence.random(max(8, 2 ** math.ceil(math.log2(max(count, 1) + 1))))
        for row in drawn:
            units = {
                axis.name: float(u) if has_scale(axis) else float(int(u * len(axis.values)))
                for axis, u in zip(space.axes, row, strict=True)
            }
            point = space.at(units)
            found.setdefault(key_of(space, point), point)
            if len(found) >= count:
                return list(found.values())
    return list(found.values())


def grid_points(space: Space, settings: Settings) -> list[Point]:
    """The full factorial with as many values a parameter as fit into the trials.

    Optuna's own grid sampler is about cubic in the number of points, so this is ours.

    Raises:
        MldiagError: If not even two values of each number and every choice fit.
    """
    counts = {axis.name: 2 if has_scale(axis) else len(axis.values) for axis in space.axes}
    points = _product(space, counts)
    if len(points) > settings.trials:
        raise MldiagError(
            f"a grid over {', '.join(space.names)} has at least {len(points)} points",
            expected=f"at most the {settings.trials} of --trials",
            hint=f"--trials {len(points)}   or   --search auto",
        )
    growing = [axis for axis in space.axes if has_scale(axis)]
    while growing:
        axis = min(growing, key=lambda one: counts[one.name])
        more = _product(space, {**counts, axis.name: counts[axis.name] + 1})
        if len(more) > settings.trials or len(more) == len(points):
            growing.remove(axis)
        else:
            counts[axis.name] += 1
            points = more
    return points


def _product(space: Space, counts: dict[str, int]) -> list[Point]:
    """Different points of a factorial, in an order that reaches everywhere early if it is cut short."""
    values = [_spread(axis, counts[axis.name]) for axis in space.axes]
    found: dict[object, Point] = {}
    for combination in itertools.product(*values):
        point = space.settled(dict(zip(space.names, combination, strict=True)))
        found.setdefault(key_of(space, point), point)
    order = np.random.default_rng(7).permutation(len(found))
    listed = list(found.values())
    return [listed[position] for position in order]


def _spread(axis: Axis, count: int) -> tuple[Plain, ...]:
    if not has_scale(axis):
        return axis.values
    return tuple(axis.parameter.grid(max(count, 2)))
