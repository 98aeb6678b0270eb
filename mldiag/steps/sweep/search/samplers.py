"""Points that follow from the scores so far: TPE and Gaussian processes through Optuna, and CMA-ES.

A study is built from the history each time, so that what is asked for is a pure function of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mldiag.steps.sweep.axes import Axis
from mldiag.steps.sweep.search.designs import even_points
from mldiag.steps.sweep.search.space import Point, Space, from_unit, has_scale, to_unit
from mldiag.steps.sweep.search.tried import Key, key_of

if TYPE_CHECKING:
    import optuna

CMAES_SIGMA = 0.2
"""First step of CMA-ES, as a share of each range."""

ASKED_AGAIN = 12
"""Times that a sampler is asked again for a point that was tried already."""


@dataclass(frozen=True, eq=False)
class History:
    """What a sampler learns from.

    Args:
        points: The points.
        values: Their values, higher is better; NaN where nothing at all came of it.
    """

    points: Sequence[Point]
    values: NDArray[np.float64]

    def filled(self) -> NDArray[np.float64]:
        """Values with the worst one in the place of what failed, so that no sampler goes there again."""
        known = self.values[np.isfinite(self.values)]
        return np.where(np.isfinite(self.values), self.values, known.min() if known.size else 0.0)


def ask(method: str, space: Space, history: History, count: int, *, seed: int = 0) -> list[Point]:
    """New points that a method wants tried, none of them in the history.

    Args:
        method: `tpe`, `gp` or `cmaes`.
        space: The space.
        history: What was tried.
        count: Points wanted; fewer come back where the space is used up.
        seed: Seed of the search.
    """
    if count < 1:
        return []
    known: dict[Key, None] = dict.fromkeys(key_of(space, point) for point in history.points)
    found: list[Point] = []
    asked = _study_asks(method, space, history, seed)
    for _ in range(count + ASKED_AGAIN):
        point = next(asked)
        key = key_of(space, point)
        if key not in known:
            known[key] = None
            found.append(point)
            if len(found) == count:
                return found
    spare = even_points(space, len(known) + count, seed=seed + 1)
    return found + [p for p in spare if key_of(space, p) not in known][: count - len(found)]


def _study_asks(method: str, space: Space, history: History, seed: int) -> Iterator[Point]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # remarks on experimental arguments are for Optuna's users
        study = optuna.create_study(
            sampler=_sampler(
                method, seed + len(history.points), conditional=bool(space.conditional)
            ),
            direction="maximize",
        )
    for point, value in zip(history.points, history.filled(), strict=True):
        acting = {axis.name: axis for axis in space.axes if space.acts(axis.name, point)}
        study.add_trial(
            optuna.trial.create_trial(
                params={n: _told(axis, point[n]) for n, axis in acting.items()},
                distributions={n: _distribution(axis) for n, axis in acting.items()},
                value=float(value),
            )
        )
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial = study.ask()
            yield _suggested(trial, space)


def _suggested(trial: optuna.Trial, space: Space) -> Point:
    """Define by run: a parameter is asked for only where it acts."""
    point: dict[str, Any] = {}
    for axis in space.axes:
        if space.acts(axis.name, point):
            point[axis.name] = from_unit(axis, _suggest(trial, axis))
    return space.settled(point)


def _suggest(trial: optuna.Trial, axis: Axis) -> Any:
    given = _distribution(axis)
    if not has_scale(axis):
        return trial.suggest_categorical(axis.name, given.choices)
    return trial.suggest_float(axis.name, given.low, given.high)


def _sampler(method: str, seed: int, *, conditional: bool) -> optuna.samplers.BaseSampler:
    import optuna

    # The seed moves with the history: each round draws anew, and the same round again the same.
    if method == "gp":
        # What acts at some points only is outside of its model: TPE, which knows of conditions, draws it.
        return optuna.samplers.GPSampler(
            seed=seed,
            n_startup_trials=1,
            deterministic_objective=False,
            independent_sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=1),
            warn_independent_sampling=False,
        )
    return optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=1, multivariate=True, group=conditional
    )


def _distribution(axis: Axis) -> Any:
    """As Optuna knows an axis: numbers from 0 to 1, choices by position, because it has no tuples.

    Whole numbers are rounded by us: Optuna's Gaussian process takes four times as long for its own.
    """
    import optuna

    if not has_scale(axis):
        return optuna.distributions.CategoricalDistribution(list(range(len(axis.values))))
    return optuna.distributions.FloatDistribution(0.0, 1.0)


def _told(axis: Axis, value: Any) -> float | int:
    unit = to_unit(axis, value)
    return unit if has_scale(axis) else int(unit)


def cmaes_generation(
    space: Space, start: Mapping[str, float], generations: Sequence[Sequence[float]], *, seed: int
) -> tuple[list[Point], int]:
    """The next generation of CMA-ES, by replaying the ones that are done.

    Args:
        space: A space of numbers that always act.
        start: Where it begins, from 0 to 1 by name.
        generations: Values of the points of each generation that is done, higher is better.
        seed: Seed of its draws.

    Returns:
        The points, of which some may be the same, and the size of a generation.
    """
    from cmaes import CMA

    dimension = len(space.axes)
    mean = np.array([start[name] for name in space.names])
    edges = np.tile([0.0, 1.0], (dimension, 1))
    optimizer = CMA(mean=mean, sigma=CMAES_SIGMA, bounds=edges, seed=seed)
    for values in [*generations, None]:
        drawn = [optimizer.ask() for _ in range(optimizer.population_size)]
        if values is None:
            points: list[Point] = [
                space.at(dict(zip(space.names, x.tolist(), strict=True))) for x in drawn
            ]
            return points, int(optimizer.population_size)
        optimizer.tell([(x, -value) for x, value in zip(drawn, values, strict=True)])
    raise AssertionError("the loop returns")
