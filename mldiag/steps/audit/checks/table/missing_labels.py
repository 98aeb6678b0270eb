"""MD327: are labels missing?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD327.

    Args:
        problem_share: Share of unlabelled rows from which it is a problem, even where they are left empty.
    """

    problem_share: float = 0.2


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD327",
    slug="missing-labels",
    title="Are labels missing?",
    detects=(
        "Rows whose target is empty, or a word that says so (?, N/A), or infinite. A problem "
        "where such a word or an infinite number would be learned as a label, or from "
        "{problem_share:.0%} of the rows on; else advice. A test table without any label is no "
        "finding."
    ),
    why="Most learners refuse an empty label; a spelled one becomes a class of its own, without an error.",
    fix="Label these rows or drop them; never fill a label in.",
    source="scikit-learn refuses a target with NaN (check_array).",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Look for missing labels on both sides; None without a target."""
    if subject.target is None:
        return None
    rows: dict[str, np.ndarray] = {}
    spelled: dict[str, int] = {}
    infinite = 0
    for side, table in subject.sides:
        if subject.target not in table.columns:
            continue
        column = table[subject.target]
        gaps = np.array(column.missing, dtype=bool)
        if column.numbers is not None:
            endless = np.isinf(column.numbers)
            infinite += int(endless.sum())
            gaps |= endless
        if side == "test" and gaps.all():
            continue
        rows[side] = np.flatnonzero(gaps)
        for word, count in column.spellings.items():
            spelled[word] = spelled.get(word, 0) + count
    n = len(subject.train)
    missing = sum(map(len, rows.values()))
    evidence = {
        "n": n,
        "columns": [subject.target],
        "missing": missing,
        "spelled": spelled,
        "infinite": infinite,
    }
    if not missing:
        return CHECK.finding("passed", "Every row has a label", evidence=evidence | {"columns": []})
    of_train = len(rows.get("train", ()))
    worst = bool(spelled) or infinite > 0 or of_train >= THRESHOLDS.problem_share * n
    sides = [
        f"{len(found):,} of {len(dict(subject.sides)[side]):,} {side} rows"
        for side, found in rows.items()
        if len(found)
    ]
    how = f", written as {listed([repr(word) for word in spelled])}" if spelled else ""
    why = (
        "Spelled like this it is learned as a label."
        if spelled
        else "An infinite target cannot be learned."
        if infinite
        else "Most learners stop at the first empty label."
    )
    return CHECK.finding(
        "problem" if worst else "advice",
        f"The label is missing in {' and '.join(sides)}{how}",
        explanation=f"{why} Rows without a label neither train nor score.",
        evidence=evidence | named_rows(**rows),
        action=Action(
            "clean_labels", f"Label or drop {plural(missing, 'row')}; never fill a label in."
        ),
    )
