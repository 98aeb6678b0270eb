"""What is counted over all rows of a table of which only a sample is kept, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.rows import mixed
from mldiag.wording import plural

HASHED_ROWS = 100_000_000
"""Of more rows the copies are not counted: 8 bytes of each are kept, and as many to sort them."""

SHOWN_COLUMNS = 5
_MISSING = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class WholeCounts:
    """Facts of all rows of a table.

    Args:
        rows: How many there are.
        copies: Rows that repeat an earlier one in every column; None where there were too many to tell.
        missing: Columns with empty cells, and how many.
        infinite: Columns with infinite numbers, and how many.
        constant: Columns in which every row holds the same.
    """

    rows: int
    copies: int | None
    missing: dict[str, int]
    infinite: dict[str, int]
    constant: tuple[str, ...]

    def told(self) -> str:
        """The facts as a sentence.

        Example:
            >>> WholeCounts(9, 2, {"age": 3}, {}, ("x",)).told()
            'counted over all 9 rows: 2 rows repeat an earlier one; empty cells: age 3; constant: x'
        """
        parts = []
        if self.copies is None:
            parts.append("copies of rows were not counted")
        elif self.copies:
            verb = "repeats" if self.copies == 1 else "repeat"
            parts.append(f"{plural(self.copies, 'row')} {verb} an earlier one")
        else:
            parts.append("no row repeats an earlier one")
        for word, counts in (("empty cells", self.missing), ("infinite", self.infinite)):
            parts += [f"{word}: {_listed(counts)}"] if counts else []
        if self.constant:
            more = len(self.constant) - SHOWN_COLUMNS
            rest = f" and {more:,} more" if more > 0 else ""
            parts.append(f"constant: {', '.join(self.constant[:SHOWN_COLUMNS])}{rest}")
        return f"counted over all {plural(self.rows, 'row')}: {'; '.join(parts)}"


@dataclass
class Counting:
    """Counts batch after batch.

    Args:
        names: Of the columns.
    """

    names: list[str]
    rows: int = 0
    _hashes: list[NDArray[np.uint64]] = field(default_factory=list)
    _missing: dict[str, int] = field(default_factory=dict)
    _infinite: dict[str, int] = field(default_factory=dict)
    _only: dict[str, object] = field(default_factory=dict)
    _varied: set[str] = field(default_factory=set)

    def add(self, batch: Any) -> None:
        """Count one more `pyarrow.RecordBatch`."""
        total = np.zeros(batch.num_rows, dtype=np.uint64)
        hashed = self.rows + batch.num_rows <= HASHED_ROWS
        for place, name in enumerate(self.names):
            cells = batch.column(place)
            self._facts(name, cells)
            if hashed:
                with np.errstate(over="ignore"):
                    total += mixed(_cell_hashes(cells), place)
        self.rows += batch.num_rows
        if hashed:
            self._hashes.append(total)

    def counts(self) -> WholeCounts:
        """What was counted."""
        copies = None
        if sum(map(len, self._hashes)) == self.rows:
            hashes = np.concatenate(self._hashes) if self._hashes else np.empty(0, dtype=np.uint64)
            self._hashes.clear()
            hashes.sort()
            copies = int((hashes[1:] == hashes[:-1]).sum())
        constant = tuple(name for name in self.names if name not in self._varied)
        return WholeCounts(self.rows, copies, self._missing, self._infinite, constant)

    def _facts(self, name: str, cells: Any) -> None:
        import pyarrow
        import pyarrow.compute as compute

        empty = cells.null_count
        if pyarrow.types.is_string(cells.type):
            empty += int(compute.sum(compute.equal(cells, "")).as_py() or 0)
        if empty:
            self._missing[name] = self._missing.get(name, 0) + empty
        if pyarrow.types.is_floating(cells.type):
            infinite = int(compute.sum(compute.is_inf(cells)).as_py() or 0)
            if infinite:
                self._infinite[name] = self._infinite.get(name, 0) + infinite
        if name in self._varied or not len(cells):
            return
        try:
            levels = compute.unique(cells)
        except pyarrow.ArrowNotImplementedError:  # lists and structs are never called constant
            self._varied.add(name)
            return
        only = levels[0].as_py() if len(levels) == 1 else None
        if len(levels) > 1 or self._only.setdefault(name, only) != only:
            self._varied.add(name)


def _cell_hashes(cells: Any) -> NDArray[np.uint64]:
    """A number for each cell of a column of one batch, equal in all batches where the cells are."""
    import pandas as pd
    import pyarrow

    kind = cells.type
    if pyarrow.types.is_timestamp(kind):
        cells, kind = cells.cast(pyarrow.int64()), pyarrow.int64()
    if pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind):
        values = cells.fill_null(0).to_numpy(zero_copy_only=False)
        found = np.asarray(pd.util.hash_array(values + values.dtype.type(0)), dtype=np.uint64)
        if cells.null_count:
            found = np.where(cells.is_null().to_numpy(zero_copy_only=False), _MISSING, found)
        return found
    try:
        coded = cells if pyarrow.types.is_dictionary(kind) else cells.dictionary_encode()
        levels = [str(level) for level in coded.dictionary.to_pylist()]
        codes = coded.indices.fill_null(len(levels)).to_numpy(zero_copy_only=False)
    except pyarrow.ArrowNotImplementedError:  # lists and structs
        levels = [str(cell) for cell in cells.to_pylist()]
        codes = np.arange(len(levels))
    hashed = pd.util.hash_array(np.array(levels, dtype=object)) if levels else np.empty(0, "uint64")
    return np.asarray(np.append(hashed, _MISSING)[codes], dtype=np.uint64)


def _listed(counts: dict[str, int]) -> str:
    most = sorted(counts.items(), key=lambda item: -item[1])
    more = f" and {len(most) - SHOWN_COLUMNS:,} more columns" if len(most) > SHOWN_COLUMNS else ""
    return ", ".join(f"{name} {count:,}" for name, count in most[:SHOWN_COLUMNS]) + more
