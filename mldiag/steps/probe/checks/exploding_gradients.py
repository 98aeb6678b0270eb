"""MD408: gradients that grow beyond what a step can carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When gradients count as exploding.

    Args:
        start: Gradient over weight at the start, as a power of ten.
        growth: Powers of ten by which gradients grow later, over their median.
    """

    start: float = 2.5
    growth: float = 4.0


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD408",
    "exploding-gradients",
    "Gradients explode",
    detects=(
        "a gradient longer than ten to the {start:g} times its weights in the first steps, or"
        " {growth:g} powers of ten above its own median later, with a loss that goes up"
    ),
    why="One such step throws the weights far from everything learned.",
    fix=(
        "Clip the norm of the gradient, begin with smaller (orthogonal) recurrent weights, use"
        " normalising layers or residual connections."
    ),
    source="Pascanu et al. 2013; thresholds measured on healthy networks",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge the length of the gradients.

    Args:
        signals: Numbers of the recording.
    """
    relative = signals.relative_gradients
    if not relative.size or not np.isfinite(relative).any():
        raw = signals.of_matrices("gradient/norm")
        if raw.size and np.isinf(raw).any():
            return _problem("Gradients are infinite from the first step", {"at_start": True})
        return CHECK.finding("not_applicable", "No gradient of a weight matrix was seen")
    largest = np.nanmax(np.where(np.isfinite(relative), relative, np.nan), axis=1)
    raw = signals.of_matrices("gradient/norm")
    early_infinite = bool(np.isinf(raw[:3]).any())
    start, median = float(np.nanmax(largest[:3])), float(np.nanmedian(largest))
    peak = float(np.nanmax(largest))
    evidence = {"start": start, "median": median, "peak": peak, "n_samples": len(largest)}
    values = signals.loss.values
    broken = signals.recording.series("loss/broken")
    lost = bool(broken.size and broken.sum()) or signals.recording.facts.get("birth") is not None
    leapt = len(values) > 4 and float(np.max(values[:10])) > 3 * max(abs(float(values[0])), 1e-12)
    if (start > THRESHOLDS.start and (lost or leapt or signals.stuck)) or early_infinite:
        times = "infinitely" if early_infinite else f"{number(10**start)} times"
        title = f"The first gradients are {times} as long as the weights they change"
        return _problem(title, evidence | {"at_start": True})
    rose = len(values) > 4 and np.max(values) > 10 * max(abs(values[0]), 1e-12)
    up = rose and signals.should_fall
    if peak - median > THRESHOLDS.growth and up:
        title = (
            f"Gradients grow to {number(10 ** (peak - median))} times their usual length, and the"
            " loss with them"
        )
        return _problem(title, evidence)
    return CHECK.finding("passed", "No gradient is far above its usual length", evidence=evidence)


def _problem(title: str, evidence: Mapping[str, object]) -> Finding:
    action = Action(
        "stabilize_training",
        "Clip the gradient (torch.nn.utils.clip_grad_norm_ at 1.0), and begin with weights that"
        " keep the size of what goes through: orthogonal ones for recurrence, Kaiming's for ReLU.",
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
