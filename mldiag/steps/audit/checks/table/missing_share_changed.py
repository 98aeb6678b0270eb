"""MD338: are cells of a column missing more often on one side than on the other?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding, Outcome
from mldiag.stats.two_samples import share_shift
from mldiag.steps.audit.tables.drift import (
    Limits,
    both_sides,
    grades,
    numbers,
    splits_by_time,
    too_little,
    worst,
)
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds(Limits):
    """Thresholds of MD338.

    Args:
        advice_effect: Difference of the shares missing, from which it is advice.
        problem_low: Lower end of its interval, from which it is a problem.
        unknown_share: Cells missing in training at most, where a model has never learned from gaps.
        unknown_low: Lower end of the interval from which it is a problem there.
    """

    advice_effect: float = 0.03
    problem_low: float = 0.2
    unknown_share: float = 0.002
    unknown_low: float = 0.05


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD338",
    slug="missing-share-changed",
    title="Are as many cells missing in the test rows as in the training rows?",
    detects=(
        "Columns whose share of missing cells differs by {advice_effect:.0%} or more, with an error of "
        "{advice_error:.0%} over all columns: advice. A problem where the lower end of the 80 % interval "
        "reaches {problem_low:.0%}, or {unknown_low:.0%} where the training rows have no gaps to learn from."
    ),
    why="What fills the gaps was learned from other rows, or not at all; some models refuse gaps.",
    fix="Find out why the cells are missing there; fill gaps in the pipeline, and train with such gaps.",
    source="The share of missing cells is a property of the source of the data, like any other.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Compare the gaps of every column that both tables have; None without a test table."""
    if subject.test is None:
        return None
    sides = both_sides(subject)
    if sides is None:
        return CHECK.finding("not_applicable", too_little(subject))
    shifts, shares = {}, {}
    for name in subject.shared:
        gaps = subject.train[name].missing[sides[0].rows], subject.test[name].missing[sides[1].rows]
        if not (gaps[0].any() or gaps[1].any()):
            continue
        shifts[name] = share_shift(
            *gaps, first_groups=sides[0].groups, second_groups=sides[1].groups
        )
        shares[name] = {"train": float(gaps[0].mean()), "test": float(gaps[1].mean())}
    found = grades(shifts, sides, THRESHOLDS)
    for name, grade in found.items():
        unknown = shares[name]["train"] <= THRESHOLDS.unknown_share
        if grade == "advice" and unknown and shifts[name].low >= THRESHOLDS.unknown_low:
            found[name] = "problem"
    outcome: Outcome = worst(found)
    by_time = splits_by_time(subject)
    if by_time and outcome == "problem":
        outcome = "advice"
    told = ("inconclusive",) if outcome == "inconclusive" else ("problem", "advice")
    names = [name for name, grade in found.items() if grade in told]
    names.sort(key=lambda name: -shifts[name].effect)
    evidence: dict[str, Any] = {
        "n": len(sides[0].rows),
        "n_test": len(sides[1].rows),
        "columns": names,
        "effects": {name: numbers(shifts[name]) for name in names},
        "shares": {name: shares[name] for name in names},
    }
    return _finding(outcome, evidence, min(side.n_groups for side in sides), by_time)


def _finding(outcome: Outcome, evidence: dict[str, Any], groups: int, by_time: bool) -> Finding:
    names, shares = evidence["columns"], evidence["shares"]
    if outcome == "passed":
        return CHECK.finding(
            "passed", "As many cells are missing in the test rows as in training", evidence=evidence
        )
    first = names[0]
    told = f"{shares[first]['test']:.1%} of {first!r} in test, {shares[first]['train']:.1%} in training"
    where = f"Column {first!r}"
    if len(names) > 1:
        where = f"{plural(len(names), 'column')} ({listed(names)})"
    if outcome == "inconclusive":
        return CHECK.finding(
            "inconclusive",
            f"{where}: gaps differ ({told}), but with {plural(groups, 'group')} on a side that may be chance",
            evidence=evidence,
        )
    late = " The test rows come later, so that some change is to be expected." if by_time else ""
    return CHECK.finding(
        outcome,
        f"{where}: another share is missing in the test rows ({told})",
        explanation=f"What fills these gaps was learned from rows that are unlike these.{late}",
        evidence=evidence,
        action=Action(
            "clean_data", "Find out why these cells are missing there, and train with such gaps."
        ),
    )
