"""What more rows would give, and how sure that is: the forecast of a learning curve.

Small networks, trained on real learning curves (LCDB 1.0, 1,500 pairs of an OpenML data set and a
scikit-learn classifier, accuracies), read a curve in units of its own spread and state a distribution of
the expected score at up to 16 times the rows. `benchmarks/forecast.txt` has how good it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mldiag.errors import MldiagError
from mldiag.findings import SHOWN_LEVEL, Interval
from mldiag.steps.learning_curve.forecasting.features import read_features
from mldiag.steps.learning_curve.forecasting.given import (
    checked_curve,
    checked_level,
    checked_targets,
)
from mldiag.steps.learning_curve.forecasting.network import Parameters, knots_of, read_parameters
from mldiag.steps.learning_curve.forecasting.outlook import FARTHEST, Outlook
from mldiag.steps.learning_curve.forecasting.units import Bounds, Unit, unit_of

Floats = NDArray[np.float64]

SEARCH_STEP = 0.02
"""Doublings between the sizes among which `rows_for` looks: 1.4 % of the rows."""


@dataclass(frozen=True)
class RowsNeeded:
    """How many rows a score needs; infinite where it is not reached within 16 times the rows.

    Args:
        score: The score asked for.
        rows: Where the forecast itself reaches it.
        low: Where the favourable end of the interval does.
        high: Where the unfavourable end does.
        level: Level of the interval.
        farthest: Rows up to which it was looked for.
    """

    score: float
    rows: float
    low: float
    high: float
    level: float
    farthest: float

    @property
    def reachable(self) -> bool:
        """Whether any part of the interval reaches the score."""
        return math.isfinite(self.low)

    @property
    def text(self) -> str:
        """The answer in words."""
        if not self.reachable:
            short = (
                f"the {self.level:.0%} interval stays short of it up to {self.farthest:,.0f} rows"
            )
            return f"not reachable at this level: {short}"
        many = f"more than {self.farthest:,.0f}"
        rows, high = (
            f"{value:,.0f}" if math.isfinite(value) else many for value in (self.rows, self.high)
        )
        return f"{rows} rows ({self.low:,.0f} to {high})"


@dataclass(frozen=True, eq=False)
class Forecast:
    """The expected score at the target sizes, in the metric's own unit.

    Args:
        sizes: Target sizes as asked, shape (T,).
        mean: Forecast, the median of the predicted distribution.
        low: Lower end of the interval.
        high: Upper end.
        level: Level of the interval.
        rows: Largest observed size, to which gains refer.
        maximize: Whether higher is better.
    """

    sizes: Floats
    mean: Floats
    low: Floats
    high: Floats
    level: float
    rows: float
    maximize: bool
    _outlook: Outlook = field(repr=False)
    _unit: Unit = field(repr=False)

    def probability_gain(self, delta: float = 0.0) -> Floats:
        """Probability that the expected score is better than at the largest observed size by `delta` or more.

        Args:
            delta: In the metric's unit; positive is better, whatever the metric's direction.

        Returns:
            One for every target size.
        """
        start = float(self._unit.from_unit(self._outlook.knots.middle[:1])[0])
        wanted = self._unit.one(start + (delta if self.maximize else -delta))
        least = wanted - float(self._outlook.knots.middle[0])
        return self._outlook.probability_of_gain(self._ahead(), least)

    def gain(self, *, level: float | None = None) -> tuple[Interval, ...]:
        """Gain over the largest observed size at every target; positive is better.

        Narrower than the difference of two scores' intervals, since a share of their error is the same.

        Args:
            level: Level of the intervals; the forecast's own if not given.
        """
        level = self.level if level is None else checked_level(level)
        start = self._outlook.knots.middle[0]
        base = self._unit.from_unit(self._outlook.knots.middle[:1])
        ahead, sign = self._ahead(), 1.0 if self.maximize else -1.0
        middle, low, high = (
            sign * (self._unit.from_unit(start + self._outlook.gain_quantile(ahead, p)) - base)
            + 0.0
            for p in (0.5, (1 - level) / 2, (1 + level) / 2)
        )
        return tuple(
            Interval(float(middle[i]), float(low[i]), float(high[i]), level)
            for i in range(len(ahead))
        )

    def rows_for(self, score: float, *, level: float | None = None) -> RowsNeeded:
        """How many rows the expected score needs to reach `score`, from those seen to 16 times as many.

        The interval's ends are where the ends of the score's interval first reach it.

        Args:
            score: In the metric's unit.
            level: Level of the interval; the forecast's own if not given.
        """
        level = self.level if level is None else checked_level(level)
        wanted = self._unit.one(score)
        ahead = np.arange(float(self._outlook.back[0]), FARTHEST + SEARCH_STEP / 2, SEARCH_STEP)
        rows, low, high = (
            self._first(ahead, self._outlook.quantile(ahead, p), wanted)
            for p in (0.5, (1 + level) / 2, (1 - level) / 2)
        )
        return RowsNeeded(score, rows, low, high, level, self.rows * 2**FARTHEST)

    def _first(self, ahead: Floats, reached: Floats, wanted: float) -> float:
        there = np.flatnonzero(reached >= wanted)
        return float(self.rows * 2 ** ahead[there[0]]) if len(there) else math.inf

    def _ahead(self) -> Floats:
        return np.log2(self.sizes / self.rows)


def forecast(
    sizes: ArrayLike,
    scores: ArrayLike,
    target_sizes: ArrayLike,
    *,
    maximize: bool = True,
    train_scores: ArrayLike | None = None,
    bounds: Bounds | None = None,
    level: float = SHOWN_LEVEL,
    valid_to_train: float = 0.0,
    parameters: Parameters | None = None,
) -> Forecast:
    """Forecast the expected score at other sizes, with an interval.

    Trained for up to 16 times the rows; what lies farther carries the last doubling on, with an interval
    that keeps growing. Sizes below the largest get the smoothed curve.

    Args:
        sizes: Training rows, shape (S,), in any order; at least two must have a score.
        scores: Validation scores, shape (S, R) with a column for every repeat, or (S,); NaN where missing.
        target_sizes: Rows at which the score is wanted, shape (T,).
        maximize: Whether higher is better.
        train_scores: Scores on the training rows, shaped as `scores`; they sharpen the forecast.
        bounds: Smallest and largest possible score, None where there is none; `unit_of` says what is assumed
            without them.
        level: Probability that the interval holds the expected score.
        valid_to_train: Scoring rows over training rows, where every repeat splits the same rows anew; else 0.
            Adds to a score's error what those repeats share (Nadeau and Bengio 2003), not to a gain's.
        parameters: Other parameters than those shipped, for cross-fitting.

    Raises:
        MldiagError: If the shapes do not fit, a size is not positive or twice there, or fewer than two
            sizes have a score.

    Example:
        >>> curve = [[0.70, 0.71], [0.76, 0.77], [0.81, 0.80], [0.84, 0.83]]
        >>> ahead = forecast([100, 200, 400, 800], curve, [1600, 3200])
        >>> bool(ahead.low[0] < ahead.mean[0] < ahead.high[0]), float(ahead.probability_gain(0.0)[0]) > 0.8
        (True, True)
        >>> ahead.rows_for(0.999).reachable
        False
    """
    level = checked_level(level)
    rows, table, train = checked_curve(sizes, scores, train_scores)
    targets = checked_targets(target_sizes)
    if not 0 <= valid_to_train < np.inf:
        raise MldiagError(
            f"valid_to_train of {valid_to_train:g}", expected="0 or a share such as 0.25"
        )
    unit = unit_of(table[np.isfinite(table)], maximize=maximize, bounds=bounds)
    in_unit = unit.to_unit(table)
    train_unit = None if train is None else _train_in(unit, train)
    features = read_features(rows, in_unit, train_unit)
    learned = read_parameters() if parameters is None else parameters
    knots = knots_of(
        features,
        learned,
        bounded=unit.kind == "bounded",
        valid_to_train=valid_to_train * unit.shared_share,
    )
    outlook = Outlook(knots, np.log2(rows / rows[-1]), np.nanmean(in_unit, axis=1))
    ahead = np.log2(targets / rows[-1])
    mean, one, other = (
        unit.from_unit(outlook.quantile(ahead, p)) for p in (0.5, (1 - level) / 2, (1 + level) / 2)
    )
    low, high = np.minimum(one, other), np.maximum(one, other)
    return Forecast(targets, mean, low, high, level, float(rows[-1]), maximize, outlook, unit)


def forecast_interval(
    sizes: ArrayLike,
    scores: ArrayLike,
    target_sizes: ArrayLike,
    *,
    maximize: bool = True,
    train_scores: ArrayLike | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Mean, low and high of `forecast`, each of shape (T,), with 80 % intervals.

    Example:
        >>> mean, low, high = forecast_interval([50, 100, 200], [0.6, 0.7, 0.75], [400])
        >>> bool(low[0] <= mean[0] <= high[0])
        True
    """
    ahead = forecast(sizes, scores, target_sizes, maximize=maximize, train_scores=train_scores)
    return ahead.mean, ahead.low, ahead.high


def _train_in(unit: Unit, train: Floats) -> Floats:
    """Train scores in the unit of the validation scores; a train loss of 0 is held at the smallest."""
    low, high = unit.bounds
    return unit.to_unit(np.clip(train, low, high))
