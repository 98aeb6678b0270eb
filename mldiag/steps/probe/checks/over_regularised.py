"""MD418: regularisation that outweighs the task."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.motion import motion_of
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When regularisation counts as too strong.

    Args:
        shrunk: Last over first length of the typical weight matrix.
        unasked: The same where no optimizer decays weights, so that it would be a penalty in the loss.
        dropout: Probability of a dropout layer.
        explained: A network that explains more has what it needs.
        outweighs: A part of the loss outweighs the others where it begins this many times as large,
        paid: and this share of it is gone at the end,
        left: while no more than this share of the others is.
        least: Share of the training rows explained, above which the others are learned after all.
    """

    shrunk: float = 0.3
    unasked: float = 0.05
    dropout: float = 0.7
    explained: float = 0.85
    outweighs: float = 2.0
    paid: float = 0.9
    left: float = 0.15
    least: float = 0.3


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD418",
    "over-regularised",
    "Regularisation outweighs the task",
    detects=(
        "weight matrices that shrink to {shrunk:.0%} of their length or less ({unasked:.0%} without"
        " weight decay), or dropout of {dropout} and more, while less than {explained:.0%} of the"
        " training rows is explained; or a part of the loss that begins {outweighs:g} times as large as the"
        " others together and is paid off to {paid:.0%}, while {left:.0%} of the others or less is gone"
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
    part = _outweighing_part(signals)
    if part and not signals.explained > THRESHOLDS.least:
        title = f"The loss's part {part} is paid off, and next to nothing of the rest is learned"
        action = Action("less_regularization", f"Lower the weight of {part} ten times.")
        return CHECK.finding("problem", title, evidence=evidence | {"part": part}, action=action)
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


def _outweighing_part(signals: Signals) -> str:
    """The named part of the loss that is paid before all others are learned; empty where there is none."""
    names = [n for n in signals.recording.arrays if n.startswith("losses/") and n.endswith("/mean")]
    courses = {name: signals.recording.series(name) for name in names}
    courses = {name: values[np.isfinite(values)] for name, values in courses.items()}
    if len(courses) < 2 or min(map(len, courses.values())) < 10:
        return ""
    begin = {n: abs(float(np.median(v[: max(1, len(v) // 20)]))) for n, v in courses.items()}
    end = {n: abs(float(np.median(v[-max(1, len(v) // 10) :]))) for n, v in courses.items()}
    largest = max(begin, key=lambda name: float(np.max(np.abs(courses[name]))))
    peak = float(np.max(np.abs(courses[largest])))
    others = sum(value for name, value in begin.items() if name != largest)
    left = sum(value for name, value in end.items() if name != largest)
    t = THRESHOLDS
    outweighs = peak > t.outweighs * others > 0 and end[largest] < (1 - t.paid) * peak
    return largest.split("/")[1] if outweighs and left > (1 - t.left) * others else ""


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
