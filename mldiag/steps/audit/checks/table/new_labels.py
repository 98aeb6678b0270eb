"""MD329: has the test table labels that the training table has not?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.steps.audit.tables.label_words import label_codes
from mldiag.steps.audit.tables.variants import merges_of
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD329.

    Args:
        counted_classes: Whole numbers of more values than this are counts or grades, of which a rare one may
            be missing by chance.
        problem_share: Share of the test rows from which it is a problem with such numbers.
    """

    counted_classes: int = 10
    problem_share: float = 0.05


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD329",
    slug="new-labels",
    title="Are there labels that only the test rows have?",
    detects=(
        "Labels of the test table that no training row has, other spellings of known ones left to "
        "MD330: a problem. Of whole numbers with more than {counted_classes} values, advice below "
        "{problem_share:.0%} of the test rows."
    ),
    why="A class that was never seen is never predicted: every such row is an error, and some scores fail.",
    fix="Split again with stratification, add such rows to training, or take the class out of the test.",
    source="Scheirer et al. (2013), Toward Open Set Recognition, IEEE TPAMI 35.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Compare the labels; None without a test table with labels, or for quantities."""
    if subject.test is None or subject.target is None or subject.task != "classification":
        return None
    if subject.target not in subject.test.columns or subject.test[subject.target].missing.all():
        return None
    (own_codes, own), (codes, words) = (
        label_codes(table[subject.target]) for _, table in subject.sides
    )
    known = {
        word: int(n)
        for word, n in zip(
            own, np.bincount(own_codes[own_codes >= 0], minlength=len(own)), strict=True
        )
    }
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    new = [word for word in words if word not in known]
    if new:
        both = known | {word: int(counts[words.index(word)]) for word in new}
        merged = merges_of(both)
        new = [word for word in new if word not in merged]
    n = int((codes >= 0).sum())
    evidence = {"n": n, "n_classes": len(known)}
    if not new:
        return CHECK.finding(
            "passed", "Every label of the test rows is known from training", evidence=evidence
        )
    positions = [words.index(word) for word in new]
    rows = np.flatnonzero(np.isin(codes, positions))
    counted = subject.train[subject.target].is_numeric and len(known) > THRESHOLDS.counted_classes
    severe = not counted or len(rows) >= THRESHOLDS.problem_share * n
    return CHECK.finding(
        "problem" if severe else "advice",
        f"{plural(len(rows), 'test row')} of {n:,} {'has' if len(rows) == 1 else 'have'} a label "
        f"that no training row has: {listed(new)}",
        explanation="A model never predicts a class that it has not seen: these rows are errors for certain.",
        evidence=evidence
        | {"columns": [subject.target], "labels": new[:100]}
        | named_rows(test=rows),
        action=Action(
            "fix_split", "Split again with stratification, or take the class out of the test."
        ),
    )
