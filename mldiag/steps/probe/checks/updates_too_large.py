"""MD412: some layers that are thrown about while the others are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.checks.learning_rate_too_high import overshoots
from mldiag.steps.probe.motion import EARLY, motion_of
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """When updates of some layers count as too large.

    Args:
        update: Update over weight, as a power of ten, over several early steps.
        steps: Early sampled steps in which it is above that.
        up: Loss over its first value that counts as having gone up.
    """

    update: float = -0.5
    steps: int = 3
    up: float = 2.0


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD412",
    "updates-too-large",
    "Updates of some layers are too large",
    detects=(
        "weight matrices that change by more than ten to the {update:g} of their length in {steps}"
        " or more early steps, while the typical one does not, with a loss that goes up to {up}"
        " times its first value or is not learned"
    ),
    why="One parameter group that leaps undoes what the others learn.",
    fix="Give those layers the rate of the others.",
    source="update over weight near 1e-3 to 1e-2 in healthy trainings (measured)",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge layers that move much faster than the others.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals, 10)
    if few is not None:
        return few
    motion = motion_of(signals)
    ratios = signals.ratios
    if not len(ratios):
        return CHECK.finding("not_applicable", "No update of a weight matrix was seen")
    with np.errstate(all="ignore"):
        early = np.log10(ratios[1:EARLY] + 1e-15)
    often = (early > THRESHOLDS.update).sum(axis=0)
    # A matrix that begins at zero has no length to compare with in its first steps.
    weights = signals.of_matrices("weight/norm")
    began = weights[0] > 1e-3 * np.nanmedian(weights[0])
    fast = np.flatnonzero((often >= THRESHOLDS.steps) & began)
    evidence = {"fastest": motion.early_any, "typical": motion.early}
    values = signals.loss.values
    rose = (
        len(values) > 0
        and signals.should_fall
        and values.max() > THRESHOLDS.up * abs(values[0]) + 3 * signals.loss.noise
    )
    if not len(fast) or not (rose or signals.stuck) or overshoots(signals, motion):
        return CHECK.finding(
            "passed", "No layer is thrown about beside the others", evidence=evidence
        )
    names = signals.names(signals.matrices[fast])
    title = (
        f"Updates are too large in {listed(names)}: up to {10**motion.early_any:.0%} of their"
        " length a step"
    )
    action = Action(
        "tune",
        "Give these layers the learning rate of the others: see the optimizer's groups.",
        param="lr",
    )
    return CHECK.finding(
        "problem", title, evidence=evidence | {"parameters": names[:50]}, action=action
    )
