"""MD409: a learning rate so low that training hardly begins."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.motion import Motion, motion_of
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When a rate counts as too low.

    Args:
        update: Update over weight, as a power of ten, below which weights hardly move.
        travel: Share of their length that the weights have moved in all.
        agreement: Cosine of neighbouring gradients above which they all point one way.
        usual: Update over weight of a healthy training, as a power of ten.
        farthest: Largest factor that is advised at once; updates of faded gradients would ask for far more.
        decayed: Share of the training with a rate that had been taken down; then it is the schedule.
        gradient: Gradient over weight, as a power of ten, below which it is the gradient that is small.
    """

    update: float = -4.0
    travel: float = 0.05
    agreement: float = 0.5
    usual: float = -2.5
    farthest: float = 1000.0
    decayed: float = 0.2
    gradient: float = -4.0


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD409",
    "learning-rate-too-low",
    "The learning rate is too low",
    detects=(
        "weights that move by less than ten to the {update:g} of their length a step and by less"
        " than {travel:.0%} in all, in a straight line or with gradients that agree (cosine above"
        " {agreement}), while little is learned"
    ),
    why=(
        "Time is spent and nothing is learned; the curve looks flat, and everything that is"
        " concluded from it is wrong."
    ),
    fix="Raise the rate by the factor named, or let `mldiag probe --lr-range` find it.",
    source="update over weight near 1e-3 to 1e-2 in healthy trainings (measured)",
    thresholds=THRESHOLDS,
)


def hardly_moves(signals: Signals, motion: Motion) -> bool:
    """Whether the weights moved so little that nothing could be learned, with a gradient to follow."""
    t = THRESHOLDS
    slow = motion.late < t.update and motion.travel < t.travel
    one_way = motion.agreement > t.agreement or motion.straight > 0.7
    little = signals.explained < 0.3 if math.isfinite(signals.explained) else signals.fell < 0.3
    return slow and one_way and little and signals.rate_decayed < t.decayed


def suggested_factor(motion: Motion) -> float:
    """By how much to raise the rate for updates of the usual size, to one digit."""
    factor = min(10 ** (THRESHOLDS.usual - motion.late), THRESHOLDS.farthest)
    return float(f"{factor:.0e}")


def judge(signals: Signals) -> Finding:
    """Judge whether the weights move.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals, 30)
    if few is not None:
        return few
    motion = motion_of(signals)
    rates = signals.rates()
    evidence = {"update_over_weight": motion.late, "travel": motion.travel, "agreement": motion.agreement,
                "rate": float(rates[-1]) if rates.size else None}  # fmt: skip
    if not hardly_moves(signals, motion):
        return CHECK.finding("passed", "The weights move", evidence=evidence)
    if motion.gradient < THRESHOLDS.gradient:
        return CHECK.finding(
            "passed", "The weights hardly move, because the gradient is small", evidence=evidence
        )
    factor = suggested_factor(motion)
    value = float(f"{rates[-1] * factor:.1e}") if rates.size else None
    action = Action(
        "tune",
        f"Raise the learning rate about {number(factor)} times"
        + (f", to about {number(value)}" if value else "")
        + ", or let `mldiag probe --lr-range` look for it where the training is a declared experiment.",
        param="lr",
        value=value,
    )
    title = (
        f"The learning rate is too low: {signals.steps} steps moved the weights by"
        f" {motion.travel:.2%} of their length"
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
