"""MD324: was a scaler fitted on training and test rows together?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.scalers import EXACT, scaled
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD324.

    Args:
        exact: Distance from 0 and 1 that counts as none.
        problem_shift: Distance of the training rows alone, from which the test rows have moved the scale
            enough to be a problem.
    """

    exact: float = EXACT
    problem_shift: float = 0.1


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD324",
    slug="scaler-fitted-on-all",
    title="Was a scaler fitted on training and test rows together?",
    detects=(
        "Columns that have mean 0 and standard deviation 1 (or least 0 and largest 1, or median 0 and "
        "interquartile range 1, or largest absolute value 1) in all rows together to {exact:g}, and not in "
        "the training rows alone. Advice; a problem where one is off by {problem_shift:g} or more."
    ),
    why="The training rows carry a trace of the test rows, so that the score is a little too good.",
    fix="Split first; fit the scaler on the training rows alone, inside a Pipeline.",
    source="Kaufman et al. (2012), Leakage in data mining, ACM TKDD 6: learn-predict separation.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Look for columns that are scaled to the last digit over both tables; None without a test table."""
    if subject.test is None:
        return None
    n = len(subject.train) + len(subject.test)
    results = scaled(subject)
    refitted = any(result.each for result in results)
    found = [one for one in results if one.everything and (one.scaler.smooth or not refitted)]
    if not found:
        return CHECK.finding(
            "passed", "No column was scaled with train and test together", evidence={"n": n}
        )
    result = max(found, key=lambda one: len(one.everything))
    names = list(result.everything)
    shift = max(result.shifts[name] for name in names)
    bad = shift >= THRESHOLDS.problem_shift
    where = (
        f"Column {names[0]!r} was" if len(names) == 1 else f"{plural(len(names), 'column')} were"
    )
    return CHECK.finding(
        "problem" if bad else "advice",
        f"{where} {result.scaler.name} over train and test together ({listed(names)})",
        explanation=(
            f"Exactly {result.scaler.told} in all {n:,} rows, and off by up to {shift:.2g} in the training "
            "rows alone. "
            + (
                "The test rows have moved the scale of the training rows."
                if bad
                else "So small a difference hardly changes a score, but a scaler belongs in the Pipeline."
            )
        ),
        evidence={
            "n": n,
            "columns": names,
            "scaler": result.scaler.name,
            "train_off_by": {name: result.shifts[name] for name in names},
        },
        action=Action(
            "fix_leak", "Split first; fit the scaler on the training rows alone, in a Pipeline."
        ),
    )
