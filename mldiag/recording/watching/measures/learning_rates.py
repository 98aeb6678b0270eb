"""The learning rate of each parameter group."""

from __future__ import annotations

import math

from mldiag.recording.watching.measures.step import LookedAtStep

NAME = "lr"


def measure(step: LookedAtStep) -> list[float] | None:
    """The rates now, in the order of optimizers and groups; NaN for an optimizer without one."""
    rates = [
        float(group.get("lr", math.nan))
        for optimizer in step.watched.optimizers
        for group in optimizer.param_groups
    ]
    return rates or None
