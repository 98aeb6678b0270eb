"""MD344: does the test table have the columns of the training table?"""

from __future__ import annotations

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import stands
from mldiag.wording import listed

CHECK = Check(
    code="MD344",
    slug="missing-columns",
    title="Does the test table have the columns of the training table?",
    detects=(
        "Features of the training table that the test table lacks: a problem. Columns that only the test "
        "table has, other than the target: advice. A test table without the target is told, and is usual."
    ),
    why="A model cannot be asked without a feature it was trained on, and what is not there is not checked.",
    fix="Give the test table the same columns, or name the right file.",
    source="TensorFlow Data Validation's schema.",
)


def judge(subject: TableAudit) -> Finding:
    """Compare the columns of both tables."""
    test = subject.test
    if test is None:
        return CHECK.finding(
            "not_applicable", "There are no test rows to compare with (--test FILE)"
        )
    lacking = [name for name in subject.features if name not in test.columns]
    more = [name for name in test.columns if name not in subject.train.columns]
    unlabelled = subject.target is not None and subject.target not in test.columns
    evidence = {
        "n": len(test),
        "columns": lacking or more,
        "only_in_test": more,
        "target": not unlabelled,
    }
    note = f"It has no {subject.target}: nothing is said of its labels." if unlabelled else ""
    if lacking:
        return CHECK.finding(
            "problem",
            f"The test table lacks {len(lacking)} of {len(subject.features)} features: {listed(lacking)}",
            explanation=f"They are not compared. {note}".strip(),
            evidence=evidence,
            action=Action(
                "clean_data", f"Give the test table {listed(lacking, 6)}, or name the right file."
            ),
        )
    if more:
        return CHECK.finding(
            "advice",
            f"{stands(more, 'stands', 'stand')} in the test table alone",
            explanation=f"{listed(more, 6)}. {note}".strip(),
            evidence=evidence,
            action=Action("clean_data", f"Find out why the training table lacks {listed(more)}."),
        )
    return CHECK.finding(
        "passed", "The test table has every feature", explanation=note, evidence=evidence
    )
