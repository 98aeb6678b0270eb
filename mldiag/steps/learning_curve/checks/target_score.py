"""MD205: how many rows would the score that is wanted need?"""

from __future__ import annotations

import math

from mldiag.findings import Check, Finding
from mldiag.steps.learning_curve.curve import Curve
from mldiag.wording import score

CHECK = Check(
    code="MD205",
    slug="target-score",
    title="How many rows does the wanted score need?",
    detects=(
        "The rows at which the forecast, and the two ends of its 80 % interval, first reach the score that "
        "was asked for, up to 16 times the rows seen."
    ),
    why="It turns a goal into a number of rows to collect, or says that rows are not the way there.",
    fix="Collect that many rows, or change the model where no number of rows reaches the score.",
    source="Mohr, Viering et al. (2022), LCDB 1.0, for the curves that the forecast was learned from.",
)


CAUSE = "MD201"
"""The forecast is that of the verdict, which stands first: it is the question of the step."""


def judge(curve: Curve, wanted: float) -> Finding:
    """Say how many rows a score needs."""
    shown = score(curve.metric, wanted)
    if curve.ahead is None:
        return CHECK.finding(
            "inconclusive", f"Too few sizes gave a score to say what {shown} needs"
        )
    have = curve.sizes[curve.last]
    measured = curve.valid[curve.last].estimate
    sign = curve.metric.sign
    if sign * measured >= sign * wanted:
        return CHECK.finding(
            "passed",
            f"{shown} is reached with the {have:,} rows there are",
            evidence={"target_score": wanted, "score": curve.valid[curve.last], "rows": have},
            caused_by=CAUSE,
        )
    needed = curve.ahead.rows_for(wanted)
    low = max(needed.low, have)  # the ends count from where the curve stands, which is short of it
    evidence = {
        "target_score": wanted,
        "rows": needed.rows,
        "rows_low": low,
        "rows_high": needed.high,
        "looked_up_to": needed.farthest,
    }
    if not needed.reachable:
        return CHECK.finding(
            "problem",
            f"{shown} is not reachable by more rows",
            explanation=(
                f"Even the favourable end of the 80 % interval stays short of it up to "
                f"{needed.farthest:,.0f} rows. Another model, other features or better labels may reach it."
            ),
            evidence=evidence,
            caused_by=CAUSE,
        )
    return CHECK.finding(
        "advice",
        f"{shown} needs {_rows(needed.rows, needed.farthest)} rows "
        f"({_rows(low, needed.farthest)} to {_rows(needed.high, needed.farthest)})",
        explanation=f"There are {have:,} now. 80 % interval, rows of the same kind, this model.",
        evidence=evidence,
        caused_by=CAUSE,
    )


def _rows(rows: float, farthest: float) -> str:
    """A number of rows to three digits.

    Example:
        >>> _rows(11828.3, 18400), _rows(math.inf, 18400)
        ('11,800', 'over 18,400')
    """
    if not math.isfinite(rows):
        return f"over {float(f'{farthest:.3g}'):,.0f}"
    return f"{float(f'{rows:.3g}'):,.0f}"
