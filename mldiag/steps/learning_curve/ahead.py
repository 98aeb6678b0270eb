"""The forecast of a curve, at the sizes that the report and the figure show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Interval
from mldiag.metrics import Metric
from mldiag.steps.learning_curve.forecast import Forecast, RowsNeeded, forecast

STEPS_A_DOUBLING = 8
"""Points of the fan in the figure."""

DOUBLINGS = (1, 2, 3)
"""The table shows 2, 4 and 8 times the rows."""


@dataclass(frozen=True)
class Ahead:
    """What more rows of the same kind would give.

    Args:
        rows: Sizes from the largest observed one to eight times it, shape (F,).
        scores: Expected score at each, with its 80 % interval, in the user's metric.
        gains: Gain of each over the largest observed size; positive is better.
        whole: The forecast itself.
    """

    rows: tuple[int, ...]
    scores: tuple[Interval, ...]
    gains: tuple[Interval, ...]
    whole: Forecast

    @property
    def gain(self) -> Interval:
        """Gain with twice the rows."""
        return self.gains[STEPS_A_DOUBLING]

    def chance(self, gain: float, *, doublings: int = 1) -> float:
        """Probability that so many doublings of the rows gain so much or more."""
        return float(self.whole.probability_gain(gain)[doublings * STEPS_A_DOUBLING])

    def rows_for(self, score: float) -> RowsNeeded:
        """Rows that a score needs."""
        return self.whole.rows_for(score)


def look_ahead(
    metric: Metric,
    sizes: tuple[int, ...],
    scores: NDArray[np.float64],
    train: NDArray[np.float64],
    *,
    valid_to_train: float,
) -> Ahead | None:
    """Forecast a curve; None where fewer than two sizes have a score.

    Args:
        metric: The metric.
        sizes: Training rows, shape (S,), ascending.
        scores: Validation scores in the user's metric, shape (S, R), NaN where missing.
        train: Training scores likewise.
        valid_to_train: Scoring rows over training rows where splits are redrawn, else 0.
    """
    known = np.isfinite(scores).any(axis=1)
    rows = np.asarray(sizes, dtype=float)
    known &= np.append(np.diff(rows) > 0, True)  # whole groups can reach the same size twice
    if known.sum() < 2:
        return None
    last = float(rows[known][-1])
    targets = last * 2.0 ** (np.arange(DOUBLINGS[-1] * STEPS_A_DOUBLING + 1) / STEPS_A_DOUBLING)
    whole = forecast(
        rows[known],
        scores[known],
        targets,
        maximize=metric.maximize,
        train_scores=train[known] if np.isfinite(train[known]).any() else None,
        bounds=None if metric.low is None and metric.high is None else (metric.low, metric.high),
        valid_to_train=valid_to_train,
    )
    scores_ahead = tuple(
        Interval(float(whole.mean[i]), float(whole.low[i]), float(whole.high[i]), whole.level)
        for i in range(len(targets))
    )
    return Ahead(tuple(round(target) for target in targets), scores_ahead, whole.gain(), whole)
