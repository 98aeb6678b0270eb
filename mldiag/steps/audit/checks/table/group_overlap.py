"""MD318: are rows that belong together on both sides of the split?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.rows import cell_hashes
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.steps.audit.tables.unnamed_groups import Naming, naming_columns


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD318 where no column is named; what a column tells goes from 0 to 1.

    On the public tables, columns of quantities, years and postal codes reached .04 at most by the rows
    with the same value alone; the number of a man with eight years of wages .51.

    Args:
        alone: What only the rows with the same value tell of the target.
        least_values: Different values that such a column has.
        least_rows: Rows of a value, as the mean.
        most_rows: The same, at most.
        shared: Share of the test rows whose value was trained on.
    """

    alone: float = 0.15
    least_values: int = 40
    least_rows: float = 1.5
    most_rows: float = 50.0
    shared: float = 0.2


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD318",
    slug="group-overlap",
    title="Are rows that belong together on both sides of the split?",
    detects=(
        "Test rows whose group (--group) also has training rows. Where none is named, a column of whole "
        "numbers with at least {least_values} values of {least_rows:g} to {most_rows:g} rows each, whose "
        "rows tell {alone:.0%} more of each other's target than rows with neighbouring numbers do, is a "
        "name in numbers: advice where {shared:.0%} of the test rows have a value that was trained on, or "
        "where rows are still to be split."
    ),
    why="A model recognises the patient, not the illness: the test score says nothing of new patients.",
    fix="Split whole groups (GroupKFold, GroupShuffleSplit).",
    source="Kaufman et al. (2012), Leakage in data mining; of ten audit tools none looks unasked.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for groups that stand in both tables."""
    test, group = subject.test, subject.group
    if group is None:
        return _unnamed(subject)
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


def _unnamed(subject: TableAudit) -> Finding:
    """Look for a column that seems to name what rows belong to, where the user names none."""
    test = subject.test
    named = naming_columns(
        subject,
        least_values=THRESHOLDS.least_values,
        least_rows=THRESHOLDS.least_rows,
        most_rows=THRESHOLDS.most_rows,
    )
    for one in named:
        if one.alone < THRESHOLDS.alone:
            continue
        if test is None:
            return _names_in_numbers(one, len(subject.train))
        if one.column not in test.columns:
            continue
        known = np.isin(cell_hashes(test[one.column]), cell_hashes(subject.train[one.column]))
        shared = np.flatnonzero(known & ~test[one.column].missing)
        if len(shared) >= THRESHOLDS.shared * len(test):
            return _names_in_numbers(one, len(test), shared)
    return CHECK.finding(
        "not_applicable",
        "No column is named that says which rows belong together (--group COLUMN)",
    )


def _names_in_numbers(one: Naming, rows: int, shared: NDArray[np.int64] | None = None) -> Finding:
    if shared is None:
        told = "a split by rows puts one on both sides"
    else:
        told = f"{len(shared):,} of {rows:,} test rows have one that was trained on"
    return CHECK.finding(
        "advice",
        f"{one.column} seems to name what rows belong to: {told}",
        explanation=(
            f"Rows with the same {one.column} tell {one.own:.0%} of each other's target, those with "
            f"neighbouring numbers {max(one.beside, 0):.0%}. If new rows come from others than these, the "
            "test score is too good."
        ),
        evidence={
            "n": rows,
            "columns": [one.column],
            "values": one.values,
            "skill_own": round(one.own, 4),
            "skill_of_neighbours": round(one.beside, 4),
            **(named_rows(test=shared) if shared is not None else {}),
        },
        action=Action(
            "fix_split",
            f"Split whole groups of {one.column}, unless new rows come from the same ones.",
        ),
    )
