"""MD701: is there anything left to gain?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mldiag.findings import CLAIM_ERROR, Action, Check, Finding
from mldiag.metrics import Metric
from mldiag.steps.checkup.weighed import Weighed
from mldiag.wording import amount, gain


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD701.

    Args:
        claim_error: One-sided error of "it helps", over everything that the check-up compares.
    """

    claim_error: float = CLAIM_ERROR


CHECK = Check(
    code="MD701",
    slug="nothing-would-help",
    title="Is there anything left to gain?",
    detects=(
        "Every remedy of every step is weighed: its gain, drawn towards zero by its uncertainty as "
        "z^2 / (1 + z^2). Nothing helps: no remedy is surely better (one-sided error {claim_error:.0%} over "
        "all steps) and none may be expected to gain as much as is worth having, or neither the model nor "
        "another family is surely better than a guess. Else inconclusive."
    ),
    why="Work on a model that is at its ceiling is lost; so is money on data that it cannot use.",
    fix="Stop, or change the question: other features, another target, another metric.",
    source="James and Stein (1961) for drawing towards zero; Stouffer (1949) for joining tests.",
    thresholds=Thresholds(),
)

_NO_SIGNAL = (
    "Neither the model nor another family is surely better than a guess, and nothing that was tried surely "
    "helps: what differs from a guess by so little is chance."
)
_NOT_RULED_OUT = (
    " Wrong labels are not ruled out: the features say too little of the target to tell them from hard rows "
    "(MD326). Before you stop, have the targets of fifty rows checked by a second person."
)
_STOP = Action("none", "Stop here, or change the question: other features, another target.")


def judge(
    ranked: Sequence[Weighed],
    metric: Metric,
    *,
    worth: float,
    compared: bool,
    broken: bool,
    no_signal: bool = False,
    labels_unknown: bool = False,
) -> Finding | None:
    """A finding where nothing is claimed; None where something is, or where the training is broken.

    Args:
        ranked: The remedies in order.
        metric: The user's metric.
        worth: Smallest gain worth having.
        compared: Whether trainings were compared at all.
        broken: Whether something must be mended first.
        no_signal: Whether neither the model nor another family is surely better than a guess.
        labels_unknown: Whether the audit could not tell wrong labels from hard rows.
    """
    if broken or any(one.claimed for one in ranked):
        return None
    measured = [one for one in ranked if one.gain is not None]
    best = max(measured, key=lambda one: one.expected, default=None)
    evidence = {
        "smallest_gain_worth_having": worth,
        "remedies_weighed": len(measured),
        "largest_expected_gain": None if best is None else best.expected,
    }
    told = f"{amount(metric, worth)} would be worth having"
    if not compared:
        return CHECK.finding(
            "inconclusive",
            "Too little was tried to say what comes next",
            explanation=(
                "The budget, or what was left out, allowed no comparison of trainings, or nothing is known "
                "of the noise of their scores."
            ),
            evidence=evidence,
        )
    if no_signal:
        return CHECK.finding(
            "passed",
            "The features tell nothing of the target that anything tried can use",
            explanation=_NO_SIGNAL,
            evidence=evidence,
            action=_STOP,
        )
    if best is not None and best.expected >= worth and best.gain is not None:
        return CHECK.finding(
            "inconclusive",
            f"Nothing helps for sure yet; most promising: {best.candidate.text.rstrip('.')} "
            f"({gain(metric, best.gain)})",
            explanation=(
                f"{told[:1].upper()}{told[1:]}. More repeats, or more rows to score on, would settle it."
            ),
            evidence=evidence,
        )
    tried = "nothing that was tried" if best is not None else "no step found anything that"
    return CHECK.finding(
        "passed",
        f"You are at the ceiling of what was tried: {tried} gains {amount(metric, worth)} for sure",
        explanation=(
            f"{told[:1].upper()}{told[1:]}. No remedy is surely better, and none gains that much once its "
            f"gain is drawn towards zero by how uncertain it is.{_NOT_RULED_OUT if labels_unknown else ''}"
        ),
        evidence=evidence,
        action=_STOP,
    )
