"""MD418: regularisation that outweighs the task."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.motion import motion_of
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import number, too_few


@dataclass(frozen=True)
class Thresholds:
    """When regularisation counts as too strong.

    Args:
        shrunk: Last over first length of the typical weight matrix.
        unasked: The same where no optimizer decays weights, so that it would be a penalty in the loss.
        dropout: Probability of a dropout layer.
        explained: A network that explains more has what it needs.
    """

    shrunk: float = 0.3
    unasked: float = 0.05
    dropout: float = 0.7
    explained: float = 0.85


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD418",
    "over-regularised",
    "Regularisation outweighs the task",
    detects=(
        "weight matrices that shrink to {shrunk:.0%} of their length or less ({unasked:.0%} without"
        " weight decay), or dropout of {dropout} and more, while less than {explained:.0%} of the"
        " training rows is explained"
    ),
    why="The penalty is paid before the task is learned.",
    fix="Lower weight decay, the weight of the penalty or dropout, ten times at first.",
    source="length of the weight matrices over the training; dropout layers of the network",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge whether weights are pulled to zero, or most of the network is switched off.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    facts = signals.recording.facts
    motion = motion_of(signals)
    dropout = [p for network in facts.get("networks", []) for p in network.get("dropout", [])]
    decay = max((float(p["weight_decay"]) for p in signals.parameters if p["matrix"]), default=0.0)
    evidence = {
        "shrunk": motion.shrunk,
        "weight_decay": decay,
        "dropout": max(dropout, default=0.0),
        "n": signals.steps,
    }
    poor = not signals.explained > THRESHOLDS.explained
    # Without weight decay a task may ask for small weights; only next to nothing tells of a penalty.
    least = THRESHOLDS.shrunk if decay > 0 else THRESHOLDS.unasked
    shrinking = math.isfinite(motion.shrunk) and motion.shrunk < least
    if shrinking and poor:
        names = ["weight_decay"] if decay > 0 else []
        cause = f"weight decay {number(decay)}" if names else "a penalty in the loss"
        value = decay / 10 if names else None
        action = Action(
            "less_regularization",
            f"Lower {cause} ten times, then look again.",
            param=names[0] if names else None,
            value=value,
        )
        title = (
            f"Weights shrink to {motion.shrunk:.1%} of their first length: {cause} outweighs the"
            " task"
        )
        return CHECK.finding("problem", title, evidence=evidence, action=action)
    strong = [p for p in dropout if p >= THRESHOLDS.dropout]
    if (
        strong
        and not signals.explained > 0.75
        and len(strong) >= 0.3 * len(dropout)
        and _training_suffers(signals)
    ):
        action = Action(
            "less_regularization", "Lower dropout to 0.1 to 0.3.", param="dropout", value=0.2
        )
        title = (
            f"Dropout of {max(strong):g} switches off most of the network, and little is learned"
        )
        return CHECK.finding("problem", title, evidence=evidence, action=action)
    return CHECK.finding("passed", "No regularisation outweighs the task", evidence=evidence)


def _training_suffers(signals: Signals) -> bool:
    """With dropout at work the network says less than in evaluations, or it says little at all."""
    held = signals.recording.series("eval/valid/accuracy")
    if not held.size:
        held = signals.recording.series("eval/train_score")
        held = held if held.size and np.nanmax(np.abs(held)) <= 1.0 else np.empty(0)
    if held.size and len(signals.accuracy):
        return (
            bool(np.nanmedian(held[-3:]) > signals.accuracy.last + 0.05) or signals.explained < 0.5
        )
    return signals.explained < 0.5 or not math.isfinite(signals.explained)
