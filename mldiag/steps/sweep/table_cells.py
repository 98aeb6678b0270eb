"""The cells of a sweep's tables, for values of an axis and points of a search alike."""

from __future__ import annotations

from mldiag.steps.sweep.measured import Measured
from mldiag.wording import gain, plural, score_interval


def mark(index: int, measured: Measured) -> str:
    """What stands behind a value: the default, or a star where it is surely better."""
    default = " (default)" if index == measured.comparisons.default else ""
    return default + (" *" if measured.comparisons.claimed[index] else "")


def cells(index: int, measured: Measured) -> tuple[str, str, str]:
    """Score, difference with the default, and trials without a score."""
    found = measured.comparisons
    against = "" if index == found.default else gain(measured.metric, found.intervals[index])
    failed = plural(measured.failed[index], "trial") if measured.failed[index] else ""
    return score_interval(measured.metric, measured.valid[index]), against, failed
