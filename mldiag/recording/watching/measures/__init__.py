"""What else is measured at a step that is looked at, one file each.

A measure is a module with `NAME`, the name of its series in the recording, and `measure(step)`: a number, or
as many at every step, or None where there is nothing to measure. It must change nothing: neither weights, nor
gradients, nor random states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from mldiag.recording.watching.measures import learning_rates, softmax_twice
from mldiag.recording.watching.measures.step import LookedAtStep

__all__ = ["MEASURES", "LookedAtStep", "Measure", "measured"]


class Measure(Protocol):
    """A file of a measure."""

    NAME: str

    def measure(self, step: LookedAtStep) -> Any:
        """What the step shows: numbers, a tensor on any device, or None."""


MEASURES: tuple[Measure, ...] = (learning_rates, softmax_twice)


def measured(step: LookedAtStep, failed: Callable[[str, Exception], None]) -> dict[str, Any]:
    """What all measures say of a step, by the names of their series.

    Args:
        step: The step.
        failed: Told of a measure that cannot be taken; the others are.
    """
    row: dict[str, Any] = {}
    for module in MEASURES:
        try:
            value = module.measure(step)
        except Exception as error:  # a diagnosis must not end a training
            failed(f"the measure {module.NAME}", error)
        else:
            if value is not None:
                row[module.NAME] = value
    return row
