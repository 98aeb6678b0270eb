"""MD323: does it tell the target that a value is missing?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.one_feature import Question, asked, class_skill, quantity_skill
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD323.

    Args:
        error: Of the test, over all columns with missing values.
        effect: Cramér's V between "missing" and the class, or for quantities the share of the variance of
            the ranks (as its root), from which it is told.
        decided: Skill of "missing" alone, the share of the errors of a guess that it removes, from which it
            is a problem.
        least_rows: Rows with and rows without a value that a column has at least.
    """

    error: float = 0.001
    effect: float = 0.3
    decided: float = 0.8
    least_rows: int = 10


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD323",
    slug="missingness-predicts-target",
    title="Does it tell the target that a value is missing?",
    detects=(
        "The association of missing cells with the target (chi-squared, ranks for quantities; "
        "error {error:g} over all columns) with an effect of at least {effect:g}: advice. A "
        "problem where it alone removes {decided:.0%} of the errors of a guess. Columns with "
        "fewer than {least_rows} rows of either sort are passed over."
    ),
    why=(
        "Often a value is recorded after the outcome, or because of it: the gap is then the "
        "answer. In other cases, as in medicine, what was not measured is honest news that a "
        "model may use."
    ),
    fix="Find out when the value is recorded; where that is after the target, drop the column and its gaps.",
    source="Kaufman, Rosset and Perlich (2012), Leakage in Data Mining, ACM TKDD 6; Little and Rubin (2019).",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Judge the gaps of every column; None without a target, or where nothing is missing."""
    if subject.target is None or subject.task is None:
        return None
    question = asked(subject)
    if question is None:
        return None
    gaps: dict[str, NDArray[np.bool_]] = {}
    for name in subject.features:
        missing = subject.train[name].missing[question.rows]
        if min(int(missing.sum()), int((~missing).sum())) >= THRESHOLDS.least_rows:
            gaps[name] = missing
    if not gaps:
        some = any(subject.train[name].missing.any() for name in subject.features)
        text = f"Too few missing values to tell: it takes {THRESHOLDS.least_rows} of a column"
        return CHECK.finding("not_applicable", text) if some else None
    found = {name: _association(missing, question) for name, missing in gaps.items()}
    effects = {
        name: effect
        for name, (p, effect) in found.items()
        if p * len(gaps) < THRESHOLDS.error and effect >= THRESHOLDS.effect
    }
    skills = {name: _skill(gaps[name], question) for name in effects}
    named = sorted(effects, key=lambda name: -effects[name])
    evidence: dict[str, Any] = {
        "n": len(question.rows), "columns": named, "columns_tested": len(gaps),
        "effect": {name: round(effects[name], 4) for name in named},
        "skill": {name: round(skills[name], 4) for name in named},
    }  # fmt: skip
    if question.rows_in_all > len(question.rows):
        evidence["sampled"] = len(question.rows)
    if not named:
        return CHECK.finding(
            "passed",
            f"Missing values say little of the target ({plural(len(gaps), 'column')} tested)",
            evidence=evidence,
        )
    decided = [name for name in named if skills[name] >= THRESHOLDS.decided]
    return _told(
        decided or named, bool(decided), gaps, question, evidence | {"columns": decided or named}
    )


def _told(
    named: list[str],
    decided: bool,
    gaps: dict[str, NDArray[np.bool_]],
    question: Question,
    evidence: dict[str, Any],
) -> Finding:
    how = "nearly decides" if decided else "is associated with"
    first = gaps[named[0]]
    return CHECK.finding(
        "problem" if decided else "advice",
        f"Whether {listed(named)} {'is' if len(named) == 1 else 'are'} missing {how} the target",
        explanation=(
            f"{_contrast(first, question, named[0])} Where the value is recorded after the target "
            "is known, this is the answer in disguise; where it is not measured for a reason, a "
            "model may use it."
        ),
        evidence=evidence,
        action=Action(
            "fix_leak",
            f"Find out when {listed(named)} {'is' if len(named) == 1 else 'are'} recorded; drop "
            "what is recorded after the target.",
        ),
    )


def _contrast(missing: NDArray[np.bool_], question: Question, name: str) -> str:
    n, m = int(missing.sum()), int((~missing).sum())
    if not question.is_classes:
        target = np.asarray(question.target, dtype=np.float64)
        a, b = float(np.median(target[missing])), float(np.median(target[~missing]))
        return (
            f"The median target is {a:.4g} where {listed([name])} is missing ({n:,} rows) and "
            f"{b:.4g} elsewhere ({m:,})."
        )
    labels = np.asarray(question.target, dtype=np.int64)
    shares = [
        np.bincount(labels[part], minlength=question.classes) / part.sum()
        for part in (missing, ~missing)
    ]
    most = int(np.abs(shares[0] - shares[1]).argmax())
    return (
        f"One class is {shares[0][most]:.0%} of the rows where {listed([name])} is missing ({n:,} "
        f"rows) and {shares[1][most]:.0%} of the others ({m:,})."
    )


def _association(missing: NDArray[np.bool_], question: Question) -> tuple[float, float]:
    """Error of the test and size of the effect, 0 to 1."""
    from scipy.stats import chi2_contingency, mannwhitneyu

    if question.is_classes:
        labels = np.asarray(question.target, dtype=np.int64)
        table = np.stack(
            [np.bincount(labels[part], minlength=question.classes) for part in (missing, ~missing)]
        )
        table = table[:, table.sum(axis=0) > 0]
        if table.shape[1] < 2:
            return 1.0, 0.0
        result = chi2_contingency(table, correction=False)
        excess = max(float(result.statistic) - (table.shape[1] - 1), 0.0)
        return float(result.pvalue), float(np.sqrt(excess / len(missing)))
    target = np.asarray(question.target, dtype=np.float64)
    result = mannwhitneyu(target[missing], target[~missing])
    return float(result.pvalue), float(np.sqrt(quantity_skill(missing.astype(np.int64), target)))


def _skill(missing: NDArray[np.bool_], question: Question) -> float:
    bins = missing.astype(np.int64)
    if question.is_classes:
        return class_skill(bins, np.asarray(question.target, dtype=np.int64), question.classes)
    return quantity_skill(bins, np.asarray(question.target, dtype=np.float64))
