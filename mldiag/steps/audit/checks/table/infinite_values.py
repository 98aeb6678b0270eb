"""MD308: are there infinite numbers?"""

from __future__ import annotations

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows, stands
from mldiag.wording import listed

CHECK = Check(
    code="MD308",
    slug="infinite-values",
    title="Are there infinite numbers?",
    detects="Cells that are +inf or -inf, in features and target of both tables.",
    why="Most learners refuse them, and a mean with one of them is infinite.",
    fix="Find the division by zero or the overflow that made them; else make them missing.",
    source="scikit-learn refuses them, TensorFlow Data Validation flags them.",
)


def judge(subject: TableAudit) -> Finding:
    """Look for infinite numbers."""
    named: list[str] = []
    rows: dict[str, set[int]] = {"train": set(), "test": set()}
    for side, table in subject.sides:
        for name, column in table.columns.items():
            found = () if column.numbers is None else np.flatnonzero(np.isinf(column.numbers))
            if len(found):
                named += [] if name in named else [name]
                rows[side] |= {int(row) for row in found}
    n, total = len(subject.train), len(rows["train"]) + len(rows["test"])
    if not named:
        return CHECK.finding("passed", "Every number is finite", evidence={"n": n})
    return CHECK.finding(
        "problem",
        f"{stands(named, 'holds', 'hold')} infinite numbers, in {total:,} rows",
        explanation=f"{listed(named, 8)}. Most learners refuse them.",
        evidence={
            "n": n,
            "columns": named,
            **named_rows(**{k: sorted(v) for k, v in rows.items()}),
        },
        action=Action(
            "clean_data", f"Find what made them in {listed(named)}, or make them missing."
        ),
    )
