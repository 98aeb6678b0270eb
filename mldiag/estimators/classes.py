"""Targets of an estimator: every class in order, or quantities, and whether the estimator suits them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.multiclass import type_of_target

from mldiag.data.source import Loaded, is_class_target
from mldiag.errors import MldiagError
from mldiag.estimators.checks import targets_of
from mldiag.estimators.parts import final_step
from mldiag.scoring.rule import plain_labels


def all_targets(loaded: Loaded) -> NDArray[Any]:
    """Targets of every part together, so that each class is known before the first trial."""
    assert loaded.dataset is not None
    parts = [(name, part.y) for name, part in loaded.dataset.parts()]
    if any(y is None for _, y in parts):
        raise MldiagError("the data have no targets", expected="a target for every row")
    arrays = [plain_labels(targets_of(y, f"the {name} targets")) for name, y in parts]
    if len({array.ndim for array in arrays}) > 1:
        raise MldiagError("the targets of the parts differ in shape", expected="one shape")
    if any(array.dtype.kind == "U" for array in arrays):
        arrays = [array.astype(str) for array in arrays]
    return np.concatenate(arrays)


def classes_of(estimator: Any, y: NDArray[Any]) -> tuple[Any, ...] | None:
    """Every class in order, where the estimator names one class a row."""
    shown = type(final_step(estimator)).__name__
    if is_regressor(estimator):
        if y.dtype.kind in "USb":
            raise MldiagError(
                f"{shown} predicts quantities, but the targets are names such as {str(y.flat[0])!r}",
                expected="a classifier for classes, or numbers",
                nearest=_counterpart(shown),
            )
        return None
    if y.ndim > 1 or not (is_classifier(estimator) or is_class_target(y)):
        return None
    if (
        is_classifier(estimator)
        and y.dtype.kind == "f"
        and type_of_target(y[:1000]) == "continuous"
    ):
        raise MldiagError(
            f"{shown} predicts classes, but the targets are quantities such as {y[0]:g}",
            expected="a regressor for quantities",
            nearest=_counterpart(shown),
        )
    found = np.unique(y)
    if is_classifier(estimator) and len(found) == len(y):
        raise MldiagError(
            f"the targets have {len(found):,} classes in {len(y):,} rows: one for each row",
            expected=f"classes of several rows for {shown}; or a regressor for quantities",
            nearest=_counterpart(shown),
        )
    return tuple(found.tolist())


def _counterpart(shown: str) -> str:
    """The same kind of model for the other kind of target, where its name says so."""
    if shown.endswith("Classifier"):
        return shown.removesuffix("Classifier") + "Regressor"
    if shown.endswith("Regressor"):
        return shown.removesuffix("Regressor") + "Classifier"
    return {
        "LogisticRegression": "Ridge", "LinearRegression": "LogisticRegression", "SVC": "SVR", "SVR": "SVC",
        "Ridge": "RidgeClassifier", "LinearSVC": "LinearSVR", "LinearSVR": "LinearSVC",
    }.get(shown, "")  # fmt: skip
