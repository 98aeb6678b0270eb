"""MD318: do rows that belong together stand on both sides of the split?"""

from __future__ import annotations

import numpy as np

from mldiag.data.audited.rows import cell_hashes
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows

CHECK = Check(
    code="MD318",
    slug="group-overlap",
    title="Do rows that belong together stand on both sides of the split?",
    detects="Test rows whose group (--group) also has training rows.",
    why="A model recognises the patient, not the illness: the test score says nothing of new patients.",
    fix="Split whole groups (GroupKFold, GroupShuffleSplit).",
    source="AUDIT: users must code this themselves in every tool.",
)


def judge(subject: TableAudit) -> Finding:
    """Look for groups that stand in both tables."""
    test, group = subject.test, subject.group
    if group is None:
        return CHECK.finding(
            "not_applicable",
            "No column is named that says which rows belong together (--group COLUMN)",
        )
    if test is None or group not in test.columns:
        return CHECK.finding(
            "not_applicable", f"There are no test rows with {group} to compare with"
        )
    ours, theirs = cell_hashes(subject.train[group]), cell_hashes(test[group])
    shared = np.isin(theirs, ours) & ~test[group].missing
    groups = len(np.unique(theirs[shared]))
    evidence = {"n": len(test), "columns": [group], "groups": groups}
    if not groups:
        return CHECK.finding(
            "passed", f"Every {group} is on one side of the split", evidence=evidence
        )
    partners = np.flatnonzero(np.isin(ours, theirs) & ~subject.train[group].missing)
    return CHECK.finding(
        "problem",
        f"{groups:,} of {len(np.unique(theirs)):,} values of {group} in the test rows were trained on "
        f"({int(shared.sum()):,} of {len(test):,} test rows)",
        explanation="The test score says how well the model knows these, not how well it does on new ones.",
        evidence=evidence | named_rows(train=partners, test=np.flatnonzero(shared)),
        action=Action("fix_split", f"Split whole groups of {group}."),
    )
