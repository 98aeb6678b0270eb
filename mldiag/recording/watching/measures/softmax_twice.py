"""Whether the loss takes the softmax of probabilities: 1 or 0 at every step whose loss has its graph."""

from __future__ import annotations

from mldiag.recording.softmax_path import squashed_twice
from mldiag.recording.watching.measures.step import LookedAtStep

NAME = "loss/softmax_twice"


def measure(step: LookedAtStep) -> float | None:
    """1 where it does; None where the loss was told as a number."""
    if getattr(step.loss, "grad_fn", None) is None:
        return None
    return float(squashed_twice(step.loss) in ("Softmax", "Sigmoid"))
