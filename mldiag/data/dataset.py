"""The data of an experiment, in up to three parts (main, valid, test) under one row numbering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.errors import MldiagError
from mldiag.trial_spec import Rows


@dataclass(frozen=True, eq=False)
class Part:
    """Features and targets of one part; the rows of `y` and `weights` match those of `X`.

    Args:
        X: Array, frame, sparse matrix, tensor, memory map or list with one entry a row.
        y: Targets, one a row, or None.
        weights: Sample weights, one a row, or None.
    """

    X: Any
    y: Any = None
    weights: Any = None

    def __len__(self) -> int:
        """Number of rows."""
        return row_count(self.X)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Parts numbered one after the other: main from 0, then valid, then test."""

    main: Part
    valid: Part | None = None
    test: Part | None = None

    def __post_init__(self) -> None:
        """Check that every part is whole."""
        for name, part in self.parts():
            if part.y is not None and row_count(part.y) != len(part):
                raise MldiagError(
                    f"the {name} part has {len(part)} rows of X but {row_count(part.y)} of y",
                    expected="one target for every row",
                )
            if part.weights is not None and row_count(part.weights) != len(part):
                raise MldiagError(
                    f"the {name} part has {len(part)} rows but {row_count(part.weights)} weights",
                    expected="one weight for every row",
                )

    def parts(self) -> list[tuple[str, Part]]:
        """The parts present, with their names, in row order."""
        named = (("main", self.main), ("valid", self.valid), ("test", self.test))
        return [(name, part) for name, part in named if part is not None]

    def rows_of(self, name: str) -> Rows | None:
        """Row numbers of a part, or None where it is absent."""
        start = 0
        for present, part in self.parts():
            if present == name:
                return np.arange(start, start + len(part))
            start += len(part)
        return None

    def X(self, rows: Rows) -> Any:
        """Features of the given rows."""
        return self._take(rows, lambda part: part.X)

    def y(self, rows: Rows) -> Any:
        """Targets of the given rows, or None."""
        return self._take(rows, lambda part: part.y)

    def weights(self, rows: Rows) -> Any:
        """Sample weights of the given rows, or None."""
        return self._take(rows, lambda part: part.weights)

    def _take(self, rows: Rows, column: Callable[[Part], Any]) -> Any:
        start = 0
        for _, part in self.parts():
            if len(rows) == 0 or rows.max() < start + len(part):
                if len(rows) and rows.min() < start:
                    break
                values = column(part)
                return None if values is None else take(values, rows - start)
            start += len(part)
        raise MldiagError("rows of two parts were asked for at once", expected="rows of one part")


def row_count(values: Any) -> int:
    """Number of rows of an array, frame, sparse matrix, tensor or list."""
    shape = getattr(values, "shape", None)
    return int(shape[0]) if shape else len(values)


def take(values: Any, rows: Rows | Sequence[int]) -> Any:
    """Rows of an array, frame, sparse matrix, tensor, memory map or list, in the order given.

    Example:
        >>> take(["a", "b", "c"], np.array([2, 0]))
        ['c', 'a']
    """
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    if hasattr(values, "tocsr"):
        return values.tocsr()[rows]
    if isinstance(values, (list, tuple)):
        return [values[i] for i in rows]
    return values[rows]
