"""The unit in which the forecast works, and the way back to the user's metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bounds = tuple[float | None, float | None]
Kind = Literal["bounded", "log", "plain"]

SMALLEST_SHARE = 1e-4
"""A loss counts as at least this share of the largest one seen, so that a loss of 0 has a logarithm."""


RATIO_SHARE = 2.0
"""R2 divides by the variance of the few rows it is scored on, which repeats share: `benchmarks/forecast.txt`
has the coverage; with 1 it was .71 at twice the rows."""


@dataclass(frozen=True)
class Unit:
    """A monotone map from the metric to a unit in which higher is better.

    `bounded`: 0 to 1 between the metric's bounds. `log`: minus the logarithm of the distance to the best
    possible value (a loss above 0, R2 below 1), because such distances shrink by factors. `plain`: the
    metric over its own magnitude, where nothing is known of its bounds.

    Args:
        kind: Which of the three.
        best: Best possible value for `bounded` and `log`; 0 for `plain`.
        width: Worst minus best for `bounded`; for the others a magnitude, negative where lower is better.
        smallest: For `log`, what is added to the distance.
        bounds: Values that the metric cannot pass, infinite where there are none.
    """

    kind: Kind
    best: float
    width: float
    smallest: float
    bounds: tuple[float, float]

    def to_unit(self, scores: Floats) -> Floats:
        """Scores of a size in the unit; the mean of a row maps to the mean of the mapped row.

        Args:
            scores: Shape (S, R), NaN where a trial failed.
        """
        if self.kind == "plain":
            return scores / self.width
        if self.kind == "bounded":
            return 1 - (scores - self.best) / self.width
        distance = np.maximum(np.abs(scores - self.best), 0) + self.smallest
        count = np.isfinite(distance).sum(axis=1, keepdims=True)
        mean = np.nansum(distance, axis=1, keepdims=True) / np.maximum(count, 1)
        # First order around the mean: the logarithm of single runs would be biased for their mean.
        with np.errstate(divide="ignore", invalid="ignore"):
            mapped = -np.log(mean / abs(self.width)) - (distance - mean) / mean
        return np.where(count > 0, mapped, np.nan)

    def from_unit(self, values: Floats) -> Floats:
        """Back to the metric, within its bounds."""
        if self.kind == "plain":
            scores = values * self.width
        elif self.kind == "bounded":
            scores = self.best + (1 - values) * self.width
        else:
            away = np.exp(-np.clip(values, -60, 60)) * abs(self.width) - self.smallest
            scores = self.best + np.sign(self.width) * np.maximum(away, 0)
        return np.clip(scores, *self.bounds)

    def one(self, score: float) -> float:
        """A single score in the unit; infinite where it is better than the best possible one."""
        low, high = self.bounds
        if not low <= score <= high:
            better = (score > high) if self.maximize else (score < low)
            return np.inf if better else -np.inf
        return float(self.to_unit(np.array([[score]]))[0, 0])

    @property
    def shared_share(self) -> float:
        """How much more of a run's variance the repeats share than for a mean over rows."""
        return RATIO_SHARE if self.kind == "log" and self.maximize else 1.0

    @property
    def maximize(self) -> bool:
        """Whether higher is better in the metric."""
        return self.width > 0 if self.kind == "plain" else self.width < 0


def unit_of(scores: Floats, *, maximize: bool, bounds: Bounds | None) -> Unit:
    """Choose the unit from the bounds, or from the scores where none are given.

    Without bounds, scores that all lie within [0, 1] and are to be maximized count as accuracy-like, others
    up to 1 as R2-like; what is to be minimized and never negative counts as a loss. Bounds that the scores
    contradict (an accuracy in percent) are ignored.

    Args:
        scores: All finite scores, in any order; at least one.
        maximize: Whether higher is better.
        bounds: Smallest and largest possible value, None where there is none.
    """
    smallest, largest = float(scores.min()), float(scores.max())
    low, high = _bounds(smallest, largest, maximize, bounds)
    magnitude = max(abs(smallest), abs(largest)) or 1.0
    limits = (-np.inf if low is None else low, np.inf if high is None else high)
    best, worst = (high, low) if maximize else (low, high)
    sign = -1.0 if maximize else 1.0
    if best is None:
        return Unit("plain", 0.0, -sign * magnitude, 0.0, limits)
    if worst is not None:
        return Unit("bounded", best, worst - best, 0.0, limits)
    farthest = max(abs(smallest - best), abs(largest - best)) or 1.0
    return Unit("log", best, sign * farthest, SMALLEST_SHARE * farthest, limits)


def _bounds(smallest: float, largest: float, maximize: bool, bounds: Bounds | None) -> Bounds:
    if bounds is None:
        if maximize and largest <= 1:
            return (0.0 if smallest >= 0 else None), 1.0
        return (0.0 if not maximize and smallest >= 0 else None), None
    low, high = bounds
    if low is not None and (smallest < low or not np.isfinite(low)):
        low = None
    if high is not None and (largest > high or not np.isfinite(high)):
        high = None
    if low is not None and low == high:
        return None, None
    return low, high
