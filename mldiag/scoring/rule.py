"""How a metric follows from true targets and per-row predictions, whichever columns those have."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.scoring.quick import OF_QUANTITIES, OF_TWO_CLASSES

Values = NDArray[Any]

_CLASS_COLUMNS = ("predict_proba", "decision_function")


@dataclass(frozen=True, eq=False)
class ScoreRule:
    """How a metric follows from true targets and per-row predictions.

    Args:
        function: `(truth, prediction, **arguments) -> float`.
        arguments: Keyword arguments of every call.
        responses: Kinds of prediction that the function takes, the preferred one first.
        classes: Every class in sorted order, which is the order of the columns of probabilities; None for
            quantities and for several outputs.
        positive: Position in `classes` of the positive class; None where no class is singled out.
        users: Whether the user wrote the function.
    """

    function: Callable[..., Any]
    arguments: tuple[tuple[str, Any], ...] = ()
    responses: tuple[str, ...] = ("predict",)
    classes: tuple[Any, ...] | None = None
    positive: int | None = None
    users: bool = False

    def score(self, truth: Any, values: Any, weights: Any = None) -> float:
        """The metric of all rows together.

        Args:
            truth: True targets, shape (n,) or (n, outputs).
            values: Predictions: shape (n,) or (n, outputs), or one column for each of `classes`.
            weights: Weight of each row, shape (n,), or None.

        Returns:
            The value as scikit-learn's function gives it: errors are positive.

        Example:
            >>> from sklearn.metrics import accuracy_score
            >>> ScoreRule(accuracy_score).score(["a", "b"], ["a", "a"])
            0.5
        """
        arguments = {} if weights is None else {"sample_weight": np.asarray(weights)}
        truth, values, labels = self._prepared(truth, values)
        return float(self.function(truth, values, **dict(self.arguments), **labels, **arguments))

    def resampled_score(self, truth: Any, values: Any) -> float:
        """`score` for rows drawn again and again: the same number, without checks where there is a way."""
        truth, values, labels = self._prepared(truth, values)
        quick = self._quick(truth, values)
        if quick is not None:
            return quick(truth, values)
        return float(self.function(truth, values, **dict(self.arguments), **labels))

    def _quick(self, truth: Values, values: Values) -> Callable[[Values, Values], float] | None:
        if self.users or truth.ndim > 1 or values.ndim > 1:
            return None
        name = self.function.__name__
        if dict(self.arguments).get("average", "binary") != "binary":
            return None
        if self.classes is None:
            return OF_QUANTITIES.get(name) if truth.dtype.kind in "iuf" else None
        singled_out = self.positive is not None or self.responses[0] in _CLASS_COLUMNS
        return OF_TWO_CLASSES.get(name) if len(self.classes) == 2 and singled_out else None

    def _prepared(self, truth: Any, values: Any) -> tuple[Values, Values, dict[str, Any]]:
        """Truth and predictions in the form that the function takes, and the classes if it asks."""
        truth, values = plain_labels(truth), plain_labels(values)
        if self.users or self.classes is None:
            return truth, self._for_user(values), {}
        if len(self.classes) == 2:
            asks = self.responses[0] in _CLASS_COLUMNS and self._takes_labels()
            return *self._two_classes(truth, values), {"labels": np.arange(2)} if asks else {}
        if values.ndim == 2 and truth.ndim == 1:
            return self._many_classes(truth, values)
        return truth, values, {}

    def _for_user(self, values: Values) -> Values:
        """What a scorer of the user's own receives: of two classes, the column of the positive one."""
        if self.classes is None or len(self.classes) != 2 or values.ndim != 2:
            return values
        return np.asarray(values[:, 1 if self.positive is None else self.positive])

    def _two_classes(self, truth: Values, values: Values) -> tuple[Values, Values]:
        """Truth and prediction of the positive class, where there is one."""
        positive = 1 if self.positive is None else self.positive
        if values.ndim == 2:
            return (self._codes(truth) == positive).astype(int), values[:, positive]
        if self.responses[0] in _CLASS_COLUMNS:  # a decision function
            towards = values if positive == 1 else -values
            return (self._codes(truth) == positive).astype(int), towards
        if self.positive is None:
            return truth, values
        truth, values = ((self._codes(item) == positive).astype(int) for item in (truth, values))
        return truth, values

    def _many_classes(
        self, truth: Values, values: Values
    ) -> tuple[Values, Values, dict[str, Values]]:
        """Truth as column numbers; the function learns of classes that no row has, or never sees them."""
        codes = self._codes(truth)
        if self._takes_labels():
            return codes, values, {"labels": np.arange(values.shape[1])}
        present = np.unique(codes)
        return np.searchsorted(present, codes), values[:, present], {}

    def _takes_labels(self) -> bool:
        return "labels" in inspect.signature(self.function).parameters

    def _codes(self, labels: Values) -> NDArray[np.int64]:
        assert self.classes is not None
        classes = np.asarray(self.classes)
        codes = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
        if not np.array_equal(classes[codes], labels):
            unknown = np.asarray(labels)[classes[codes] != labels][0]
            raise ValueError(f"the class {unknown!r} is none of {', '.join(map(str, classes))}")
        return np.asarray(codes, dtype=np.int64)


def plain_labels(values: Any) -> Values:
    """An array; text in an object array becomes text, as it does on its way through the store."""
    array = np.asarray(values)
    return array.astype(str) if array.dtype == object else array
