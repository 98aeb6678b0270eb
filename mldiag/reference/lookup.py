"""What can be memorised of some rows: the target of the equal rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

Floats = NDArray[np.float64]


class Lookup(BaseEstimator):  # type: ignore[misc]
    """Answers with what the equal training rows say: their mean, their median or their shares of classes.

    Rows that were not trained on get what all training rows say together.

    Args:
        classes: Whether the targets are classes.
        absolute: Whether quantities are answered by the median.

    Example:
        >>> table = Lookup().fit(np.array([[0], [1], [1]]), np.array(["a", "b", "b"]))
        >>> table.predict(np.array([[1], [0]])).tolist()
        ['b', 'a']
    """

    def __init__(self, *, classes: bool = True, absolute: bool = False) -> None:
        self.classes = classes
        self.absolute = absolute

    def fit(self, X: Any, y: Any) -> Lookup:
        """Keep the rows."""
        targets = np.asarray(y)
        if self.classes:
            self.classes_, codes = np.unique(targets, return_inverse=True)
            values = np.eye(len(self.classes_))[codes.reshape(-1)]
        else:
            values = targets.astype(np.float64)[:, None]
        rows: dict[bytes, list[int]] = {}
        for number, key in enumerate(_keys(X)):
            rows.setdefault(key, []).append(number)
        self.otherwise_ = self._together(values)
        self.answers_ = {key: self._together(values[found]) for key, found in rows.items()}
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Shares of the classes among the equal rows; only for classes."""
        return np.stack([self.answers_.get(key, self.otherwise_) for key in _keys(X)])

    def predict(self, X: Any) -> NDArray[Any]:
        """The most frequent class, the mean or the median of the equal rows."""
        answers = self.predict_proba(X)
        if self.classes:
            return np.asarray(self.classes_[answers.argmax(axis=1)])
        return np.asarray(answers[:, 0])

    def _together(self, values: Floats) -> Floats:
        middle = np.median if self.absolute and not self.classes else np.mean
        return np.asarray(middle(values, axis=0), dtype=np.float64)


def _keys(X: Any) -> list[bytes]:
    rows = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    return [np.ascontiguousarray(row).tobytes() for row in rows]
