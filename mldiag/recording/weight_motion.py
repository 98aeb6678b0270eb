"""How weights in NumPy move: how far from the start, and how neighbouring gradients and updates agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

WINDOW = 3
"""Neighbouring steps whose gradients and updates are held against each other."""

MOST = 20_000
"""Weights that are looked at; of more, evenly spread ones."""

Arrays = Sequence[NDArray[Any]]


class WeightMotion:
    """Follows the weights over the steps that are looked at.

    Example:
        >>> motion = WeightMotion()
        >>> for step in range(3):
        ...     weights, gradient = [np.array([[1.0 - step]])], [np.array([[2.0]])]
        ...     row = motion.step([weights[0] - 1], gradient, weights, looked_at=True)
        >>> row["travel/0"].tolist(), row["window/0"].shape
        ([3.0, 1.0, 1.0, 2.0], (6, 6))
    """

    def __init__(self) -> None:
        self._start: NDArray[np.float64] | None = None
        self._earlier: NDArray[np.float64] | None = None
        self._parts: list[NDArray[np.float64]] = []
        self._full: NDArray[np.float64] | None = None

    @property
    def in_window(self) -> bool:
        """Whether the next step belongs to a window that has begun."""
        return bool(self._parts)

    def step(
        self, after: Arrays, gradients: Arrays | None, before: Arrays, *, looked_at: bool
    ) -> dict[str, NDArray[np.float64]]:
        """Take in a step.

        Args:
            after: Weights after it.
            gradients: Their gradients; None where not known, and there are no windows then.
            before: Weights before it.
            looked_at: Whether the step has a row of its own; else it only belongs to a window.

        Returns:
            For that row `travel/0`: distance from the start, length of the start, distance from the last
            look, length; and `window/0`, the products of the gradients and updates of a window, where one is
            full. Empty where the step has no row.
        """
        now, then = _flat(after), _flat(before)
        if self._start is None:
            self._start = then
        if gradients is not None and (looked_at or self._parts):
            self._parts += [_flat(gradients), now - then]
            if len(self._parts) == 2 * WINDOW:
                stacked = np.stack(self._parts)
                self._full, self._parts = stacked @ stacked.T, []
        if not looked_at:
            return {}
        moved = now - (now if self._earlier is None else self._earlier)
        self._earlier = now
        lengths = [
            float(np.linalg.norm(one)) for one in (now - self._start, self._start, moved, now)
        ]
        row = {"travel/0": np.array(lengths)}
        if self._full is not None:
            row["window/0"], self._full = self._full, None
        return row


def _flat(arrays: Arrays) -> NDArray[np.float64]:
    whole = np.concatenate([np.asarray(one, dtype=np.float64).reshape(-1) for one in arrays])
    return whole[:: len(whole) // MOST + 1]
