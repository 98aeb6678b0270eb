"""MD417: a training that has come to rest with most of its own rows unexplained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mldiag.findings import Action, Check, Finding, Outcome
from mldiag.steps.probe.motion import motion_of
from mldiag.steps.probe.signals import CLASS_TASKS, Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When a training counts as underfitted.

    Args:
        steps: Fewer steps cannot tell a model that is too small from a training that is too short.
        explained: Share of the training rows explained, below which little was learned.
        hardly: Share below which nothing worth the name was; the only limit for values and letters, of
            which nobody knows how much can be explained.
        nothing: Share below which nothing was learned; such a training rests although its loss creeps.
        creeping: Share of the loss of a guess that it falls in the last third, at most, where it creeps.
        classes: Share of classes below which it is a problem.
        moving: Share of all it has fallen that the loss still falls in the last third.
        gap: Most that training rows may be explained better than held-out ones.
    """

    explained: float = 0.45
    steps: int = 250
    hardly: float = 0.2
    nothing: float = 0.08
    creeping: float = 0.03
    classes: float = 0.3
    moving: float = 0.12
    gap: float = 0.1


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD417",
    "underfitting",
    "The model underfits",
    detects=(
        "a loss that has come to rest (less than {moving:.0%} of its fall in the last third) with"
        " under {explained:.0%} of the training rows explained, and weights that move as usual;"
        " also where rows are predicted as by chance and the loss only creeps"
    ),
    why=(
        "The model cannot say more with what it is given: it is too small, or the inputs do not"
        " carry the answer."
    ),
    fix=(
        "See that the inputs reach the network as they should, then enlarge the model; `mldiag"
        " capacity` compares with other learners on the same rows."
    ),
    source="share explained of the batches beside chance",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge what is explained of the rows that train.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals, THRESHOLDS.steps)
    if few is not None:
        return few
    explained = signals.explained
    known = signals.task in (*CLASS_TASKS, "regression") and math.isfinite(explained)
    if not known or not signals.should_fall:
        return CHECK.finding(
            "not_applicable",
            "Outputs and targets were not told: how much is explained is not known",
        )
    motion = motion_of(signals)
    trend = signals.loss.trend()
    fallen = max(signals.loss.first - signals.loss.last, 1e-12)
    still = -trend.change < THRESHOLDS.moving * fallen or trend.z > -2.5
    nothing = signals.task in CLASS_TASKS and explained < THRESHOLDS.nothing
    if nothing and math.isfinite(signals.chance_loss):
        still = still or -trend.change < THRESHOLDS.creeping * signals.chance_loss
    evidence = {"explained": explained, "still_falling": -trend.change / fallen, "n": signals.steps}
    least = THRESHOLDS.explained if signals.task == "classification" else THRESHOLDS.hardly
    if explained >= least or not still or not motion.late > -4.0:
        title = f"The network explains {explained:.0%} of its training rows beyond chance"
        return CHECK.finding("passed", title, evidence=evidence)
    told = (
        "Nothing was learned: its own rows are predicted as by chance"
        if nothing
        else f"The training has come to rest with {max(explained, 0):.0%} of its own rows explained"
    )
    title = f"{told} (loss {number(signals.loss.last)})"
    first = "See that inputs and targets belong together and reach the network as they should"
    action = Action(
        "larger_model",
        f"{first}: `mldiag.diagnose_training` looks for such bugs in the loop."
        if nothing
        else f"{first}; then enlarge it (`mldiag capacity` compares).",
    )
    limit = THRESHOLDS.classes if signals.task == "classification" else THRESHOLDS.hardly
    outcome: Outcome = "problem" if explained < limit else "advice"
    return CHECK.finding(outcome, title, evidence=evidence, action=action)
