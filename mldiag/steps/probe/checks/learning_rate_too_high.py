"""MD410: a learning rate so high that steps overshoot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.motion import Motion, motion_of
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When a rate counts as too high.

    Args:
        update: Update over weight of the typical matrix early in training, as a power of ten.
        up: Loss over its first value that counts as having gone up.
        ends: Loss over its first value at the end that counts as diverged.
        usual: Update over weight of a healthy training, as a power of ten.
        recovered: Share of the loss that is gone, or of the rows explained, at the end: nothing was
            harmed by steps shorter than `thrown`.
        thrown: Update over weight, as a power of ten, of weights that are thrown about.
    """

    update: float = -0.7
    up: float = 1.5
    ends: float = 1.3
    usual: float = -2.0
    recovered: float = 0.8
    thrown: float = -0.3


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD410",
    "learning-rate-too-high",
    "The learning rate is too high",
    detects=(
        "early updates of more than ten to the {update:g} of the weights' length, with a loss that"
        " goes up to {up} times its first value, that is left far from learned, or that ends above"
        " {ends} times where it began"
    ),
    why=(
        "Each step leaps over the valley it should walk down: units die, the loss jumps or stands"
        " still high up."
    ),
    fix="Lower the rate by the factor named, warm it up, or let `mldiag probe --lr-range` find it.",
    source="update over weight near 1e-3 to 1e-2 in healthy trainings (measured)",
    thresholds=THRESHOLDS,
)


def overshoots(signals: Signals, motion: Motion) -> bool:
    """Whether the typical matrix was thrown about and it did harm."""
    return motion.early > THRESHOLDS.update and _harmed(signals, motion)


def diverged(signals: Signals) -> bool:
    """Whether the loss ended far above where it began, without having begun there."""
    values = signals.loss.values
    if len(values) < 10 or not signals.should_fall:
        return False
    start = max(abs(float(values[0])), 1e-12)
    spread = max(signals.loss.noise, 0.05 * start)
    return (
        float(np.median(values[-max(3, len(values) // 10) :]))
        > THRESHOLDS.ends * start + 3 * spread
    )


def _harmed(signals: Signals, motion: Motion) -> bool:
    values = signals.loss.values
    if any(o["class"] == "LBFGS" for o in signals.recording.facts.get("optimizers", [])):
        return False  # its line search chooses the length of each step
    if not len(values) or not signals.should_fall:
        return signals.stuck
    learned = signals.explained if np.isfinite(signals.explained) else signals.fell
    recovered = learned > THRESHOLDS.recovered and motion.early < THRESHOLDS.thrown
    rose = not recovered and (
        float(values[: max(10, len(values) // 5)].max())
        > THRESHOLDS.up * abs(float(values[0])) + 3 * signals.loss.noise
    )
    return rose or signals.stuck or signals.explained < 0.3


def judge(signals: Signals) -> Finding:
    """Judge whether steps overshoot.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals, 10)
    if few is not None:
        return few
    motion = motion_of(signals)
    rates = signals.rates()
    top = float(np.nanmax(rates)) if rates.size and np.isfinite(rates).any() else float("nan")
    evidence = {
        "early_update_over_weight": motion.early,
        "late": motion.late,
        "grown": motion.grown,
        "rate": top,
    }
    leaps = overshoots(signals, motion)
    lost = diverged(signals) and motion.early > -1.5
    if not (leaps or lost):
        return CHECK.finding("passed", "No step overshoots", evidence=evidence)
    factor = 10 ** max(1.0, round(motion.early - THRESHOLDS.usual))
    value = float(f"{top / factor:.1e}") if np.isfinite(top) else None
    action = Action(
        "tune",
        f"Lower the learning rate about {number(factor)} times"
        + (f", to about {number(value)}" if value else "")
        + ", or let `mldiag probe --lr-range` look for it where the training is a declared experiment.",
        param="lr",
        value=value,
    )
    share = 10**motion.early
    title = (
        f"The learning rate is too high: early steps change the weights by {share:.0%} of their"
        " length"
    )
    if not leaps:
        title = (
            f"The learning rate is too high: the loss ends at {number(signals.loss.last)}, above"
            f" {number(signals.loss.first)} where it began"
        )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
