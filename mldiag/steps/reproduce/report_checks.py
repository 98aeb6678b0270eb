"""What is refused of a report: numbers that cannot be meant, or that contradict each other."""

from __future__ import annotations

import math

from mldiag.errors import MldiagError


def check_report(
    expected: float,
    tolerance: float,
    reported_sd: float | None,
    reported_runs: int | None,
    test_rows: int | None,
) -> None:
    """Refuse a report that cannot be meant."""
    if not math.isfinite(expected):
        raise MldiagError(
            f"an expected score of {expected!r}", expected="a number", hint="--expected 0.952"
        )
    if not (tolerance > 0 and math.isfinite(tolerance)):
        raise MldiagError(
            f"a tolerance of {tolerance!r}",
            expected="above 0: the largest difference that still counts as the same",
            hint="--tolerance 0.01",
        )
    if reported_sd is not None and not (reported_sd >= 0 and math.isfinite(reported_sd)):
        raise MldiagError(
            f"a reported sd of {reported_sd!r}", expected="0 or more", hint="--reported-sd 0.004"
        )
    if reported_runs is not None and reported_runs < 1:
        raise MldiagError(
            f"{reported_runs} reported runs", expected="at least 1", hint="--reported-runs 5"
        )
    if reported_sd is not None and (reported_runs is None or reported_runs < 2):
        raise MldiagError(
            "a reported spread without the number of runs behind it",
            expected="both: how well the spread is known depends on the runs",
            hint="--reported-runs 5",
        )
    if test_rows is not None and not (test_rows >= 1 and 0 <= expected <= 1):
        raise MldiagError(
            f"{test_rows} test rows with an expected score of {expected:g}",
            expected="at least one row, and a score that is a share of rows, from 0 to 1",
            hint="leave the test rows out",
        )
