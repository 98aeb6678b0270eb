"""The joint design of a pair: levels of each parameter, points, looks, and which points go on."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.conditions import condition_point
from mldiag.declaration import Experiment
from mldiag.stats.layout import residual
from mldiag.steps.sweep.measured import MeasuredAxis
from mldiag.steps.sweep.pairs.choose import Pair
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_spec import Plain, TrialSpec

Floats = NDArray[np.float64]

LEVELS = 5
"""Levels of each parameter: the default, the best alone, and others spread over its values."""

FIRST_LOOK = 2
"""Repeats of every point, before the hopeless ones are left."""

KEPT = 8
"""Points of a pair that get every repeat, beside those that one at a time leads to."""

KEPT_IN_ROW = 3
"""Of a parameter that is tuned for each value of the other: its levels that get every repeat, per value."""

HOPELESS = 2.5
"""Noises of one score below the best after which a point is left."""


@dataclass(frozen=True, eq=False)
class Design:
    """Points of a pair, row by row: the second parameter's levels within each of the first one's.

    Args:
        pair: The two parameters.
        levels: Levels of the first and of the second, ascending.
        points: Every combination, in that order.
        specs: Trials by point and repeat.
    """

    pair: Pair
    levels: tuple[tuple[Plain, ...], tuple[Plain, ...]]
    points: tuple[dict[str, Plain], ...]
    specs: tuple[tuple[TrialSpec, ...], ...]

    def index(self, first: Plain, second: Plain) -> int:
        """Position of a point."""
        return self.levels[0].index(first) * len(self.levels[1]) + self.levels[1].index(second)

    @property
    def anchors(self) -> tuple[int, int, int, int]:
        """The defaults, the first at its best alone, the second at its best alone, and both."""
        first, second = self.pair.first, self.pair.second
        default = (first.axis.values[first.axis.default], second.axis.values[second.axis.default])
        best = (first.axis.values[best_index(first)], second.axis.values[best_index(second)])
        return (
            self.index(*default),
            self.index(best[0], default[1]),
            self.index(default[0], best[1]),
            self.index(*best),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Number of levels of both."""
        return len(self.levels[0]), len(self.levels[1])


def design_of(experiment: Experiment, settings: Settings, pair: Pair) -> Design:
    """The joint design around what each parameter said alone."""
    names = pair.names
    levels = (levels_of(pair.first), levels_of(pair.second))
    conditions: dict[str, Plain] = {}
    for name in names:
        conditions |= condition_point(experiment.params, name)
    points = tuple(
        {**conditions, names[0]: first, names[1]: second}
        for first in levels[0]
        for second in levels[1]
    )
    specs = tuple(
        tuple(experiment.spec(point, repeat=repeat) for repeat in range(settings.repeats))
        for point in points
    )
    return Design(pair, levels, points, specs)


def levels_of(found: MeasuredAxis, count: int = LEVELS) -> tuple[Plain, ...]:
    """The default, the best value alone, and others such that every value of the range has one near it.

    Values at which a trial failed alone are left out: they are no candidates.
    """
    values, failed = found.axis.values, found.measured.failed
    must = {found.axis.default, best_index(found)}
    usable = [i for i in range(len(values)) if i in must or not failed[i]]
    rest = [i for i in usable if i not in must]
    more = min(max(count - len(must), 0), len(rest))
    if not found.axis.numeric:
        return tuple(values[i] for i in sorted([*must, *rest[:more]]))
    place = _places(found)
    options = [sorted([*must, *some]) for some in itertools.combinations(rest, more)]
    chosen = min(options, key=lambda option: _unevenness(place, usable, option))
    return tuple(values[i] for i in chosen)


def best_index(found: MeasuredAxis) -> int:
    """Position of the best value alone, or of the value nearest to it."""
    values, best = found.axis.values, found.best_value
    if best in values or not isinstance(best, (int, float)):
        return values.index(best) if best in values else found.axis.default
    place = _places(found)
    log = found.axis.parameter.log and best > 0
    return int(np.argmin(np.abs(place - (math.log10(best) if log else best))))


def _places(found: MeasuredAxis) -> Floats:
    """Values on the parameter's own scale; zero stands a decade below a logarithmic range."""
    numbers = np.array([float(str(value)) for value in found.axis.values])
    if not found.axis.parameter.log:
        return numbers
    smallest = numbers[numbers > 0].min()
    return np.asarray(np.log10(np.where(numbers > 0, numbers, smallest / 10)), dtype=np.float64)


def _unevenness(place: Floats, usable: Sequence[int], chosen: Sequence[int]) -> float:
    """Sum of the squared gaps between neighbouring levels; a gap to an end counts twice its length."""
    ends = [place[chosen[0]] - place[usable[0]], place[usable[-1]] - place[chosen[-1]]]
    return float((np.diff(place[list(chosen)]) ** 2).sum() + 4 * (np.array(ends) ** 2).sum())


def wanted(design: Design, settings: Settings, scores: Floats | None) -> list[TrialSpec]:
    """Trials of the first look, or, given its scores, of the second one too.

    Args:
        design: The joint design.
        settings: The step's settings.
        scores: Scores of the first look, shape (points, repeats), higher is better; None before it.
    """
    if settings.design == "full" or settings.repeats <= FIRST_LOOK:
        return [spec for row in design.specs for spec in row]
    first = [spec for row in design.specs for spec in row[:FIRST_LOOK]]
    if scores is None:
        return first
    kept = survivors(design, scores)
    return first + [spec for index in kept for spec in design.specs[index][FIRST_LOOK:]]


def survivors(design: Design, scores: Floats) -> tuple[int, ...]:
    """Points that get every repeat: those not clearly below the best of the first look, and the anchors.

    Where one parameter is only tuned for each value of the other, the best are taken for each of its values.

    Args:
        design: The joint design.
        scores: Shape (points, repeats); the first look's repeats are read, NaN where a trial gave none.
    """
    look = scores[:, :FIRST_LOOK]
    complete = np.isfinite(look).all(axis=1)
    means = np.where(complete, np.nan_to_num(look).mean(axis=1), -np.inf)
    noise = residual(look[complete]).sd if complete.sum() > 1 else math.nan
    margin = HOPELESS * noise if noise > 0 else math.inf
    kept = set(design.anchors) | set(_best_of(means, range(len(means)), KEPT, margin))
    if design.pair.nuisance is not None:
        for row in rows_by_value(design):
            kept |= set(_best_of(means, row, KEPT_IN_ROW, margin))
    return tuple(sorted(kept))


def rows_by_value(design: Design) -> list[list[int]]:
    """Points for each value of the parameter that is compared, the levels of the nuisance in order."""
    table = np.arange(len(design.points)).reshape(design.shape)
    if design.pair.nuisance == 0:
        table = table.T
    return [[int(index) for index in row] for row in table]


def _best_of(means: Floats, among: Sequence[int] | range, count: int, margin: float) -> list[int]:
    order = sorted((i for i in among if math.isfinite(means[i])), key=lambda i: -means[i])
    return [i for i in order[:count] if means[i] >= means[order[0]] - margin]
