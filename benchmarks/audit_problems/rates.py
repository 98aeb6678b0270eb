"""Rates with the noise of having few tables: cases of one table are alike, so tables are what counts."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt


def clustered_rate(cases: Iterable[tuple[str, float]]) -> tuple[float, float, int, int]:
    """A mean and its standard error, with the cases of a table taken as one cluster.

    Args:
        cases: The table and the value of every case.

    Returns:
        Mean, standard error (NaN for one table), cases, tables. The error is that of a ratio estimate with
        the usual correction T / (T - 1) for T clusters (Liang and Zeger 1986).
    """
    rows = list(cases)
    if not rows:
        return float("nan"), float("nan"), 0, 0
    mean = sum(value for _, value in rows) / len(rows)
    sums: dict[str, float] = {}
    for table, value in rows:
        sums[table] = sums.get(table, 0.0) + value - mean
    count = len(sums)
    if count < 2:
        return mean, float("nan"), len(rows), count
    spread = sum(total**2 for total in sums.values()) * count / (count - 1)
    return mean, sqrt(spread) / len(rows), len(rows), count
