"""MD340: is the relation of a feature to the target another one in the test rows?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding, Outcome
from mldiag.stats.two_samples import adjusted
from mldiag.steps.audit.tables.drift import both_sides, splits_by_time, too_little
from mldiag.steps.audit.tables.relations import Change, changes
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD340.

    Args:
        advice_effect: Change of the target's mean along the feature, in its standard deviations, from which
            it is advice.
        problem_low: Lower end of its 80 % interval from which it is a problem.
        advice_error: Error of an advice over all columns (Holm).
        problem_error: Error of a problem over all columns.
        groups: Groups on each side that a claim needs where rows come in groups.
        sampled: Rows of each side that are used.
    """

    advice_effect: float = 0.2
    problem_low: float = 0.35
    advice_error: float = 0.02
    problem_error: float = 0.002
    groups: int = 10
    sampled: int = 20_000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD340",
    slug="relation-drift",
    title="Do features relate to the target in the test rows as they do in training?",
    detects=(
        "The mean target in up to five ranges (or categories) of a feature, on both sides, less what is "
        "equal in all of them: advice where the difference is {advice_effect:g} standard deviations of the "
        "target or more (error {advice_error:.0%} over all columns), a problem where its lower end "
        "is {problem_low:g}. Classes are looked at one by one."
    ),
    why="What a model has learned of the feature is wrong in the test rows: no model can do well there.",
    fix="Look whether the column or the target is coded or measured otherwise in the test rows.",
    source="Moreno-Torres et al. (2012), Pattern Recognition 45: concept shift.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Compare the relation of every feature to the target; None without a test table or a target."""
    if subject.test is None or subject.target is None:
        return None
    if subject.target not in subject.test.columns or subject.test[subject.target].missing.all():
        return CHECK.finding("not_applicable", "The test rows have no labels to relate features to")
    sides = both_sides(subject, THRESHOLDS.sampled)
    found = [] if sides is None else changes(subject, sides)
    if sides is None:
        return CHECK.finding("not_applicable", too_little(subject))
    if not found:
        return CHECK.finding("not_applicable", "No column has enough rows in each of its ranges")
    groups = min(side.n_groups for side in sides)
    few = sides[0].groups is not None and groups < THRESHOLDS.groups
    p_values = adjusted(np.array([change.p_value for change in found]))
    told: list[tuple[Change, bool]] = []
    for change, p_value in zip(found, p_values, strict=True):
        if change.effect >= THRESHOLDS.advice_effect and p_value < THRESHOLDS.advice_error:
            sure = p_value < THRESHOLDS.problem_error and change.low >= THRESHOLDS.problem_low
            told.append((change, sure))
    told.sort(key=lambda pair: -pair[0].effect)
    by_time = splits_by_time(subject)
    outcome: Outcome = "passed"
    if told and few:
        outcome = "inconclusive"
    elif told:
        outcome = "problem" if any(sure for _, sure in told) and not by_time else "advice"
    evidence: dict[str, Any] = {
        "n": len(sides[0].rows),
        "n_test": len(sides[1].rows),
        "columns": [change.name for change, _ in told],
        "compared": len(found),
        "effects": {
            change.name: {
                "effect": change.effect,
                "low": change.low,
                "high": change.high,
                "p_value": change.p_value,
                "train": list(change.first),
                "test": list(change.second),
            }
            for change, _ in told
        },
    }
    if outcome == "passed":
        return CHECK.finding(
            "passed",
            f"{plural(len(found), 'column')} relate to the target in the test rows as in training",
            evidence=evidence,
        )
    return _finding(outcome, told[0][0], evidence, groups, by_time)


def _finding(
    outcome: Outcome, first: Change, evidence: dict[str, Any], groups: int, by_time: bool
) -> Finding:
    names = listed(evidence["columns"])
    one = len(evidence["columns"]) == 1
    size = f"{first.effect:.2f} ({first.low:.2f} to {first.high:.2f})"
    if outcome == "inconclusive":
        return CHECK.finding(
            "inconclusive",
            f"{names} relate{'s' * one} differently to the target in the test rows, but with "
            f"{plural(groups, 'group')} on a side that may be chance",
            evidence=evidence,
        )
    late = " The test rows come later, so that some change is to be expected." if by_time else ""
    return CHECK.finding(
        outcome,
        f"{names} relate{'s' * one} differently to the target in the test rows: along {first.name!r} its "
        f"mean differs by {size} standard deviations",
        explanation=f"What a model has learned of {'it' if one else 'them'} does not hold there.{late}",
        evidence=evidence,
        action=Action(
            "clean_data",
            "Look whether the column, or the target, is coded or measured otherwise there.",
        ),
    )
