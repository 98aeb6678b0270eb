"""MD301: which columns hold one value in every row?"""

from __future__ import annotations

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import stands
from mldiag.wording import listed

CHECK = Check(
    code="MD301",
    slug="constant-column",
    title="Which columns hold one value in every row?",
    detects=(
        "A feature with one value in all training rows, or none at all; a value beside missing ones is "
        "not constant."
    ),
    why="It tells a model nothing, and what differs in the test rows the model has never seen.",
    fix="Leave the column out, or find out why it was not recorded.",
    source="Eight of ten audit tools compared in November 2026 flag it.",
)


def judge(subject: TableAudit) -> Finding:
    """Look for constant and empty features."""
    table, n = subject.train, len(subject.train)
    if n < 2:
        return CHECK.finding("not_applicable", f"{n} row cannot tell whether a column varies")
    empty = [c for c in subject.features if table[c].kind == "empty"]
    constant = [
        c
        for c in subject.features
        if c not in empty
        and table[c].n_unique == 1
        and not table[c].missing.any()
        and not len(table[c].strays)
    ]
    named = [*constant, *empty]
    evidence = {"n": n, "columns": named, "empty": empty}
    if not named:
        return CHECK.finding("passed", f"Every feature varies over {n:,} rows", evidence=evidence)
    return CHECK.finding(
        "advice",
        _told(constant, empty, n),
        explanation=f"{listed(named, 8)}: nothing can be learned from that.",
        evidence=evidence,
        action=Action("clean_data", f"Leave out {listed(named, 8)}."),
    )


def _told(constant: list[str], empty: list[str], n: int) -> str:
    same = f"{stands(constant, 'holds', 'hold')} the same in all {n:,} rows" if constant else ""
    if not empty:
        return same
    without = f"{stands(empty, 'is', 'are')} empty in all {n:,} rows"
    return f"{same}; {without[0].lower()}{without[1:]}" if same else without
