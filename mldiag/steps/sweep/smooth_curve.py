"""What a fitted curve says of a parameter: its height by value, and where the best value lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Interval
from mldiag.trial_spec import Plain


@dataclass(frozen=True, eq=False)
class SmoothCurve:
    """A smooth curve through the scores of a parameter's values, with 80 % bands.

    Args:
        values: The candidates, in order, shape (C,).
        mean: The curve in the user's metric (C,), at the level of the default's repeats.
        low: Lower end of its band (C,).
        high: Upper end of its band (C,).
        best: Position of its best value.
        best_low: Position of the lower end of the 80 % interval of the best value.
        best_high: Position of the upper end.
        differences: Each candidate against the default; positive is better.
        known: Where the curve means something in the metric's unit (C,): not far below the top, where the
            scores were drawn nearer to it before it was fitted.
        repeat_parts: How much higher each repeat scores than the average one (R,), in the metric's unit.
    """

    values: tuple[Plain, ...]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    best: int
    best_low: int
    best_high: int
    differences: tuple[Interval, ...]
    known: NDArray[np.bool_]
    repeat_parts: NDArray[np.float64]

    @property
    def best_value(self) -> Plain:
        """The smoothed optimum."""
        return self.values[self.best]

    @property
    def best_range(self) -> tuple[Plain, Plain]:
        """The 80 % interval of the best value."""
        return self.values[self.best_low], self.values[self.best_high]
