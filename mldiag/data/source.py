"""From what a user declares as data to a `Dataset` and its split columns."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.dataset import Dataset, Part
from mldiag.errors import MldiagError, unknown_name
from mldiag.subsets import SplitPlan

CLASS_LIMIT = 50
"""Whole-number targets with more different values than this are taken for quantities."""


@dataclass(frozen=True, eq=False)
class DataSource:
    """The declaration; `load` turns it into data once per process.

    Args:
        data: (X, y), a frame, a path, an array, a function without arguments that returns one of
            these, or None where only `rows` is known.
        rows: Number of rows where mldiag does not hold the data.
        target: Name of the target column of a frame or file.
        stratify: True, False, labels by row, or None to stratify where the target is a class.
        groups: Column name, or group by row.
        time: Column name, or time by row.
        sample_weight: Column name, or weight by row.
        valid: Validation data in the form of `data`, or row numbers where only `rows` is known.
        test: Test data likewise; the reserve.
        drop: Columns that no model is to see.
        base: Folder that relative paths start from.
        unseen: Whether nothing is known of the rows, because a command reads rows of its own.
    """

    data: Any = None
    rows: int | None = None
    target: str | None = None
    stratify: Any = None
    groups: Any = None
    time: Any = None
    sample_weight: Any = None
    valid: Any = None
    test: Any = None
    drop: tuple[str, ...] = ()
    base: Path = field(default_factory=Path.cwd)
    unseen: bool = False

    def load(self) -> Loaded:
        """Read the data and the split columns.

        Raises:
            MldiagError: If columns are missing, lengths differ, or there is too little to split.
        """
        if self.data is None:
            return self._load_row_numbers()
        main, frame = self._part(self.data, "data")
        self._check_present(main.y)
        weights = self._column(self.sample_weight, frame, len(main), "sample_weight")
        main = Part(main.X, main.y, weights)
        valid = None if self.valid is None else self._part(self.valid, "valid")[0]
        test = None if self.test is None else self._part(self.test, "test")[0]
        dataset = Dataset(main, valid, test)
        splits = SplitPlan(
            n_rows=len(main),
            labels=self._labels(main.y, len(main)),
            groups=self._column(self.groups, frame, len(main), "groups"),
            time=self._column(self.time, frame, len(main), "time"),
            valid_rows=dataset.rows_of("valid"),
            test_rows=dataset.rows_of("test"),
        )
        return Loaded(dataset, self._checked(splits))

    def _load_row_numbers(self) -> Loaded:
        if self.unseen:
            nothing = np.empty(0, dtype=np.int64)
            return Loaded(None, SplitPlan(n_rows=0, valid_rows=nothing))
        if self.rows is None:
            raise MldiagError(
                "the experiment declares neither data nor rows",
                expected="data=(X, y), a path, a loader, or rows=the number of rows",
                hint="@mldiag.experiment(data=(X, y), ...)",
            )
        labels = self._labels(None, self.rows)
        splits = SplitPlan(
            n_rows=int(self.rows),
            labels=labels,
            groups=self._column(self.groups, None, self.rows, "groups"),
            time=self._column(self.time, None, self.rows, "time"),
            valid_rows=_row_numbers(self.valid, self.rows, "valid"),
            test_rows=_row_numbers(self.test, self.rows, "test"),
        )
        return Loaded(None, self._checked(splits))

    def _check_present(self, y: Any) -> None:
        """Refuse targets of which there is not a single one."""
        if y is None or getattr(y, "ndim", 1) > 1 or not len(y):
            return
        values = np.asarray(y)
        if values.dtype.kind in "fO" and all(value is None or value != value for value in values):
            named = f"the target {self.target!r}" if self.target else "the target"
            raise MldiagError(
                f"{named} is missing in all {len(values):,} rows",
                expected="a target for every row",
                hint=self._look_at_the_table(),
            )

    def _look_at_the_table(self) -> str:
        """A command that shows the declared table; empty where the data are no file."""
        if not isinstance(self.data, (str, Path)):
            return ""
        return f"head -n 5 {shlex.quote(str(self.data))}"

    def _checked(self, splits: SplitPlan) -> SplitPlan:
        named = f"the target {self.target!r}" if self.target else "the target"
        if splits.n_rows < MIN_ROWS:
            raise MldiagError(
                f"the data have {splits.n_rows} rows",
                expected=f"at least {MIN_ROWS}: nothing can be learned from fewer",
                hint=self._look_at_the_table(),
            )
        classes = [] if splits.labels is None else np.unique(splits.labels).tolist()
        if len(classes) == 1:
            raise MldiagError(
                f"{named} has one class only: {classes[0]!r} in all {splits.n_rows:,} rows",
                expected="at least two different values",
                hint=self._look_at_the_table(),
            )
        sure = self.stratify is True or (
            splits.labels is not None and splits.labels.dtype.kind in "US"
        )
        if len(classes) == splits.n_rows and sure:  # whole numbers may be quantities
            raise MldiagError(
                f"{named} has {len(classes):,} classes in {splits.n_rows:,} rows: one for each row",
                expected="classes of several rows; or, for quantities, a regressor",
                hint=self._look_at_the_table(),
            )
        if splits.groups is not None and len(np.unique(splits.groups)) < 3:
            found = len(np.unique(splits.groups))
            raise MldiagError(
                f"the rows have {found} group{'s' * (found != 1)}",
                expected="at least three groups: to train on, to validate on, and in reserve",
            )
        return splits

    def _part(self, declared: Any, name: str) -> tuple[Part, Any]:
        """Make a part of what was declared; the frame comes along where columns have names."""
        value = declared() if callable(declared) else declared
        if isinstance(value, (str, Path)):
            from mldiag.data.tables import read_table

            value = read_table(self.base / value)
        if isinstance(value, (tuple, list)) and len(value) == 2:
            X, y = (self._array(item) for item in value)
            return Part(X, y), X if hasattr(X, "columns") else None
        if not hasattr(value, "columns"):
            return Part(value), None
        if self.target is None:
            return Part(value), value
        if self.target not in value.columns:
            error = unknown_name("target column", self.target, value.columns)
            raise MldiagError(
                f"{error.what} in {name}",
                expected=error.expected,
                nearest=error.nearest,
                hint=f'target="{error.nearest}"' if error.nearest else "",
            )
        roles = (self.groups, self.time, self.sample_weight, *self.drop)
        beside = [column for column in roles if isinstance(column, str)]
        X = value.drop(columns=[self.target, *(c for c in beside if c in value.columns)])
        if not X.shape[1]:
            raise MldiagError(
                f"{name} has no column beside the target", expected="at least one feature"
            )
        return Part(X, _numpy_backed(value[self.target])), value

    def _array(self, value: Any) -> Any:
        """An array or frame as it is; a path to `.npy` as a read-only memory map."""
        if isinstance(value, (str, Path)):
            return np.load(self.base / value, mmap_mode="r", allow_pickle=False)
        return value

    def _column(self, declared: Any, frame: Any, count: int, name: str) -> NDArray[Any] | None:
        if declared is None:
            return None
        if isinstance(declared, str):
            columns = list(frame.columns) if frame is not None else []
            if declared not in columns:
                raise unknown_name(f"{name} column", declared, columns)
            declared = frame[declared]
        values = np.asarray(declared)
        if len(values) != count:
            raise MldiagError(
                f"{name} has {len(values)} values", expected=f"one for each of {count} rows"
            )
        if name in ("groups", "time") and _missing(values):
            raise MldiagError(f"{name} has missing values", expected="a value for every row")
        return values.astype(str) if values.dtype == object else values

    def _labels(self, y: Any, count: int) -> NDArray[Any] | None:
        if self.stratify is False:
            return None
        if self.stratify is None or self.stratify is True:
            if y is None or getattr(y, "ndim", 1) > 1:
                return None
            values = np.asarray(y)
            return _as_classes(values) if self.stratify or is_class_target(values) else None
        return self._column(self.stratify, None, count, "stratify")


def _numpy_backed(column: Any) -> Any:
    """A column of pandas' nullable numbers without missing values as plain numbers, as metrics expect."""
    plain = getattr(column.dtype, "numpy_dtype", None)
    return column if plain is None or column.isna().any() else column.astype(plain)


@dataclass(frozen=True, eq=False)
class Loaded:
    """Data in memory, or None where the experiment holds them itself, and the split columns."""

    dataset: Dataset | None
    splits: SplitPlan


def is_class_target(values: NDArray[Any]) -> bool:
    """Whether targets name classes: text, booleans, or few different whole numbers.

    Example:
        >>> is_class_target(np.array([0, 1, 1])), is_class_target(np.array([0.5, 1.5]))
        (True, False)
    """
    if values.dtype.kind in "OUSb" or str(values.dtype) in ("category", "string"):
        return True
    if values.dtype.kind not in "iuf" or values.ndim > 1:
        return False
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    different = np.unique(finite)
    return bool(np.all(different == np.round(different)) and len(different) <= CLASS_LIMIT)


def _as_classes(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(str) if values.dtype == object else values


def _missing(values: NDArray[Any]) -> bool:
    if values.dtype == object:
        return any(value is None or value != value for value in values)
    return bool(np.any(values != values))


def _row_numbers(declared: Any, count: int, name: str) -> NDArray[np.int64] | None:
    if declared is None:
        return None
    rows = np.asarray(declared)
    if rows.dtype.kind not in "iu" or rows.ndim != 1 or not len(rows):
        raise MldiagError(
            f"{name}= is no list of row numbers", expected="whole numbers, where rows= is given"
        )
    if rows.min() < 0 or rows.max() >= count:
        raise MldiagError(
            f"{name}= names row {rows.max()}", expected=f"row numbers from 0 to {count - 1}"
        )
    return rows.astype(np.int64)


MIN_ROWS = 10
"""Fewer rows cannot be split into training and validation rows that say anything."""
