"""Features as numbers that a reference learner takes: standardised, without gaps, one row a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.dataset import take
from mldiag.data.preprocess import TablePreprocessor, column_kinds
from mldiag.errors import MldiagError
from mldiag.trial_result import to_numpy

MANY_COLUMNS = 1000
"""Above it the columns are first projected on their main directions."""

DIRECTIONS = 100

MOST_NUMBERS = 20_000_000
"""Numbers (rows x columns) that a reference trains on at most: 160 MB."""


class Unsuited(MldiagError):
    """What cannot be turned into numbers, or scored."""


def as_numbers(X: Any) -> Any:
    """A frame, a sparse matrix, or an array of shape (n, columns): images are flattened.

    Raises:
        Unsuited: If the features are text or anything else that has no numbers.

    Example:
        >>> as_numbers(np.zeros((5, 8, 8))).shape
        (5, 64)
    """
    if hasattr(X, "columns") or hasattr(X, "tocsr"):
        return X
    if hasattr(X, "to_frame"):
        return X.to_frame()
    try:
        array = to_numpy(X)
        if array.dtype.kind not in "iufb":
            array = np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise Unsuited(
            "the features are no numbers", expected="arrays, frames or sparse matrices"
        ) from error
    if array.dtype.kind not in "iufb":
        raise Unsuited("the features are text", expected="arrays, frames or sparse matrices")
    return array.reshape(len(array), -1).astype(np.float64)


def check_features(X: Any) -> None:
    """Refuse what `as_numbers` or the preprocessing of tables cannot read; looks at a few rows.

    Raises:
        Unsuited: With the reason.
    """
    some = as_numbers(take(X, np.arange(min(50, _count(X)))))
    if hasattr(some, "columns"):
        try:
            column_kinds(some)
        except MldiagError as error:
            raise Unsuited(error.what, expected=error.expected) from error
    if hasattr(some, "shape") and not some.shape[1]:
        raise Unsuited("there are no features", expected="at least one column")


def columns_of(X: Any) -> int:
    """Columns of the features once they are numbers; of a frame, its own."""
    some = as_numbers(take(X, np.arange(1)))
    return int(some.shape[1])


def preparation(X: Any, *, classes: bool, dense: bool, seed: int = 0) -> Any:
    """An unfitted transformer for features from `as_numbers`.

    Args:
        X: The training features.
        classes: Whether the targets are classes.
        dense: Whether the learner takes no sparse matrix.
        seed: Of the projection, where there are many columns.
    """
    from sklearn.decomposition import PCA, TruncatedSVD
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline, make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, StandardScaler

    rows, columns = X.shape
    directions = max(1, min(DIRECTIONS, rows - 1, columns - 1))
    if hasattr(X, "columns"):
        return TablePreprocessor(column_kinds(X), classes=classes)
    if hasattr(X, "tocsr"):
        if not dense:
            return MaxAbsScaler()
        return make_pipeline(
            MaxAbsScaler(), TruncatedSVD(directions, random_state=seed), StandardScaler()
        )
    steps: list[Any] = [
        ("finite", SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)),
        ("scale", StandardScaler()),
    ]
    if columns > MANY_COLUMNS:
        project = PCA(directions, svd_solver="randomized", random_state=seed)
        steps += [("project", project), ("rescale", StandardScaler())]
    return Pipeline(steps)


def without_infinities(X: Any) -> Any:
    """Infinite numbers of an array as missing ones; frames and sparse matrices as they are."""
    if isinstance(X, np.ndarray) and not np.isfinite(X).all():
        return np.where(np.isfinite(X), X, np.nan)
    return X


def chosen_rows(count: int, columns: int, most: int, *, seed: int) -> NDArray[np.intp] | None:
    """Positions of the rows to train on where there are too many; None for all of them."""
    limit = max(100, min(most, MOST_NUMBERS // max(columns, 1)))
    if count <= limit:
        return None
    return np.sort(np.random.default_rng([31, seed]).permutation(count)[:limit])


def _count(X: Any) -> int:
    shape = getattr(X, "shape", None)
    return int(shape[0]) if shape else len(X)
