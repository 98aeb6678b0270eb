"""A column as the audit sees it: what it was taken for, and its values as that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mldiag.data.audited.kinds import Kind


@dataclass(frozen=True, eq=False)
class Column:
    """One column; the facts that several checks need are computed once.

    Args:
        name: Its name in the file.
        kind: What it was taken for, or declared as.
        why: What speaks for that, as a phrase.
        raw: The cells as they were read, shape (n,).
        numbers: Cells as float64 of shape (n,), NaN where missing or no number; None for kinds of text.
            Dates are days since 1970-01-01, booleans 0 and 1.
        spellings: Cells of text that say "missing": how they are written, and how often.
        strays: Positions of cells that are there but do not fit the kind, such as text among numbers.
    """

    name: str
    kind: Kind
    why: str
    raw: pd.Series
    numbers: NDArray[np.float64] | None = None
    spellings: Mapping[str, int] = field(default_factory=dict)
    strays: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.raw)

    @property
    def is_numeric(self) -> bool:
        """Whether its values are floats."""
        return self.numbers is not None

    @cached_property
    def values(self) -> Any:
        """Floats with NaN for missing where `is_numeric`, else cells with None for missing; shape (n,)."""
        if self.numbers is not None:
            return self.numbers
        cells = self.raw.astype(object).to_numpy(dtype=object, copy=True)
        cells[self.missing] = None
        return cells

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Where no value is, shape (n,); spelled ones count, strays among numbers do not."""
        if self.numbers is not None:
            absent = np.isnan(self.numbers)
            absent[self.strays] = False
            return absent
        absent = np.array(self.raw.isna(), dtype=bool)
        if self.spellings:
            absent |= np.array(self.raw.isin(list(self.spellings)), dtype=bool)
        return absent

    @cached_property
    def _coded(self) -> tuple[NDArray[np.int32], Any]:
        if self.numbers is not None:
            number_codes, numbers = pd.factorize(self.numbers)
            return number_codes.astype(np.int32), numbers
        raw = self.raw
        if self.kind == "other":
            raw = raw.map(repr, na_action="ignore")
        wide_codes, levels = pd.factorize(raw)
        codes: NDArray[np.int32] = wide_codes.astype(np.int32)
        if not self.spellings:
            return codes, np.asarray(levels, dtype=object)
        kept = np.array([level not in self.spellings for level in levels], dtype=bool)
        if not kept.all():
            renumbered = np.where(kept, np.cumsum(kept) - 1, -1)
            codes = np.where(codes >= 0, renumbered[codes], -1).astype(np.int32)
        return codes, np.asarray(levels, dtype=object)[kept]

    @property
    def codes(self) -> NDArray[np.int32]:
        """A number for each different value, shape (n,); -1 where missing."""
        return self._coded[0]

    @property
    def levels(self) -> Any:
        """The different values, in order of first appearance: `levels[codes]` are the values."""
        return self._coded[1]

    @property
    def n_unique(self) -> int:
        """How many different values there are."""
        return len(self.levels)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each level, shape (n_unique,)."""
        present = self.codes[self.codes >= 0]
        return np.bincount(present, minlength=self.n_unique).astype(np.int64)

    @cached_property
    def present(self) -> NDArray[np.float64]:
        """The finite numbers, without their places; empty for kinds of text."""
        if self.numbers is None:
            return np.empty(0)
        return self.numbers[np.isfinite(self.numbers)]

    @cached_property
    def is_whole(self) -> bool:
        """Whether every number is a whole one."""
        return bool(len(self.present)) and bool(np.all(self.present == np.floor(self.present)))

    def is_discrete(self, limit: int = 20) -> bool:
        """Whether the column takes few values: categories, booleans, or at most `limit` whole numbers."""
        if self.kind in ("category", "boolean"):
            return True
        return self.kind == "number" and self.is_whole and self.n_unique <= limit

    def shown(self, row: int) -> str:
        """A cell as text, cut at 40 characters; whole numbers without a decimal point."""
        cell = self.raw.iloc[row]
        if isinstance(cell, float) and cell.is_integer() and self.is_whole:
            cell = int(cell)
        text = str(cell)
        return text if len(text) <= 40 else f"{text[:39]}…"
