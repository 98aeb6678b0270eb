"""MD330: is one label written in several ways?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.steps.audit.tables.label_words import label_codes
from mldiag.steps.audit.tables.variants import LIMITS, merges_of
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD330.

    Args:
        typo_length: Fewest letters of a label that may be mistyped.
        rare_share: A mistyped label stands in at most this share of the rows of the right one.
    """

    typo_length: int = LIMITS.typo_length
    rare_share: float = LIMITS.rare_share


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD330",
    slug="label-variants",
    title="Is one label written in several ways?",
    detects=(
        "Labels of train and test that differ in case, blanks, accents or punctuation alone, or "
        "by one typing error in a word of {typo_length} letters or more that has at most "
        "{rare_share:.0%} of the rows of the right one."
    ),
    why="To a learner they are different classes: one is split, and in the test every such row is an error.",
    fix="Write each label in one way.",
    source="Chu et al. (2016), Data Cleaning: Overview and Emerging Challenges, SIGMOD.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Compare the labels of both tables as they are written; None without classes of text."""
    if subject.target is None or subject.task != "classification":
        return None
    column = subject.train[subject.target]
    if column.is_numeric and column.kind != "boolean":
        return None
    written = {
        side: label_codes(table[subject.target])
        for side, table in subject.sides
        if subject.target in table.columns
    }
    counts: dict[str, int] = {}
    for codes, words in written.values():
        for word, n in zip(
            words, np.bincount(codes[codes >= 0], minlength=len(words)), strict=True
        ):
            counts[word] = counts.get(word, 0) + int(n)
    merged = merges_of({word: n for word, n in counts.items() if n})
    n = len(subject.train)
    if not merged:
        return CHECK.finding(
            "passed",
            "Every label is written in one way",
            evidence={"n": n, "n_labels": len(counts)},
        )
    rows = {
        side: np.flatnonzero(
            np.isin(codes, [place for place, word in enumerate(words) if word in merged])
        )
        for side, (codes, words) in written.items()
    }
    examples = [f"{old!r} for {new!r}" for old, new in list(merged.items())[:3]]
    total = sum(map(len, rows.values()))
    return CHECK.finding(
        "problem",
        f"{plural(len(merged), 'label')} {'is' if len(merged) == 1 else 'are'} another spelling of "
        f"a class: {listed(examples)} ({plural(total, 'row')})",
        explanation="To a learner these are classes of their own.",
        evidence={"n": n, "columns": [subject.target], "merge": merged} | named_rows(**rows),
        action=Action("clean_labels", "Write each label in one way."),
    )
