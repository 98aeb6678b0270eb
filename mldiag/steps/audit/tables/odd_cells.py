"""Cells written unlike the others of their column: dates in another format, text a thousand times as long."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mldiag.data.audited.column import Column

_CLOCK = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
_WORD = re.compile(r"[A-Za-z]{3,}")


@dataclass(frozen=True)
class Limits:
    """When a cell is called huge.

    Args:
        characters: A cell of so many is huge in any column.
        times: So is one of this many times the median length,
        least: with at least so many characters.
        most_share: Where more of the cells are so, the column is one of long texts.
    """

    characters: int = 100_000
    times: float = 1000.0
    least: int = 2_000
    most_share: float = 0.02


LIMITS = Limits()


@dataclass(frozen=True, eq=False)
class DateFormats:
    """The formats in which the dates of a column are written.

    Args:
        examples: A cell of each format, the most frequent first.
        rows: Positions of the cells in another format than the most frequent one.
    """

    examples: tuple[str, ...]
    rows: NDArray[np.int64]


def date_formats(column: Column) -> DateFormats | None:
    """The formats of a column of dates written as text, where there are several.

    A time of day behind the date and leading zeros make no other format.

    Example:
        >>> from mldiag.data.audited.guess import guessed_column
        >>> cells = pd.Series(["2024-03-01", "2024-03-02 10:30", "03/04/2024"] * 20)
        >>> found = date_formats(guessed_column("day", cells))
        >>> found.examples, found.rows[:2].tolist()
        (('2024-03-01', '03/04/2024'), [2, 5])
    """
    raw = column.raw
    if column.kind != "date" or not _is_text(raw):
        return None
    codes, levels = pd.factorize(raw)
    shapes = np.array([_shape(str(level)) for level in levels], dtype=object)
    counts = pd.Series(shapes[codes[codes >= 0]]).value_counts()
    counts = counts[counts.index != ""]
    if len(counts) < 2:
        return None
    first = [str(levels[int(np.argmax(shapes == shape))]) for shape in counts.index]
    other = (shapes != counts.index[0]) & (shapes != "")
    rows = np.flatnonzero((codes >= 0) & other[np.maximum(codes, 0)])
    return DateFormats(tuple(first), rows.astype(np.int64))


def _shape(cell: str) -> str:
    """How a date is written, without what it says; empty where it is none."""
    day = _CLOCK.sub("", cell.strip())
    shape = re.sub(r"\d{1,2}", "n", re.sub(r"\d{4}", "Y", _WORD.sub("month", day)))
    parts = len(re.findall(r"n|Y|month", shape))
    return shape if parts in (2, 3) and ("Y" in shape or parts == 3) else ""


def huge_cells(column: Column) -> tuple[NDArray[np.int64], int]:
    """Positions of cells of text far longer than the others, and the length of the longest, in characters.

    Example:
        >>> from mldiag.data.audited.guess import guessed_column
        >>> rows, longest = huge_cells(guessed_column("a", pd.Series(["Rome", "Bonn"] * 40 + ["x" * 9000])))
        >>> rows.tolist(), longest
        ([80], 9000)
    """
    nothing = np.empty(0, dtype=np.int64), 0
    if column.is_numeric or column.kind == "other" or not column.n_unique:
        return nothing
    lengths = np.array([len(str(level)) for level in column.levels], dtype=np.int64)
    if lengths.max() < LIMITS.least:
        return nothing
    there = column.codes >= 0
    of_rows = np.where(there, lengths[np.maximum(column.codes, 0)], 0)
    usual = max(1.0, float(np.median(of_rows[there])))
    limit = min(LIMITS.characters, max(LIMITS.least, LIMITS.times * usual))
    rows = np.flatnonzero(of_rows >= limit).astype(np.int64)
    if len(rows) > max(1.0, LIMITS.most_share * len(column)):
        return nothing
    return rows, int(of_rows.max())


def _is_text(raw: pd.Series) -> bool:
    return not (
        pd.api.types.is_datetime64_any_dtype(raw.dtype)
        or pd.api.types.is_numeric_dtype(raw.dtype)
        or raw.isna().all()
    )
