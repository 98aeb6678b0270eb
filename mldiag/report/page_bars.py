"""Intervals as bars: where their ends lie on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from mldiag.findings import Interval

WIDTH = 240
"""Width of a bar in the units of its drawing."""

_MARGIN = 8


class Bar(NamedTuple):
    """Places on a drawing of `WIDTH` units; None where there is nothing to show.

    Args:
        zero: Where no gain is.
        low: Lower end of the interval.
        high: Upper end.
        estimate: The estimate.
        mark: What came of it.
    """

    zero: float
    low: float | None
    high: float | None
    estimate: float | None
    mark: float | None = None


def bars(
    intervals: Sequence[Interval | None], marks: Sequence[float | None] = ()
) -> list[Bar | None]:
    """Bars of intervals, all on one scale that holds zero; None for an interval that is not known.

    Args:
        intervals: The intervals, in one unit.
        marks: For each, a number to be marked beside it, in the same unit.

    Example:
        >>> known, unknown = bars([Interval(0.02, 0.01, 0.03), None])
        >>> known.zero < known.low < known.estimate < known.high, unknown
        (True, None)
    """
    marked = [*marks, *[None] * (len(intervals) - len(marks))]
    numbers = [0.0]
    for interval in intervals:
        if interval is not None:
            numbers += [interval.estimate, interval.low, interval.high]
    numbers = [n for n in (*numbers, *(m for m in marked if m is not None)) if math.isfinite(n)]
    lowest, highest = min(numbers), max(numbers)
    scale = (WIDTH - 2 * _MARGIN) / ((highest - lowest) or 1.0)

    def place(value: float | None) -> float | None:
        known = value is not None and math.isfinite(value)
        return round(_MARGIN + (value - lowest) * scale, 1) if known and value is not None else None

    return [
        None
        if interval is None or not math.isfinite(interval.estimate)
        else Bar(
            zero=place(0.0) or 0.0,
            low=place(interval.low),
            high=place(interval.high),
            estimate=place(interval.estimate),
            mark=place(mark),
        )
        for interval, mark in zip(intervals, marked, strict=True)
    ]
