"""Series of bounded length, whatever the number of steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


class BinnedSeries:
    """A number for every step, kept in at most `limit` bins of equal width that join in pairs when full.

    Each bin has the first step, mean, smallest and largest of its finite numbers, and how many were not
    finite.

    Args:
        limit: Number of bins, even.

    Example:
        >>> series = BinnedSeries(4)
        >>> for step in range(6):
        ...     series.add(step, float(step))
        >>> series.arrays()["mean"].tolist(), series.arrays()["step"].tolist()
        ([0.5, 2.5, 4.5], [0.0, 2.0, 4.0])
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit, self._width = limit, 1
        self._bins: list[list[float]] = []  # first step, count, sum, min, max, not finite

    def add(self, step: int, value: float) -> None:
        """Take in the number of a step; steps come in order, more than one number a step is fine."""
        start = float(step - step % self._width)
        if not self._bins or self._bins[-1][0] < start:
            finite = -np.inf < value < np.inf
            if self._width == 1 and finite and len(self._bins) < self._limit:
                self._bins.append([start, 1.0, value, value, value, 0.0])
                return
            if len(self._bins) >= self._limit:
                self._join()
                start = float(step - step % self._width)
            if not self._bins or self._bins[-1][0] < start:
                self._bins.append([start, 0.0, 0.0, np.inf, -np.inf, 0.0])
        last = self._bins[-1]
        if not -np.inf < value < np.inf:
            last[5] += 1.0
            return
        last[1] += 1.0
        last[2] += value
        last[3] = min(last[3], value)
        last[4] = max(last[4], value)

    def _join(self) -> None:
        self._width *= 2
        joined: dict[float, list[float]] = {}
        for bin_ in self._bins:
            start = bin_[0] - bin_[0] % self._width
            into = joined.setdefault(start, [start, 0.0, 0.0, np.inf, -np.inf, 0.0])
            into[1] += bin_[1]
            into[2] += bin_[2]
            into[3], into[4] = min(into[3], bin_[3]), max(into[4], bin_[4])
            into[5] += bin_[5]
        self._bins = list(joined.values())

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """`step`, `mean`, `low`, `high` and `broken` (how many were not finite), each of shape (bins,)."""
        table = np.array(self._bins, dtype=np.float64).reshape(-1, 6)
        mean = np.divide(
            table[:, 2], table[:, 1], out=np.full(len(table), np.nan), where=table[:, 1] > 0
        )
        seen = table[:, 1] > 0
        return {
            "step": table[:, 0],
            "mean": mean,
            "low": np.where(seen, table[:, 3], np.nan),
            "high": np.where(seen, table[:, 4], np.nan),
            "broken": table[:, 5],
        }


class SampledRows:
    """Rows of measurements at the sampled steps, at most `limit`: when full, one of every two goes.

    A row is a mapping of names to arrays whose length may grow (a layer seen for the first time later);
    what is
    missing is NaN.

    Args:
        limit: Most rows that are kept.
        first: Rows at the beginning that always stay: initialisation shows there.
    """

    def __init__(self, limit: int = 384, first: int = 24) -> None:
        self._limit, self._first = limit, first
        self._rows: list[tuple[int, dict[str, Any]]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, step: int, row: dict[str, Any]) -> bool:
        """Keep a row; True where every second of the earlier ones was given up for it."""
        self._rows.append((step, row))
        if len(self._rows) <= self._limit:
            return False
        later = self._rows[self._first :]
        pairs = zip(later[::2], [*later[1::2], later[-1]], strict=False)
        # Of two neighbours the one that shows more stays, else the earlier one.
        kept = [two if len(two[1]) > len(one[1]) else one for one, two in pairs]
        self._rows = self._rows[: self._first] + kept
        return True

    def arrays(
        self, plain: Callable[[dict[str, Any]], dict[str, Any]] = dict
    ) -> dict[str, NDArray[Any]]:
        """Each name as an array of shape (rows, ...), and `sample/step`, shape (rows,).

        Args:
            plain: Makes a row a mapping of names to arrays where it is not one yet.
        """
        rows = [plain(row) for _, row in self._rows]
        names: dict[str, None] = {}
        for row in rows:
            names |= dict.fromkeys(row)
        stacked: dict[str, NDArray[Any]] = {
            name: _stacked([row.get(name) for row in rows]) for name in names
        }
        stacked["sample/step"] = np.array([step for step, _ in self._rows], dtype=np.float64)
        return stacked


def _stacked(values: list[Any]) -> NDArray[Any]:
    arrays = [None if value is None else np.asarray(value) for value in values]
    shapes = [array.shape for array in arrays if array is not None]
    shape = tuple(max(sizes) for sizes in zip(*shapes, strict=True)) if shapes[0] else ()
    kinds = {array.dtype for array in arrays if array is not None}
    whole = all(array is not None and array.shape == shape for array in arrays)
    dtype = kinds.pop() if len(kinds) == 1 and whole else np.dtype(np.float32)
    out = np.full((len(values), *shape), np.nan if dtype.kind == "f" else 0, dtype=dtype)
    for place, array in zip(out, arrays, strict=True):
        if array is not None and shape:
            place[tuple(slice(size) for size in array.shape)] = array
    if not shape:
        return np.array([np.nan if a is None else float(a) for a in arrays], dtype=np.float64)
    return out
