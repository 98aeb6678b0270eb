"""The points of a search and what came of them, repeat by repeat, beside the defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.declaration import Experiment
from mldiag.steps.sweep.search.space import Point, Space
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

Key = tuple[tuple[str, object], ...]


@dataclass(frozen=True, eq=False)
class Tried:
    """Points in the order in which they were asked for, the defaults first.

    Args:
        points: The searched values of each point.
        scores: Shape (points, repeats), higher is better; NaN where there is none.
        ran: Whether the trial was run, likewise.
        cells: The results, or None, likewise.
    """

    points: tuple[Point, ...]
    scores: NDArray[np.float64]
    ran: NDArray[np.bool_]
    cells: tuple[tuple[TrialResult | None, ...], ...]

    @property
    def done(self) -> NDArray[np.int64]:
        """Repeats of each point that were run, from the first on."""
        return np.asarray(np.cumprod(self.ran, axis=1).sum(axis=1), dtype=np.int64)

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Points of which a trial that was run gave no score: they cannot win."""
        return np.asarray((self.ran & ~np.isfinite(self.scores)).any(axis=1))

    @property
    def gains(self) -> NDArray[np.float64]:
        """Mean difference with the defaults, each repeat's own level taken out; NaN for broken points.

        What a repeat adds is told by the points that have all repeats, those that beat the defaults first:
        a bad default goes up and down with its rows quite unlike the good points that compete.
        """
        level = self._repeat_levels()
        differences = self.scores - level
        finite = np.isfinite(differences)
        sums = np.where(finite, differences, 0.0).sum(axis=1)
        means = np.where(finite.any(axis=1), sums / np.maximum(finite.sum(axis=1), 1), np.nan)
        return np.where(self.broken, np.nan, means - means[0])

    def _repeat_levels(self) -> NDArray[np.float64]:
        whole = np.isfinite(self.scores).all(axis=1)
        if not whole.any():
            return np.zeros(self.scores.shape[1])
        better = whole & (self.scores.mean(axis=1) > self.scores[0].mean())
        rows = self.scores[better if better.any() else whole]
        return np.asarray((rows - rows.mean(axis=1, keepdims=True)).mean(axis=0))

    @property
    def leader(self) -> int:
        """The best point of those with the most repeats; the defaults where nothing beats them."""
        whole = (self.done == self.scores.shape[1]) & np.isfinite(self.gains)
        if not whole.any():
            return 0
        gains = np.where(whole, self.gains, -np.inf)
        return int(np.argmax(gains))


def point_specs(experiment: Experiment, point: Point, repeats: Sequence[int]) -> list[TrialSpec]:
    """The trials of one point, by repeat."""
    return [experiment.spec(point, repeat=repeat) for repeat in repeats]


def tried(
    experiment: Experiment,
    settings: Settings,
    points: Sequence[Point],
    results: dict[str, TrialResult],
) -> Tried:
    """Arrange results by point and repeat.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        points: The points, the defaults first.
        results: What came back, by digest of the spec.
    """
    metric = experiment.metric
    cells = tuple(
        tuple(
            results.get(spec.digest)
            for spec in point_specs(experiment, point, range(settings.repeats))
        )
        for point in points
    )
    scores = np.array(
        [
            [
                np.nan if c is None else metric.sign * metric.judged(c.score(metric.name))
                for c in row
            ]
            for row in cells
        ]
    )
    ran = np.array([[c is not None for c in row] for row in cells])
    scores[~np.isfinite(scores)] = np.nan
    return Tried(tuple(points), scores, ran, cells)


def key_of(space: Space, point: Point) -> Key:
    """What tells a point from others; kinds count, so that 1 is not True."""
    return tuple((n, (type(point[n]).__name__, point[n])) for n in space.names)


def points_in(space: Space, results: Sequence[TrialResult]) -> dict[Key, Point]:
    """The points that results are of, in a fixed order, those on the reserve left out."""
    found: dict[Key, Point] = {}
    for result in results:
        spec = result.spec
        if spec.rows.split == "reserve":
            continue
        values = dict(spec.params)
        point = {name: values[name] for name in space.names}
        found.setdefault(key_of(space, point), point)
    return dict(sorted(found.items(), key=lambda item: repr(item[0])))
