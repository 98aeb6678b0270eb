"""Per-row output of a fitted estimator, with one column for every class of the experiment."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.scoring.rule import ScoreRule, plain_labels


def response_of(estimator: Any, X: Any, rule: ScoreRule) -> tuple[NDArray[Any], str]:
    """Predict what the metric needs.

    A class that no training row had gets the probability 0, or a decision value below every other, so
    that the columns stand for the same classes in every trial.

    Args:
        estimator: A fitted estimator.
        X: Features of n rows.
        rule: How the metric is computed; its first response that the estimator has is used.

    Returns:
        The values, shape (n,) or (n, outputs) or (n, classes), and the name of the method.
    """
    method = available_response(estimator, rule)
    values = getattr(estimator, method)(X)
    if hasattr(values, "toarray"):  # several labels at once may come as a sparse matrix
        values = values.toarray()
    if method == "predict":
        labels = plain_labels(values)
        return (labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels), method
    if isinstance(values, list):
        return _positive_columns(values, estimator.classes_), method
    if rule.classes is None:
        return np.asarray(values), method
    fitted = plain_labels(getattr(estimator, "classes_", rule.classes))
    return _all_classes(np.asarray(values), fitted, np.asarray(rule.classes), method), method


def available_response(estimator: Any, rule: ScoreRule) -> str:
    """The first response of the rule that the estimator offers; the first one where it offers none."""
    offered = [method for method in rule.responses if hasattr(estimator, method)]
    return offered[0] if offered else rule.responses[0]


def _all_classes(
    values: NDArray[Any], fitted: NDArray[Any], classes: NDArray[Any], method: str
) -> NDArray[Any]:
    if len(fitted) == len(classes):
        return values
    if method == "decision_function" and values.ndim == 1:
        values = np.column_stack([-values, values])
    lowest = 0.0 if method == "predict_proba" else float(values.min()) - 1.0
    padded = np.full((len(values), len(classes)), lowest)
    padded[:, np.searchsorted(classes, fitted)] = values
    if len(classes) == 2 and method == "decision_function":
        return padded[:, 1]
    return padded


def _positive_columns(values: list[Any], classes: Any) -> NDArray[Any]:
    """Probability of the label being set, from one (n, classes) array a label."""
    columns = []
    for column, labels in zip(values, classes, strict=True):
        array, known = np.asarray(column), list(labels)
        columns.append(array[:, known.index(1)] if 1 in known else np.zeros(len(array)))
    return np.column_stack(columns)
