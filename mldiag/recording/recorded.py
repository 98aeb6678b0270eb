"""What was measured of one training: plain facts and arrays, nothing of the training itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Recording:
    """A training as it was seen from outside; plain data that any process can judge.

    Args:
        facts: What does not change from step to step, as strict JSON data:
            `task`, `networks`, `parameters`, `layers`, `optimizers` (lists of mappings, in the order of the
            arrays' columns), `steps`, `updates`, `batch`, `birth`, `notices`, `not_seen`; see
            `docs/probe.md`.
        arrays: Series by name, with a slash between subject and quantity, such as `loss/mean` of shape
            (bins,) or `gradient/norm` of shape (samples, parameters); NaN where nothing was measured.

    Example:
        >>> recording = Recording({"steps": 2}, {"loss/mean": np.array([2.0, 1.0])})
        >>> recording.steps, recording.series("loss/mean").tolist(), recording.series("lr").size
        (2, [2.0, 1.0], 0)
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def series(self, name: str) -> NDArray[Any]:
        """The array of that name; empty where it was not measured."""
        return self.arrays.get(name, np.empty(0))

    def has(self, name: str) -> bool:
        """Whether the array is there with at least one finite number."""
        array = self.arrays.get(name)
        return array is not None and array.size > 0 and bool(np.isfinite(array).any())

    @property
    def steps(self) -> int:
        """Number of times that `step` was called."""
        return int(self.facts.get("steps", 0))

    @property
    def task(self) -> str | None:
        """The task word that was given, or that outputs and targets tell; None where they do not."""
        task = self.facts.get("task")
        return None if task is None else str(task)

    @property
    def parameters(self) -> Sequence[Mapping[str, Any]]:
        """What is known of each parameter tensor, in the order of the columns of `gradient/norm`."""
        return list(self.facts.get("parameters", ()))

    @property
    def layers(self) -> Sequence[Mapping[str, Any]]:
        """What is known of each layer whose output was seen, in the order of the columns of `output/*`."""
        return list(self.facts.get("layers", ()))

    def __eq__(self, other: object) -> bool:
        """Equal facts and equal arrays, NaN counting as equal to NaN."""
        if not isinstance(other, Recording):
            return NotImplemented
        return (
            dict(self.facts) == dict(other.facts)
            and self.arrays.keys() == other.arrays.keys()
            and all(_same(self.arrays[name], other.arrays[name]) for name in self.arrays)
        )

    __hash__ = None  # type: ignore[assignment]


def _same(first: NDArray[Any], second: NDArray[Any]) -> bool:
    kind = first.dtype.kind
    return np.array_equal(first, second, equal_nan=kind == "f" and second.dtype.kind == "f")
