"""MD335: do single columns of the test rows lie elsewhere than those of the training rows?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding, Outcome
from mldiag.steps.audit.tables.drift import (
    SAMPLED_ROWS,
    Limits,
    both_sides,
    compared,
    grades,
    numbers,
    splits_by_time,
    too_little,
    worst,
)
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds(Limits):
    """Thresholds of MD335; a shift of the mean by .5 sd moves .20 of the rows, one by 1 sd .38."""


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD335",
    slug="feature-drift",
    title="Do the columns of train and test have the same distribution?",
    detects=(
        "Columns in which at least {advice_effect:.0%} of the test rows would have to move to look like the "
        "training rows (Kolmogorov-Smirnov distance of numbers, total variation of categories, both less "
        "what chance gives at this size), with an error of {advice_error:.0%} over all columns together: "
        "advice. A problem where the lower end of the 80 % interval reaches {problem_low:.0%}, from "
        "{problem_rows} rows a side on. Where rows come in groups, groups are what is counted, and below "
        "{least_groups} of them nothing is claimed. With a test behind the training rows in time, drift is "
        "to be expected and is advice."
    ),
    why="A model is asked about cases that it has hardly seen, and its score says nothing of others.",
    fix=(
        "Find out what differs (another source, another unit, another time); split at random if the rows "
        "are exchangeable, or train on rows like those that will come."
    ),
    source="Rabanser et al. (2019), Failing Loudly, NeurIPS: univariate tests, corrected for their number.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Compare every feature on both sides; None without a test table."""
    if subject.test is None:
        return None
    sides = both_sides(subject)
    if sides is None:
        return CHECK.finding("not_applicable", too_little(subject))
    shifts = {}
    for name in subject.shared:
        kind = subject.train[name].kind
        shift = compared(subject, name, sides) if kind != "id" else None
        if shift is not None:
            shifts[name] = shift
    if not shifts:
        return CHECK.finding("not_applicable", "No column has values on both sides to compare")
    found = grades(shifts, sides, THRESHOLDS)
    by_time = splits_by_time(subject)
    for name, grade in found.items():
        if grade == "problem" and subject.train[name].kind == "date":
            found[name] = (
                "advice"  # a split by time is no fault, and no model learns from a date itself
            )
    outcome: Outcome = worst(found)
    if by_time and outcome == "problem":
        outcome = "advice"
    names = [name for name, grade in found.items() if grade != "passed"]
    names.sort(key=lambda name: -shifts[name].effect)
    if outcome in ("problem", "advice"):
        names = [name for name in names if found[name] != "inconclusive"]
    evidence: dict[str, Any] = {
        "n": len(sides[0].rows),
        "n_test": len(sides[1].rows),
        "columns": names,
        "compared": len(shifts),
        "effects": {name: numbers(shifts[name]) for name in names},
    }
    if max(len(subject.train), len(subject.test)) > SAMPLED_ROWS:
        evidence["sampled"] = SAMPLED_ROWS
    return _finding(outcome, evidence, by_time, min(side.n_groups for side in sides))


def _finding(outcome: Outcome, evidence: dict[str, Any], by_time: bool, groups: int) -> Finding:
    names = evidence["columns"]
    if outcome == "passed":
        count = plural(evidence["compared"], "column")
        return CHECK.finding(
            "passed", f"{count} compared: none lies elsewhere in the test rows", evidence=evidence
        )
    if outcome == "inconclusive":
        return CHECK.finding(
            "inconclusive",
            f"{_names(names)} in the test rows, but with {plural(groups, 'group')} on a side that "
            "may be chance",
            explanation="Rows of a group are alike: more groups would settle it, more rows of them not.",
            evidence=evidence,
        )
    return CHECK.finding(
        outcome,
        f"{_names(names)} in the test rows: {_told(names[0], evidence['effects'][names[0]])}",
        explanation=_explanation(outcome, by_time),
        evidence=evidence,
        action=Action(
            "fix_split",
            "Find out why these columns differ; split at random if the rows are exchangeable, else train on "
            "rows like those that will come.",
        ),
    )


def _names(names: list[str]) -> str:
    if len(names) == 1:
        return f"Column {names[0]!r} lies elsewhere"
    return f"{plural(len(names), 'column')} ({listed(names)}) lie elsewhere"


def _told(name: str, effect: dict[str, float]) -> str:
    side = ""
    if math.isfinite(effect["direction"]) and abs(effect["direction"]) >= 0.1:
        side = ", higher" if effect["direction"] > 0 else ", lower"
    share = f"{effect['effect']:.0%} ({effect['low']:.0%} to {effect['high']:.0%})"
    return f"{share} of the rows of {name!r} would have to move{side}"


def _explanation(outcome: str, by_time: bool) -> str:
    if by_time:
        return (
            "The test rows come later than the training rows, so that some drift is to be expected."
        )
    if outcome == "problem":
        return "A model meets values there that it has hardly seen."
    return "More than chance explains. Whether a model suffers depends on how much it uses these columns."
