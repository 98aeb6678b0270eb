"""What else is measured at a step that is looked at, one file each.

A measure is a module with `NAME`, the name of its series in the recording, and `measure(step)`: a number, or
as many at every step, or None where there is nothing to measure. It must change nothing: neither weights, nor
gradients, nor random states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch

from mldiag.recording.watching.measures import learning_rates, softmax_twice
from mldiag.recording.watching.measures.step import LookedAtStep

__all__ = ["MEASURES", "LookedAtStep", "Measure", "Measures"]


class Measure(Protocol):
    """A file of a measure."""

    NAME: str

    def measure(self, step: LookedAtStep) -> Any:
        """What the step shows: numbers, a tensor on any device, or None."""


MEASURES: tuple[Measure, ...] = (learning_rates, softmax_twice)


class Measures:
    """Takes the measures of one training; what one of them gives wrongly costs that one alone.

    Args:
        failed: Told of a measure that cannot be taken.
    """

    def __init__(self, failed: Callable[[str, Exception], None]) -> None:
        self._failed = failed
        self._dimensions: dict[str, int] = {}

    def taken(self, step: LookedAtStep) -> dict[str, Any]:
        """What all measures say of a step, by the names of their series."""
        row: dict[str, Any] = {}
        for module in MEASURES:
            try:
                value = module.measure(step)
                if value is not None:
                    row[module.NAME] = self._checked(module.NAME, value)
            except Exception as error:  # a diagnosis must not end a training
                self._failed(f"the measure {module.NAME}", error)
        return row

    def _checked(self, name: str, value: Any) -> torch.Tensor:
        """A number, or numbers in a line: at every step what it was at the first."""
        numbers = torch.as_tensor(value).detach()
        dimensions = self._dimensions.setdefault(name, numbers.dim())
        if numbers.dim() != dimensions or dimensions > 1:
            raise ValueError(f"numbers of shape {tuple(numbers.shape)}")
        return numbers
