"""What the output of a layer in NumPy tells about its units, in the words of the watch of a network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS = 128
"""Rows (examples, or places in them) of an output that are looked at."""

UNITS = 128
"""Units of an output that are looked at."""

QUANTITIES = (
    "mean", "sd", "off", "dead", "full", "largest", "row_sd", "alike", "finite", "stuck",
)  # fmt: skip
"""Names of the numbers, here and in `recording.watching.unit_stats`, in order.

`mean` and `sd` over all rows and units; `off` share of exact zeros; `dead` share of units that are zero in
every
row; `full` share of values at an end of the activation's range; `largest` absolute value; `row_sd` mean
over the
units of their spread over the rows; `alike` spread between the units of a row over the whole spread (zero:
all
units compute the same); `finite` share of finite values; `stuck` share of units at an end of the range in
every row.
"""

RANGES: dict[str, tuple[float, float]] = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hardtanh": (-1.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "softsign": (-1.0, 1.0),
}
"""Ends of the range of activations that saturate."""

NEAR_END = 0.01
"""A value is at an end of its range within this share of the range: a sigmoid's slope is a 25th of its
largest
there."""


def unit_numbers(output: NDArray[Any], kind: str) -> tuple[list[float], NDArray[np.float32]]:
    """The quantities of an output, and which of its units were on.

    Args:
        output: Shape (rows, units).
        kind: Name of the activation.

    Returns:
        (numbers in the order of `QUANTITIES`, share of rows in which each unit is not zero, shape (units,)).

    Example:
        >>> numbers, on = unit_numbers(np.array([[0.0, 1.0], [0.0, 3.0]]), "relu")
        >>> dict(zip(QUANTITIES, numbers))["dead"], on.tolist()
        (0.5, [0.0, 1.0])
    """
    matrix = np.asarray(
        output[:ROWS, :: max(1, output.shape[1] // UNITS)][:, :UNITS], dtype=np.float64
    )
    finite = np.isfinite(matrix)
    matrix = np.where(finite, matrix, 0.0)
    on = (matrix != 0).mean(0)
    sd = float(matrix.std())
    full = stuck = 0.0
    if kind in RANGES:
        low, high = RANGES[kind]
        margin = NEAR_END * (high - low)
        ends = (matrix < low + margin) | (matrix > high - margin)
        full, stuck = float(ends.mean()), float(ends.all(0).mean())
    alike = 1.0
    if matrix.shape[1] > 1:
        alike = float(matrix.std(1).mean() / (sd + np.abs(matrix).mean() * 1e-6 + 1e-30))
    numbers = [
        float(matrix.mean()), sd, float(1.0 - on.mean()), float((on == 0).mean()), full,
        float(np.abs(matrix).max()), float(matrix.std(0).mean()), alike, float(finite.mean()), stuck,
    ]  # fmt: skip
    return numbers, on.astype(np.float32)
