"""MD325: was a second scaler fitted on the test rows?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.scalers import EXACT, scaled
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD325.

    Args:
        exact: Distance from 0 and 1 that counts as none.
    """

    exact: float = EXACT


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD325",
    slug="scaler-refitted-on-test",
    title="Was a second scaler fitted on the test rows?",
    detects=(
        "Columns that have mean 0 and standard deviation 1 (or least 0 and largest 1, or median 0 and "
        "interquartile range 1, or largest absolute value 1) to {exact:g} in the training rows and in the "
        "test rows, each by themselves. A scaler fitted on the training rows never hits that in other rows."
    ),
    why=(
        "The same raw value is another number in the test rows than in training, and a single new row "
        "could not be scaled at all."
    ),
    fix="Call fit_transform on the training rows and transform on all others, or use a Pipeline.",
    source="scikit-learn's user guide, Common pitfalls: inconsistent preprocessing.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Look for columns that are scaled to the last digit in each table; None without a test table."""
    if subject.test is None:
        return None
    n = len(subject.test)
    found = [result for result in scaled(subject) if result.each]
    if not found:
        return CHECK.finding(
            "passed", "No column of the test rows was scaled by itself", evidence={"n": n}
        )
    result = max(found, key=lambda one: len(one.each))
    names = list(result.each)
    where = f"Column {names[0]!r}" if len(names) == 1 else f"{plural(len(names), 'column')}"
    return CHECK.finding(
        "problem",
        f"The test rows were {result.scaler.name} by themselves: {where} ({listed(names)})",
        explanation=(
            f"Exactly {result.scaler.told} in the {plural(n, 'test row')} and in the training rows, each by "
            "themselves: the same raw value is another number there than a model has learned."
        ),
        evidence={"n": n, "columns": names, "scaler": result.scaler.name},
        action=Action(
            "fix_bug",
            "Call fit_transform on the training rows and transform on the test rows, or use a Pipeline.",
        ),
    )
