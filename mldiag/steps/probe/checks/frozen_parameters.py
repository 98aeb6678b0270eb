"""MD403: weights that do not train, and it looks like an accident."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """When weights that do not move count as an accident.

    Args:
        share: Share of all weights that stands still.
        explained: Share explained below which layers frozen at their random start are a fault.
    """

    share: float = 0.02
    explained: float = 0.6


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD403",
    "frozen-parameters",
    "Weights are frozen by accident",
    detects=(
        "weight matrices that get a gradient and that no optimizer steps, that an optimizer steps"
        " and that never get a gradient, or that are frozen exactly as torch initialised them:"
        " {share:.0%} of all weights or more"
    ),
    why="What does not train stays random, and everything behind it has to make do with that.",
    fix=(
        "Hand all parameters to the optimizer after the network is complete; look for detach(),"
        " no_grad() or requires_grad=False in between."
    ),
    source="gradients and weights of every matrix over the training",
    thresholds=THRESHOLDS,
)


_WORDS = (
    (
        "get a gradient and no optimizer steps them",
        "Make the optimizer after the network is complete, from net.parameters(), or add a parameter "
        "group for them.",
    ),
    (
        "are stepped and never get a gradient",
        "Look between these layers and the loss for detach(), .data, .item(), no_grad() or an argmax: "
        "the gradient ends there. Where they are not used, leave them out.",
    ),
    (
        "are frozen as torch initialised them: they have never learned anything",
        "Set requires_grad to True for them, or load the trained weights that were meant to be frozen.",
    ),
)


def judge(signals: Signals) -> Finding:
    """Judge weights that stand still.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals, 6)
    if few is not None:
        return few
    left_out, no_gradient, untouched = _groups(signals)
    whole = sum(int(np.prod(p["shape"])) for p in signals.parameters) or 1
    for columns, (what, text) in zip((left_out, no_gradient, untouched), _WORDS, strict=True):
        size = sum(int(np.prod(signals.parameters[k]["shape"])) for k in columns)
        if not columns or size < THRESHOLDS.share * whole:
            continue
        names = signals.names(columns)
        evidence = {"parameters": names[:50], "weights": size, "of": whole}
        # Random features are frozen on purpose, too: only where they do not serve is it a fault.
        harmless = columns is untouched and not signals.explained < THRESHOLDS.explained
        return CHECK.finding(
            "advice" if harmless else "problem",
            f"{listed(names)} {what}",
            evidence=evidence,
            action=Action("fix_bug", text),
        )
    return CHECK.finding(
        "passed", "Every weight that should train does", evidence={"weights": whole}
    )


def _groups(signals: Signals) -> tuple[list[int], list[int], list[int]]:
    parameters = signals.parameters
    gradient = signals.recording.series("gradient/norm")
    trains = {p["network"] for p in parameters if p["optimizer"] is not None}
    left_out = [
        k
        for k, p in enumerate(parameters)
        if p["left_out"] and p["matrix"] and p["trainable"] and p["network"] in trains
    ]
    no_gradient: list[int] = []
    if gradient.ndim == 2 and len(gradient) >= 3:
        alive = np.nan_to_num(gradient, nan=0.0).max(axis=0) > 0
        seen = np.nan_to_num(gradient, nan=0.0).max() > 0
        for k, p in enumerate(parameters):
            stepped = p["optimizer"] is not None
            # A matrix whose gradient is a true zero is vanishing or dead, not cut off: that has no
            # gradient at all.
            none = k < len(alive) and not alive[k] and bool(np.isnan(gradient[:, k]).all())
            if p["matrix"] and p["trainable"] and stepped and none and seen:
                no_gradient.append(k)
    trainable = [k for k, p in enumerate(parameters) if p["trainable"] and p["matrix"]]
    trained = {parameters[k]["network"] for k in trainable}  # a teacher trains nowhere, on purpose
    untouched = [
        k
        for k, p in enumerate(parameters)
        if p["untouched"] and p["matrix"] and p["network"] in trained
    ]
    return left_out, no_gradient, untouched
