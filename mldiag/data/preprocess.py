"""The one stated default preprocessing of tables: everything it learns, it learns from the training rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from sklearn.utils.fixes import parse_version

from mldiag.errors import MldiagError

Kind = Literal["number", "category", "date"]

MANY_VALUES = 30
"""More different values than this in the training rows, and a column is encoded by the target."""

RARE_ROWS = 3
"""A value in fewer training rows than this says nothing on its own, and joins the other rare ones."""

FOLDS = 5
"""Folds of the encoding by the target (scikit-learn, TargetEncoder, `cv`)."""

MANY_CLASSES = 10
"""With more classes than this the encoding by the target would make as many columns of each."""

MISSING = "(missing)"
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")
_DATES_LOOKED_AT = 200


@dataclass(frozen=True)
class ColumnKinds:
    """Columns by what they hold.

    Args:
        numbers: Numbers, booleans and durations.
        categories: Text, categories and mixed values.
        dates: Dates and times, also ISO 8601 text.
    """

    numbers: tuple[Any, ...] = ()
    categories: tuple[Any, ...] = ()
    dates: tuple[Any, ...] = ()


NO_COLUMNS = ColumnKinds()


def column_kinds(frame: pd.DataFrame) -> ColumnKinds:
    """Sort columns by type.

    Args:
        frame: The features.

    Raises:
        MldiagError: If a column holds lists, arrays or dicts.

    Example:
        >>> column_kinds(pd.DataFrame({"age": [1.0], "city": ["Rome"], "day": ["2024-02-29"]}))
        ColumnKinds(numbers=('age',), categories=('city',), dates=('day',))
    """
    kinds: dict[Kind, list[Any]] = {"number": [], "category": [], "date": []}
    for name in frame.columns:
        kinds[_kind(frame[name], name)].append(name)
    return ColumnKinds(tuple(kinds["number"]), tuple(kinds["category"]), tuple(kinds["date"]))


def _kind(column: pd.Series, name: Any) -> Kind:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "date"
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    if numeric or pd.api.types.is_timedelta64_dtype(column.dtype):
        return "number"
    present = column.dropna()
    if isinstance(column.dtype, pd.CategoricalDtype) or not len(present):
        return "category"
    if any(isinstance(value, (list, dict, tuple, np.ndarray)) for value in present.iloc[:100]):
        raise MldiagError(
            f"column {name!r} holds {type(present.iloc[0]).__name__} values",
            expected="numbers, text, booleans or dates",
            hint="leave the column out, or write a train function with @mldiag.experiment",
        )
    looked_at = present.iloc[:_DATES_LOOKED_AT].astype(str)
    return (
        "date"
        if looked_at.map(lambda text: _ISO_DATE.fullmatch(text) is not None).all()
        else "category"
    )


class TablePreprocessor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn the columns of a table into standardised numbers, learned from the rows it is fitted on.

    Numbers: infinite counts as missing, missing becomes the median with a marker column beside it, then
    mean 0 and standard deviation 1. Categories: missing is a value of its own; one column for each value,
    rare ones together; where there are more than `MANY_VALUES`, the mean target of the value instead
    (cross-fitted), and with too few rows or too many classes for that, the most frequent values. Dates: day
    number, year, month, weekday and hour, as numbers. Columns that do not vary are dropped.

    Args:
        kinds: What the columns hold; columns that a frame does not have are passed over.
        classes: Whether the targets are classes, and not quantities.
    """

    def __init__(self, kinds: ColumnKinds = NO_COLUMNS, *, classes: bool = True) -> None:
        self.kinds = kinds
        self.classes = classes

    def fit(self, X: pd.DataFrame, y: Any = None) -> TablePreprocessor:
        """Learn from training rows."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **_: Any) -> NDArray[np.float64]:
        """Learn from training rows and transform them; encodings by the target are cross-fitted."""
        self.columns_ = [name for name in _all_columns(self.kinds) if name in X.columns]
        numbers, wide, narrow = self._blocks(X, y, fitting=True)
        self.scaler_ = make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
        )
        self.one_hot_ = OneHotEncoder(
            min_frequency=RARE_ROWS,
            max_categories=MANY_VALUES,
            handle_unknown="infrequent_if_exist",
            sparse_output=False,
        )
        self.by_target_ = _target_encoder(classes=self.classes)
        blocks = []
        if numbers.shape[1]:
            blocks.append(self.scaler_.fit_transform(numbers))
        if narrow.shape[1]:
            blocks.append(self.one_hot_.fit_transform(narrow))
        if wide.shape[1]:
            blocks.append(self.by_target_.fit_transform(wide, y))
        joined = np.hstack(blocks) if blocks else np.zeros((len(X), 0))
        self.varying_ = np.ptp(joined, axis=0) > 0 if joined.shape[1] else np.zeros(0, dtype=bool)
        if not self.varying_.any():  # a model needs one column, even if it says nothing
            self.varying_ = np.zeros(max(joined.shape[1], 1), dtype=bool)
            return np.zeros((len(X), 1))
        return np.asarray(joined[:, self.varying_], dtype=np.float64)

    def transform(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Transform rows with what was learned."""
        if not self.varying_.any():
            return np.zeros((len(X), 1))
        numbers, wide, narrow = self._blocks(X, None, fitting=False)
        blocks = []
        if numbers.shape[1]:
            blocks.append(self.scaler_.transform(numbers))
        if narrow.shape[1]:
            blocks.append(self.one_hot_.transform(narrow))
        if wide.shape[1]:
            blocks.append(self.by_target_.transform(wide))
        return np.asarray(np.hstack(blocks)[:, self.varying_], dtype=np.float64)

    def _blocks(
        self, X: pd.DataFrame, y: Any, *, fitting: bool
    ) -> tuple[NDArray[np.float64], NDArray[Any], NDArray[Any]]:
        """Numbers with at least one value, categories for the target's means, and those for columns."""
        numbers = _numbers(X, [name for name in self.columns_ if name in self.kinds.numbers])
        dates = _dates(X, [name for name in self.columns_ if name in self.kinds.dates])
        numbers = np.hstack([numbers, dates])
        texts = {name: _texts(X[name]) for name in self.columns_ if name in self.kinds.categories}
        if fitting:
            self.present_ = np.isfinite(numbers).any(axis=0)
            can = y is not None and _can_encode_by_target(y, self.classes)
            many = [name for name, text in texts.items() if len(np.unique(text)) > MANY_VALUES]
            self.wide_ = many if can else []
        wide = [text for name, text in texts.items() if name in self.wide_]
        narrow = [text for name, text in texts.items() if name not in self.wide_]
        return numbers[:, self.present_], _stacked(wide, len(X)), _stacked(narrow, len(X))


def _all_columns(kinds: ColumnKinds) -> list[Any]:
    return [*kinds.numbers, *kinds.categories, *kinds.dates]


def _stacked(columns: Sequence[NDArray[Any]], rows: int) -> NDArray[Any]:
    return np.column_stack(columns).astype(object) if columns else np.zeros((rows, 0), dtype=object)


def _numbers(frame: pd.DataFrame, names: list[Any]) -> NDArray[np.float64]:
    values = np.full((len(frame), len(names)), np.nan)
    for position, name in enumerate(names):
        column = frame[name]
        if pd.api.types.is_timedelta64_dtype(column.dtype):
            column = column.dt.total_seconds()
        values[:, position] = column.to_numpy(dtype=np.float64, na_value=np.nan)
    values[~np.isfinite(values)] = np.nan
    return values


def _dates(frame: pd.DataFrame, names: list[Any]) -> NDArray[np.float64]:
    parts = []
    for name in names:
        column = frame[name]
        if not pd.api.types.is_datetime64_any_dtype(column.dtype):
            column = pd.to_datetime(column.astype(str), format="ISO8601", errors="coerce", utc=True)
        times = column.dt
        seconds = (column - pd.Timestamp(0, tz=times.tz)).dt.total_seconds()
        found = (seconds / 86_400, times.year, times.month, times.day_of_week, times.hour)
        parts += [part.to_numpy(dtype=np.float64, na_value=np.nan) for part in found]
    return np.column_stack(parts) if parts else np.zeros((len(frame), 0))


def _texts(column: pd.Series) -> NDArray[Any]:
    texts = column.astype(object).where(column.notna(), MISSING).astype(str)
    return np.asarray(texts.to_numpy(dtype=str))


def _target_encoder(*, classes: bool) -> TargetEncoder:
    """One with shuffled folds that are the same for the same rows."""
    task = "auto" if classes else "continuous"
    if parse_version(sklearn.__version__) < parse_version("1.9"):  # folds could not be given before
        return TargetEncoder(target_type=task, cv=FOLDS, random_state=0)
    kind = StratifiedKFold if classes else KFold
    return TargetEncoder(target_type=task, cv=kind(FOLDS, shuffle=True, random_state=0))


def _can_encode_by_target(y: Any, classes: bool) -> bool:
    """Whether every fold can hold rows of every class."""
    targets = np.asarray(y)
    if targets.ndim > 1:
        return False
    if not classes:
        return len(targets) >= 2 * FOLDS
    _, counts = np.unique(targets, return_counts=True)
    return bool(len(counts) <= MANY_CLASSES and counts.min() >= FOLDS)


def describe_preprocessing(kinds: ColumnKinds) -> str:
    """The sentence about it that the plan prints.

    Example:
        >>> describe_preprocessing(ColumnKinds(numbers=("age",))).partition(": ")[2].partition(";")[0]
        '1 numeric column (missing: median and a marker'
    """
    parts = []
    if kinds.numbers:
        parts.append(
            f"{_counted(kinds.numbers, 'numeric column')} (missing: median and a marker; then mean 0, sd 1)"
        )
    if kinds.categories:
        parts.append(
            f"{_counted(kinds.categories, 'text column')} (missing is a value of its own; a column for "
            f"each value, those in fewer than {RARE_ROWS} rows together; over {MANY_VALUES} values: the "
            "mean target of the value, cross-fitted)"
        )
    if kinds.dates:
        parts.append(
            f"{_counted(kinds.dates, 'date column')} (day number, year, month, weekday, hour, as numbers)"
        )
    return 'preprocessing "auto", learned from each trial\'s training rows: ' + "; ".join(
        [*parts, "columns that do not vary are dropped"]
    )


def _counted(names: Sequence[Any], noun: str) -> str:
    return f"{len(names)} {noun}{'s' * (len(names) != 1)}"
