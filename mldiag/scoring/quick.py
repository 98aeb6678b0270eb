"""Common scores without input checks: a bootstrap computes them ten thousand times, on checked values.

Each gives the number of the scikit-learn function of the same name; a test holds them to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


def roc_auc(truth: Values, values: Values) -> float:
    """Area under the ROC curve from ranks (Mann and Whitney 1947); truth is 0 or 1, shape (n,).

    Example:
        >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
        0.75
    """
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return float("nan")
    from scipy.stats import rankdata  # half a second, and only metrics of ranks need it

    above = rankdata(values)[truth == 1].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))


def f1(truth: Values, predicted: Values) -> float:
    """F1 of the class 1; both are 0 or 1, shape (n,); 0 where neither has a 1."""
    found = truth.sum() + predicted.sum()
    return float(2 * (truth * predicted).sum() / found) if found else 0.0


def precision(truth: Values, predicted: Values) -> float:
    """Precision of the class 1; both are 0 or 1, shape (n,); 0 where nothing is predicted to be 1."""
    found = predicted.sum()
    return float((truth * predicted).sum() / found) if found else 0.0


def recall(truth: Values, predicted: Values) -> float:
    """Recall of the class 1; both are 0 or 1, shape (n,); 0 where nothing is 1."""
    return precision(predicted, truth)


def root_mean_squared_error(truth: Values, predicted: Values) -> float:
    """Root of the mean squared error, shapes (n,)."""
    return float(np.sqrt(np.mean((truth - predicted) ** 2)))


def r2(truth: Values, predicted: Values) -> float:
    """Share of the variance explained, shapes (n,); NaN where the truth does not vary."""
    if (
        np.ptp(truth) == 0
    ):  # asked of the values: the mean of equal ones may miss them by a rounding
        return float("nan")
    return 1 - float(np.sum((truth - predicted) ** 2) / np.sum((truth - truth.mean()) ** 2))


OF_TWO_CLASSES: dict[str, Callable[[Values, Values], float]] = {
    "roc_auc_score": roc_auc,
    "f1_score": f1,
    "precision_score": precision,
    "recall_score": recall,
}
"""By scikit-learn's name; truth, and predictions other than scores, are 0 and 1."""

OF_QUANTITIES: dict[str, Callable[[Values, Values], float]] = {
    "root_mean_squared_error": root_mean_squared_error,
    "r2_score": r2,
}
"""By scikit-learn's name; one output."""
