"""MD411: updates that are small because the gradient is."""

from __future__ import annotations

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.checks import learning_rate_too_low
from mldiag.steps.probe.checks.learning_rate_too_low import THRESHOLDS, hardly_moves
from mldiag.steps.probe.motion import motion_of
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number

CHECK = Check(
    "MD411",
    "updates-too-small",
    "Updates are too small",
    detects=(
        "as MD409, where the gradient itself is shorter than ten to the {gradient:g} of its weights"
    ),
    why=(
        "Something makes the gradient small before the rate is applied: a loss that is divided"
        " twice, a clip far below the gradient's own length, a scale that was never undone."
    ),
    fix=(
        "Look at what the loss is divided by and at the norm the gradient is clipped to; raising"
        " the rate hides it."
    ),
    source="update over weight near 1e-3 to 1e-2 in healthy trainings (measured)",
    thresholds=learning_rate_too_low.THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge whether the gradient is what keeps the weights from moving.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals, 30)
    if few is not None:
        return few
    motion = motion_of(signals)
    evidence = {
        "update_over_weight": motion.late,
        "gradient_over_weight": motion.gradient,
        "travel": motion.travel,
    }
    if not hardly_moves(signals, motion) or motion.gradient >= THRESHOLDS.gradient:
        return CHECK.finding(
            "passed", "Updates are not held back by the gradient's size", evidence=evidence
        )
    action = Action(
        "stabilize_training",
        "See what the loss is divided by and what norm gradients are clipped to; else raise the"
        f" rate {number(10 ** (THRESHOLDS.usual - motion.late))} times.",
    )
    title = (
        f"Updates are too small: gradients are {number(10**motion.gradient)} times as long as the"
        " weights they should move"
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
