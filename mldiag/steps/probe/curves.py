"""A noisy curve over steps: where it began, where it ended, whether it still moves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCKS = 10
"""Blocks that the end of a curve is cut into, to tell a trend from noise."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Values over steps, in order; not finite ones are left out.

    Args:
        steps: Shape (n,).
        values: Shape (n,).

    Example:
        >>> steps = np.arange(200.0)
        >>> falling = Curve.of(steps, 2.0 - 0.005 * steps)
        >>> round(falling.first, 2), round(falling.last, 2), falling.trend().z < -10
        (1.99, 1.05, True)
    """

    steps: Floats
    values: Floats

    @classmethod
    def of(cls, steps: NDArray[np.generic], values: NDArray[np.generic]) -> Curve:
        """Leave out what is not finite."""
        steps, values = np.asarray(steps, float), np.asarray(values, float)
        kept = np.isfinite(values)
        return cls(steps[kept], values[kept])

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def first(self) -> float:
        """Median of the first values: up to five of them, at most a tenth of the curve."""
        count = max(1, min(5, len(self) // 10))
        return float(np.median(self.values[:count])) if len(self) else float("nan")

    @cached_property
    def last(self) -> float:
        """Mean of the last tenth."""
        return float(np.mean(self.tail(0.1).values)) if len(self) else float("nan")

    @cached_property
    def best(self) -> float:
        """Smallest mean of a tenth of the curve."""
        if not len(self):
            return float("nan")
        parts = [
            part.mean() for part in np.array_split(self.values, max(1, min(BLOCKS, len(self))))
        ]
        return float(min(parts))

    def tail(self, share: float) -> Curve:
        """The last part, at least one value."""
        start = min(len(self) - 1, int(len(self) * (1.0 - share)))
        return Curve(self.steps[start:], self.values[start:])

    def head(self, share: float) -> Curve:
        """The first part, at least one value."""
        end = max(1, int(len(self) * share))
        return Curve(self.steps[:end], self.values[:end])

    @cached_property
    def noise(self) -> float:
        """Spread from one value to the next that no smooth course explains."""
        if len(self) < 3:
            return 0.0
        jumps = np.diff(self.values, 2) / np.sqrt(6.0)
        return float(np.median(np.abs(jumps)) / 0.6745)

    def trend(self, share: float = 1 / 3) -> Trend:
        """Straight line through block means of the last part of the curve."""
        end = self.tail(share)
        blocks = min(BLOCKS, len(end))
        if blocks < 4:
            return Trend(0.0, 0.0)
        means = np.array([part.mean() for part in np.array_split(end.values, blocks)])
        x = np.arange(blocks) - (blocks - 1) / 2
        slope = float((x * means).sum() / (x**2).sum())
        rest = means - means.mean() - slope * x
        error = float(np.sqrt((rest**2).sum() / (blocks - 2) / (x**2).sum()))
        return Trend(slope * blocks, slope / max(error, 1e-12))


@dataclass(frozen=True)
class Trend:
    """A change over a part of a curve.

    Args:
        change: From its beginning to its end, in the unit of the values.
        z: Slope over its standard error.
    """

    change: float
    z: float
