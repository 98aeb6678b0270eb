"""What the injected faults share: the tables they change, what they changed, how columns are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

Cell = tuple[str, int]
"""A row: the side, `train` or `test`, and its position from 0."""


class NotHere(Exception):
    """The fault means nothing on this table, or the clean table has the trait already; says why."""


@dataclass(frozen=True)
class Tables:
    """A real table, split as its kind asks for.

    Args:
        name: What it is called here.
        train: The rows that train; both frames have a plain index from 0.
        test: The rows that score.
        target: Name of the target column.
        task: `classification` or `regression`.
        group: Name of the column whose equal values belong together, or None.
        time: Name of the column of times, or None.
        nominal: Columns of numbers that name things, such as postal codes.
        separable: Whether a plain model gets nine labels in ten right, so that flipped ones stand out.
    """

    name: str
    train: pd.DataFrame
    test: pd.DataFrame
    target: str
    task: str
    group: str | None = None
    time: str | None = None
    separable: bool = False
    nominal: tuple[str, ...] = ()

    @property
    def features(self) -> list[str]:
        """Columns that have no role."""
        return [c for c in self.train.columns if c not in (self.target, self.group, self.time)]

    @property
    def numbers(self) -> list[str]:
        """Features of numbers that measure or count."""
        found = [c for c in self.features if pd.api.types.is_numeric_dtype(self.train[c])]
        return [c for c in found if c not in self.nominal]

    @property
    def continuous(self) -> list[str]:
        """Features of numbers with at least 20 values, of which at most 30 % are missing."""
        return [
            c
            for c in self.numbers
            if self.train[c].nunique() >= 20 and self.train[c].isna().mean() < 0.3
        ]

    @property
    def words(self) -> list[str]:
        """Features of words with 2 to 60 levels, hardly missing; no dates."""
        return [
            c
            for c in self.features
            if not pd.api.types.is_numeric_dtype(self.train[c])
            and 2 <= self.train[c].nunique() <= min(60, len(self.train) / 5)
            and self.train[c].isna().mean() < 0.3
            and self.train[c].dropna().str.contains("[A-Za-z]").mean() > 0.5
        ]

    def labels(self) -> np.ndarray:
        """The training target as numbers: classes as codes, shape (n,)."""
        return self.codes(self.train)

    def codes(self, frame: pd.DataFrame) -> np.ndarray:
        """The target of a frame as numbers: classes as codes of the sorted training classes, shape (n,)."""
        if self.task == "regression":
            return frame[self.target].to_numpy(dtype=float)
        levels = sorted(self.train[self.target].dropna().unique(), key=str)
        return pd.Categorical(frame[self.target], categories=levels).codes.astype(float)


@dataclass(frozen=True)
class Injected:
    """Tables with a fault, and what an audit should say of them.

    Args:
        tables: The tables with the fault inside.
        slug: The check that should speak.
        columns: What its evidence should name: for each entry one of its names will do.
        share: Share of the entries of `columns` that must be named.
        rows: Rows that its evidence should hold; of each entry one row will do.
        right: Rows that are right to name though nothing asks for them.
        also: Other checks that would be as right.
        estimator: The user's estimator, where the fault is one of the data for that estimator.
    """

    tables: Tables
    slug: str
    columns: tuple[tuple[str, ...], ...] = ()
    share: float = 1.0
    rows: tuple[frozenset[Cell], ...] = ()
    right: frozenset[Cell] = frozenset()
    also: tuple[str, ...] = ()
    estimator: Any = None


Inject = Callable[[Tables, float, np.random.Generator], Injected]


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Args:
        name: What it is called here.
        inject: Puts it into tables.
        strengths: How strong, in the fault's own unit.
        stated: The strength at which it must be found.
        unit: What the strength is.
    """

    name: str
    inject: Inject
    strengths: tuple[float, ...]
    stated: float
    unit: str = "share of rows"


def named(*columns: str) -> tuple[tuple[str, ...], ...]:
    """Columns that must all be named."""
    return tuple((column,) for column in columns)


def cells(side: str, positions: Iterable[int]) -> tuple[frozenset[Cell], ...]:
    """Rows that must be held one by one."""
    return tuple(frozenset({(side, int(position))}) for position in positions)


def one_of(rng: np.random.Generator, choices: Iterable[str], why: str) -> str:
    """A column drawn from those that fit.

    Raises:
        NotHere: None fits.
    """
    found = list(choices)
    if not found:
        raise NotHere(why)
    return str(rng.choice(np.array(found, dtype=object)))


def some_rows(rng: np.random.Generator, n: int, share: float, least: int = 1) -> np.ndarray:
    """Positions of a share of n rows, at least so many, in order."""
    count = min(n, max(least, round(share * n)))
    return np.sort(rng.choice(n, size=count, replace=False))


def with_column(
    tables: Tables, name: str, train: Any, test: Any, rng: np.random.Generator
) -> Tables:
    """The tables with one more column, at a place drawn for it, the same in both.

    Raises:
        NotHere: The table has a column of this name.
    """
    if name in tables.train.columns:
        raise NotHere(f"has a column {name!r}")
    place = int(rng.integers(0, tables.train.shape[1] + 1))
    left, right = tables.train.copy(), tables.test.copy()
    left.insert(place, name, train)
    right.insert(place, name, test)
    return replace(tables, train=left, test=right)


def with_cells(
    tables: Tables, column: str, *, train: Mapping[int, Any] | None = None,
    test: Mapping[int, Any] | None = None,
) -> Tables:  # fmt: skip
    """The tables with cells replaced, by position; a column of words or of numbers stays one where it can.

    Cells of text among numbers make the column one of text, as a file that holds both is read.
    """
    sides = {}
    for side, frame, cells_of in (("train", tables.train, train), ("test", tables.test, test)):
        if not cells_of:
            continue
        changed = frame.copy()
        changed[column] = with_values(frame[column], cells_of)
        sides[side] = changed
    return replace(tables, **sides)


def with_values(values: pd.Series, cells_of: Mapping[int, Any]) -> pd.Series:
    """A column with cells replaced, by position, in the type that a file with these cells is read as."""
    places, new = list(cells_of), list(cells_of.values())
    if any(isinstance(value, str) for value in new):
        text = as_text(values).astype(object)
        text.iloc[places] = new
        return text.astype("str")
    if pd.api.types.is_integer_dtype(values.dtype) and not all(_is_whole(value) for value in new):
        values = values.astype(float)
    changed = values.copy()
    changed.iloc[places] = new
    return changed


def as_text(values: pd.Series) -> pd.Series:
    """A column as a file writes it: whole numbers without a point, missing cells missing."""
    return values.astype("str")


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer))


def joined(
    tables: Tables, side: str, more: pd.DataFrame, rng: np.random.Generator
) -> tuple[Tables, np.ndarray]:
    """Rows added to a side, which is then shuffled, or kept in its order of time.

    Returns:
        The tables, and the new position of every row: first those that were there, then the added ones.
    """
    frame = tables.train if side == "train" else tables.test
    both = pd.concat([frame, more], ignore_index=True)
    if tables.time is not None:
        order = np.argsort(both[tables.time].to_numpy(), kind="stable")
    else:
        order = rng.permutation(len(both))
    places = np.empty(len(both), dtype=np.int64)
    places[order] = np.arange(len(both))
    mixed = both.iloc[order].reset_index(drop=True)
    changed = replace(tables, train=mixed) if side == "train" else replace(tables, test=mixed)
    return changed, places


def row_hashes(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """One number a row, equal where all the columns are."""
    return pd.util.hash_pandas_object(frame[columns], index=False).to_numpy()
