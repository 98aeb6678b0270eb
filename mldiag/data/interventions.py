"""What an intervention does to the values of some rows: constants, fewer columns, another scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.errors import MldiagError, unknown_name
from mldiag.trial_spec import Intervention, Rows

SCALES = ("standard", "minmax", "robust")
"""Ways to scale: (center, spread) is (mean, sd), (minimum, range) or (median, interquartile range)."""


def blanked(values: Any, reference: Any) -> Any:
    """Values of the same shape and type that say nothing about the row.

    Args:
        values: Features of some rows: array, frame, sparse matrix, tensor or list.
        reference: Features of one fixed row; frames take their constant text and dates from it.

    Example:
        >>> blanked(np.array([[1.5, 2.0]]), None)
        array([[0., 0.]])
    """
    if hasattr(values, "iloc"):
        return _blanked_frame(values, reference)
    if isinstance(values, (list, tuple)):
        return [_blank(item) for item in values]
    if isinstance(values, np.ndarray) and values.dtype.kind == "O":
        return np.array([_blank(item) for item in values.ravel()], object).reshape(values.shape)
    return values * 0 if hasattr(values, "tocsr") else _zeros(values)


def _zeros(values: Any) -> Any:
    return values.new_zeros(values.shape) if hasattr(values, "new_zeros") else np.zeros_like(values)


def _blank(item: Any) -> Any:
    if isinstance(item, np.ndarray) or hasattr(item, "new_zeros"):
        return _zeros(item)
    if isinstance(item, (list, tuple)):
        return type(item)(_blank(part) for part in item)
    return None if item is None else type(item)()


def _blanked_frame(frame: Any, reference: Any) -> Any:
    result = frame.copy()
    if not hasattr(frame, "columns"):  # a single column
        result.iloc[:] = 0 if _is_number(frame.dtype) else reference.iloc[0]
        return result
    for position, kind in enumerate(frame.dtypes):
        column = frame.iloc[:, position].copy()
        if str(kind) in ("bool", "boolean"):
            column.iloc[:] = False
        else:
            column.iloc[:] = 0 if _is_number(kind) else reference.iloc[0, position]
        result.isetitem(position, column)
    return result


def _is_number(kind: Any) -> bool:
    from pandas.api.types import is_numeric_dtype

    return bool(is_numeric_dtype(kind))


def without_columns(values: Any, columns: Sequence[Any]) -> Any:
    """Features without the given columns: names of a frame, numbers from 0 of anything else.

    Raises:
        MldiagError: If a column is not there, or the features have no columns.

    Example:
        >>> without_columns(np.array([[1, 2, 3]]), (1,))
        array([[1, 3]])
    """
    if hasattr(values, "columns"):
        for name in columns:
            if name not in values.columns:
                raise unknown_name("column", str(name), values.columns)
        return values.drop(columns=list(columns))
    shape: tuple[int, ...] = getattr(values, "shape", ())
    if len(shape) != 2:
        raise MldiagError(
            "columns were to be dropped from features that have none",
            expected="a frame, or an array or sparse matrix of two dimensions",
        )
    for number in columns:
        if not isinstance(number, int) or not 0 <= number < shape[1]:
            raise MldiagError(f"no column {number!r}", expected=f"numbers from 0 to {shape[1] - 1}")
    keep = np.setdiff1d(np.arange(shape[1]), np.asarray(columns, dtype=np.int64))
    if hasattr(values, "tocsc"):
        return values.tocsc()[:, keep].asformat(values.format)
    return values[:, keep]


def edited_cells(values: Any, rows: Rows, change: Intervention) -> Any:
    """Features with some cells of one column multiplied, or replaced.

    Args:
        values: Features of the rows: a frame, or an array of two dimensions; not changed.
        rows: Row numbers of the features, shape (n,).
        change: With the arguments `column`, `rows`, and `factor` or `fill`; the cells are missing without.

    Raises:
        MldiagError: If the column is not there.

    Example:
        >>> change = Intervention("edit_cells", (("column", 0), ("factor", 0.1), ("rows", (7,))))
        >>> edited_cells(np.array([[30.0], [4.0]]), np.array([7, 8]), change).ravel().tolist()
        [3.0, 4.0]
    """
    column = change.argument("column")
    named = np.isin(rows, np.asarray(change.argument("rows", ()), dtype=np.int64))
    if hasattr(values, "columns"):
        if column not in values.columns:
            raise unknown_name("column", str(column), values.columns)
        result = values.copy()
        cells = result[column].to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
        result[column] = _edited(cells, named, change)
        return result
    if not isinstance(column, int) or not 0 <= column < values.shape[1]:
        raise MldiagError(
            f"no column {column!r}", expected=f"numbers from 0 to {values.shape[1] - 1}"
        )
    result = np.array(values, dtype=np.float64)
    result[:, column] = _edited(result[:, column], named, change)
    return result


def _edited(cells: Any, named: Any, change: Intervention) -> Any:
    factor, fill = change.argument("factor"), change.argument("fill")
    if factor is not None:
        return np.where(named, cells * float(str(factor)), cells)
    return np.where(named, np.nan if fill is None else float(str(fill)), cells)


@dataclass(frozen=True, eq=False)
class Scaling:
    """A centre and a spread per column, learned on training rows.

    Args:
        center: Shape of one row of the scaled columns.
        spread: Likewise; 1 where a column is constant.
        columns: Names of the scaled columns of a frame; None for every column.
    """

    center: Any
    spread: Any
    columns: tuple[Any, ...] | None = None

    @classmethod
    def learned(cls, features: Any, method: str = "standard") -> Scaling:
        """Learn from the features of training rows.

        Sparse features are divided by their spread only, because a centre would fill them.

        Raises:
            MldiagError: If the method is unknown, or there are no numbers to scale.
        """
        if method not in SCALES:
            raise unknown_name("scaling", method, SCALES)
        columns: tuple[Any, ...] | None = None
        if hasattr(features, "columns"):
            columns = tuple(features.select_dtypes("number").columns)
            features = features[list(columns)]
        if hasattr(features, "tocsc"):
            return cls(None, _sparse_spread(features.tocsc(), method))
        if isinstance(features, (list, tuple)):
            raise MldiagError(
                "a list cannot be scaled", expected="an array, frame or sparse matrix"
            )
        numbers = features.detach().cpu().numpy() if hasattr(features, "detach") else features
        center, spread = _center_and_spread(np.asarray(numbers, dtype=np.float64), method)
        return cls(center, np.where(spread > 0, spread, 1.0), columns)

    def apply(self, values: Any) -> Any:
        """The values on the learned scale, as floats."""
        if self.columns is not None:
            result = values.copy()
            scaled = (values[list(self.columns)].astype(float) - self.center) / self.spread
            for name in self.columns:
                result[name] = scaled[name]
            return result
        if self.center is None:
            return values.multiply(1.0 / self.spread).asformat(values.format)
        if hasattr(values, "new_tensor"):
            values = values.float()
            return (values - values.new_tensor(self.center)) / values.new_tensor(self.spread)
        scaled = (np.asarray(values, dtype=np.float64) - self.center) / self.spread
        return scaled.astype(values.dtype) if values.dtype.kind == "f" else scaled


def _center_and_spread(numbers: Any, method: str) -> tuple[Any, Any]:
    if method == "minmax":
        low = np.nanmin(numbers, axis=0)
        return low, np.nanmax(numbers, axis=0) - low
    if method == "robust":
        low, middle, high = np.nanpercentile(numbers, [25, 50, 75], axis=0)
        return middle, high - low
    return np.nanmean(numbers, axis=0), np.nanstd(numbers, axis=0)


def _sparse_spread(features: Any, method: str) -> Any:
    if method == "standard":
        mean = np.asarray(features.mean(axis=0)).ravel()
        square = np.asarray(features.multiply(features).mean(axis=0)).ravel()
        spread = np.sqrt(np.maximum(square - mean**2, 0))
    else:
        spread = np.asarray(abs(features).max(axis=0).todense()).ravel()
    return np.where(spread > 0, spread, 1.0)
