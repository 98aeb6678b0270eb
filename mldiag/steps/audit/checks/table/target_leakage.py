"""MD320: does one column carry the answer?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.one_feature import (
    asked,
    other_skill,
    refined_skill,
    skill_of,
)
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD320; a skill is the share of the errors of a guess that one column removes.

    On 80 public tables without a leak the strongest single column reached .94 (the petal length of iris,
    the water in meat); the leaks among them (a logarithm of the target, a date of death) .998 and more.

    Args:
        perfect: Skill of a column that carries the answer.
        strong: Skill of a column that may carry it.
        far: Errors of the column, at most this share of those of the next best one.
        quantity_far: The same for the variance of a quantity.
        strong_quantity: As `strong`, for a quantity.
        least_rows: With fewer labelled rows nothing is said.
        asked: Skill from which the best column of a table that passes is asked about all the same.
    """

    perfect: float = 0.985
    strong: float = 0.9
    far: float = 0.35
    quantity_far: float = 0.2
    strong_quantity: float = 0.96
    least_rows: int = 30
    asked: float = 0.25


THRESHOLDS = Thresholds()

_ONLY_YOU = (
    "If it is written down only after the target is known, it leaks: no table can tell, you can."
)

CHECK = Check(
    code="MD320",
    slug="target-leakage",
    title="Does one column carry the answer?",
    detects=(
        "What each column alone tells of the target, each row predicted from the others: a problem "
        "where one removes {perfect:.1%} of the errors of a guess and has at most {far:.0%} of the "
        "errors of the next best column ({quantity_far:.0%} of the variance of the ranks of a "
        "quantity); advice from {strong:.0%} on ({strong_quantity:.0%} for quantities), also where "
        "classes count alike, however rare, or a quantity counts in its own scale."
    ),
    why=(
        "A copy of the target, or what was written down after it was known, is not there when the "
        "model is used: its score is far too good."
    ),
    fix="Drop the column, unless it is known before the target is.",
    source="Kaufman, Rosset and Perlich (2012), Leakage in Data Mining, ACM TKDD 6.",
    thresholds=THRESHOLDS,
)

KINDS = ("number", "boolean", "category")
"""Ids and dates are judged by MD321."""


def judge(subject: TableAudit) -> Finding | None:
    """Judge every column alone; None without a target."""
    if subject.target is None or subject.task is None:
        return None
    question = asked(subject)
    if question is None or len(question.rows) < THRESHOLDS.least_rows:
        return CHECK.finding(
            "not_applicable",
            f"It takes {plural(THRESHOLDS.least_rows, 'labelled row')} to judge single columns",
        )
    names = [name for name in subject.features if subject.train[name].kind in KINDS]
    skills = {name: skill_of(subject.train[name], question) for name in names}
    for name in sorted(skills, key=lambda name: -skills[name])[:4]:
        if skills[name] > 0.7:
            skills[name] = max(skills[name], refined_skill(subject.train[name], question))
    ordered = sorted(skills, key=lambda name: -skills[name])
    leaks, outcome = _leaks(skills, ordered, question.is_classes)
    if not leaks:
        others = {name: other_skill(subject.train[name], question) for name in names}
        by_other = sorted(others, key=lambda name: -others[name])
        leaks = _leaks(others, by_other, question.is_classes)[0]
        if leaks:
            skills, ordered, outcome = others, by_other, "advice"
    evidence = {
        "n": len(question.rows),
        "columns": leaks,
        "skill": {name: round(skills[name], 4) for name in ordered[:5]},
        **({"sampled": len(question.rows)} if question.rows_in_all > len(question.rows) else {}),
    }
    if not leaks:
        best = ""
        if ordered:
            best = f": the best, {listed(ordered[:1])}, removes {skills[ordered[0]]:.0%} of a guess's errors"
        return CHECK.finding(
            "passed",
            f"No column alone gives the target away{best}",
            explanation=_ONLY_YOU if ordered and skills[ordered[0]] >= THRESHOLDS.asked else "",
            evidence=evidence,
        )
    rest = next((name for name in ordered if name not in leaks), None)
    next_best = f"; the next best column, {listed([rest])}, {skills[rest]:.0%}" if rest else ""
    told = "gives" if outcome == "problem" else "nearly gives"
    return CHECK.finding(
        "problem" if outcome == "problem" else "advice",
        f"Column {listed(leaks[:1])} alone {told} the target away"
        if len(leaks) == 1
        else f"{len(leaks)} columns, each alone, {told.replace('gives', 'give')} the target away",
        explanation=(
            f"{listed(leaks)} alone {'removes' if len(leaks) == 1 else 'remove'} "
            f"{skills[leaks[-1]]:.1%} of the errors of a guess "
            f"({plural(len(question.rows), 'row')}){next_best}. If it is known only after the target "
            "is, no score with it can be trusted."
        ),
        evidence=evidence,
        action=Action("fix_leak", f"Drop {listed(leaks)}, unless known before the target is."),
    )


def _leaks(skills: dict[str, float], ordered: list[str], is_classes: bool) -> tuple[list[str], str]:
    """Columns that carry the answer, and how surely."""
    far = THRESHOLDS.far if is_classes else THRESHOLDS.quantity_far
    strong = THRESHOLDS.strong if is_classes else THRESHOLDS.strong_quantity
    perfect = [name for name in ordered if skills[name] >= THRESHOLDS.perfect]
    next_best = max((skills[name] for name in ordered if name not in perfect), default=0.0)
    if perfect and 1 - min(skills[name] for name in perfect) <= far * (1 - next_best):
        return perfect, "problem"
    if perfect and skills[perfect[0]] >= 1 - (1 - THRESHOLDS.perfect) / 10:
        return perfect, "problem"
    if not ordered or skills[ordered[0]] < strong:
        return [], ""
    second = skills[ordered[1]] if len(ordered) > 1 else 0.0
    if 1 - skills[ordered[0]] <= far * (1 - second):
        return ordered[:1], "advice"
    return [], ""
