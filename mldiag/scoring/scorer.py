"""The number that a metric gives for true targets and predictions, whole and row by row.

Trials score with the same rule that the steps later use to resample rows, so that both give one number.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.metrics import Metric
from mldiag.scoring.rule import ScoreRule, Values, plain_labels
from mldiag.trial_result import TrialResult

Floats = NDArray[np.float64]


def row_scores(metric: Metric, truth: Any, values: Any) -> Floats | None:
    """The part of each row in a metric that is a mean over rows; None for any other.

    Args:
        metric: The metric.
        truth: True targets, shape (n,) or (n, outputs).
        values: Predictions, shape (n,) or (n, outputs), or (n, classes) with one column a class.

    Returns:
        Shape (n,), in the metric's own direction, with the metric as its mean.

    Example:
        >>> from mldiag.metrics import named_metric
        >>> row_scores(named_metric("accuracy"), ["a", "b"], ["a", "a"]).tolist()
        [1.0, 0.0]
    """
    if not metric.per_row or metric.function not in _ROWS:
        return None
    true = plain_labels(truth)
    return _ROWS[metric.function](true, as_predicted(true, plain_labels(values)))


def as_predicted(truth: Values, values: Values) -> Values:
    """Class names from one column a class; anything else as it is.

    Columns stand for the classes 0, 1, ... where the targets are such numbers, else for the sorted classes.
    """
    if values.ndim != 2 or truth.ndim != 1 or values.shape[1] < 2:
        return values.reshape(truth.shape) if values.size == truth.size else values
    return np.asarray(column_classes(truth, values)[values.argmax(axis=1)])


def column_classes(truth: Values, values: Values) -> Values:
    """The class that each column of the predictions stands for."""
    columns = values.shape[1]
    if truth.dtype.kind in "iub" and truth.min() >= 0 and truth.max() < columns:
        return np.arange(columns)
    classes = np.unique(truth)
    if len(classes) != columns:
        raise ValueError(f"{columns} columns of predictions for {len(classes)} classes")
    return classes


def _hits(truth: Values, predicted: Values) -> Floats:
    equal = truth == predicted
    return np.asarray(equal if equal.ndim == 1 else equal.all(axis=1), dtype=np.float64)


def _row_mean(values: Any) -> Floats:
    return np.asarray(values if values.ndim == 1 else values.mean(axis=1), dtype=np.float64)


_ROWS: dict[str | None, Callable[[Values, Values], Floats]] = {
    "accuracy_score": _hits,
    "zero_one_loss": lambda truth, predicted: 1.0 - _hits(truth, predicted),
    "mean_squared_error": lambda truth, predicted: _row_mean((truth - predicted) ** 2),
    "mean_absolute_error": lambda truth, predicted: _row_mean(np.abs(truth - predicted)),
    "mean_absolute_percentage_error": lambda truth, predicted: _row_mean(
        # a denominator of 0 is replaced as scikit-learn replaces it
        np.abs(truth - predicted) / np.maximum(np.abs(truth), np.finfo(np.float64).eps)
    ),
}


def score_predictions(metric: Metric, truth: Any, values: Any) -> float:
    """A known metric of predictions whose columns, if any, stand for the classes in order.

    Args:
        metric: A metric whose `function` is known.
        truth: True targets, shape (n,) or (n, outputs).
        values: Predictions, as `Trial.predictions` keeps them.

    Raises:
        ValueError: If the metric has no function, or does not suit the predictions.

    Example:
        >>> from mldiag.metrics import named_metric
        >>> score_predictions(named_metric("rmse"), np.zeros(4), np.full(4, 0.5))
        0.5
    """
    import sklearn.metrics

    if metric.function is None:
        raise ValueError(f"the metric {metric.name!r} cannot be computed from predictions")
    true, predicted = plain_labels(truth), plain_labels(values)
    function = getattr(sklearn.metrics, metric.function)
    if metric.response == "predict":
        return ScoreRule(function).score(true, as_predicted(true, predicted))
    if predicted.ndim == 1:
        predicted = np.column_stack([1 - predicted, predicted])
    classes = tuple(column_classes(true, predicted))
    return ScoreRule(function, responses=(metric.response,), classes=classes).score(true, predicted)


@dataclass(frozen=True, eq=False)
class PredictionScorer:
    """The metric of an experiment as a function of (truth, values), for steps that resample rows."""

    metric: Metric
    rule: ScoreRule | None = None

    def __call__(self, truth: Any, values: Any) -> float:
        """The metric in its own direction; ValueError where it is not defined on these rows."""
        with warnings.catch_warnings():  # a resample with one class only warns every time
            warnings.simplefilter("ignore")
            if self.rule is not None:
                return self.rule.resampled_score(truth, values)
            return score_predictions(self.metric, truth, values)

    def rows(self, truth: Any, values: Any) -> Floats | None:
        """Each row's part of the metric, or None where it is no mean over rows."""
        if self.rule is not None and self.rule.users:
            return None
        return row_scores(self.metric, truth, values)

    def explains(self, result: TrialResult, *, tolerance: float = 1e-4) -> bool:
        """Whether the kept predictions give the score that the trial reported.

        A train function may compute its metric another way (another average, weights, a threshold);
        resampling its predictions would then answer another question.

        Args:
            result: A finished trial.
            tolerance: Relative difference that still counts as equal.
        """
        kept = result.predictions
        if kept is None or kept.truth is None or result.status != "ok":
            return False
        try:
            value = self(kept.truth, kept.values)
        except (ValueError, TypeError):
            return False
        # Single precision decides the last digits of a score that is 1 at best, also where it is near 0.
        least = 1e-5 if self.metric.high == 1 else 1e-9
        return bool(np.isclose(value, result.score(self.metric.name), rtol=tolerance, atol=least))


def scorer_of(experiment: Any) -> PredictionScorer | None:
    """The scorer of an experiment's kept predictions, or None where the metric cannot be computed from them.

    Args:
        experiment: An `Experiment`.
    """
    rule = getattr(experiment.train, "rule", None)
    if isinstance(rule, ScoreRule):
        return PredictionScorer(experiment.metric, rule)
    return PredictionScorer(experiment.metric) if experiment.metric.function else None
