"""MD339: do the labels of the test rows have another distribution?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.drift import (
    Limits,
    Side,
    both_sides,
    compared,
    grades,
    numbers,
    shown_level,
    splits_by_time,
    too_little,
    train_codes,
    worst,
)
from mldiag.wording import number, plural


@dataclass(frozen=True)
class Thresholds(Limits):
    """Thresholds of MD339; the effect of labels is seen sooner, as there is one column to compare."""

    advice_effect: float = 0.05
    problem_low: float = 0.2
    advice_error: float = 0.03


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD339",
    slug="label-drift",
    title="Are the labels of train and test distributed alike?",
    detects=(
        "At least {advice_effect:.0%} of the test labels would have to change to have the shares of the "
        "training labels (total variation; for a regression the Kolmogorov-Smirnov distance; less what "
        "chance gives), with an error of {advice_error:.0%}: advice. A problem where the lower end of the "
        "80 % interval reaches {problem_low:.0%}."
    ),
    why="Predicted probabilities and thresholds carry the shares of the training labels with them.",
    fix="Split with stratification; where the shares do differ in use, correct the probabilities for it.",
    source="Lipton et al. (2018), Detecting and Correcting for Label Shift, ICML.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Compare the targets; None without a test table or a target."""
    if subject.test is None or subject.target is None:
        return None
    if subject.target not in subject.test.columns or subject.test[subject.target].missing.all():
        return CHECK.finding("not_applicable", "The test rows have no labels to compare")
    sides = both_sides(subject)
    shift = None
    if sides is not None:
        classes = subject.task != "regression"
        shift = compared(subject, subject.target, sides, as_classes=classes)
    if sides is None or shift is None:
        return CHECK.finding("not_applicable", too_little(subject))
    outcome = worst(grades({subject.target: shift}, sides, THRESHOLDS))
    by_time = splits_by_time(subject)
    if by_time and outcome == "problem":
        outcome = "advice"
    evidence: dict[str, Any] = {
        "n": len(sides[0].rows),
        "n_test": len(sides[1].rows),
        "columns": [subject.target],
        **numbers(shift),
        **_shares(subject, subject.target, sides),
    }
    if outcome == "passed":
        return CHECK.finding(
            "passed", "The labels of train and test are distributed alike", evidence=evidence
        )
    if outcome == "inconclusive":
        groups = plural(min(side.n_groups for side in sides), "group")
        return CHECK.finding(
            "inconclusive",
            f"The labels are distributed differently, but with {groups} on a side that may be chance",
            evidence=evidence,
        )
    late = "The test rows come later, so that some drift is to be expected. " if by_time else ""
    return CHECK.finding(
        outcome,
        f"The test labels are distributed differently: {_told(evidence)}",
        explanation=f"{late}Probabilities and thresholds learned from the training rows do not fit there.",
        evidence=evidence,
        action=Action(
            "fix_split",
            "Split with stratification; where the shares do differ in use, correct the probabilities for it.",
        ),
    )


def _shares(subject: TableAudit, target: str, sides: tuple[Side, Side]) -> dict[str, Any]:
    """Shares of the classes on both sides, those that differ most first; medians of a regression."""
    assert subject.test is not None
    if subject.task == "regression" and subject.train[target].is_numeric:
        own, other = subject.train[target].present, subject.test[target].present
        return {"medians": {"train": float(np.median(own)), "test": float(np.median(other))}}
    codes = train_codes(subject, target)
    levels = subject.train[target].levels
    found: list[NDArray[np.float64]] = []
    for side, numbered in zip(sides, codes, strict=True):
        present = numbered[side.rows]
        counts = np.bincount(present[present >= 0], minlength=len(levels))
        found.append(counts / max(int(counts.sum()), 1))
    order = np.argsort(-np.abs(found[1] - found[0]), kind="stable")[:20]
    return {
        "shares": {
            shown_level(levels[i]): {"train": float(found[0][i]), "test": float(found[1][i])}
            for i in order
        }
    }


def _told(evidence: dict[str, Any]) -> str:
    if "medians" in evidence:
        medians = evidence["medians"]
        return f"median {number(medians['test'])} against {number(medians['train'])} in training"
    name, shares = next(iter(evidence["shares"].items()))
    return f"{shares['test']:.0%} are {name!r}, {shares['train']:.0%} of the training rows"
