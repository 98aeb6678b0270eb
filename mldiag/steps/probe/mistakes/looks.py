"""The same rows over evaluations: what was learned, forgotten, and stays hard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mldiag.recording.recorded import Recording

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Looks:
    """Which rows were right at each evaluation.

    Args:
        right: Shape (looks, rows).
        steps: Training steps at each look, shape (looks,).
    """

    right: Mask
    steps: Floats

    @cached_property
    def forgotten(self) -> Whole:
        """How often each row was right and wrong at the next look (Toneva et al. 2019), shape (rows,)."""
        return np.asarray((self.right[:-1] & ~self.right[1:]).sum(axis=0), dtype=np.int64)

    @cached_property
    def never(self) -> Mask:
        """Rows that were never right, shape (rows,)."""
        return np.asarray(~self.right.any(axis=0))

    @cached_property
    def late(self) -> Looks:
        """The second half of the looks, at least two."""
        start = min(len(self.right) // 2, len(self.right) - 2)
        return Looks(self.right[start:], self.steps[start:])

    @cached_property
    def flicker(self) -> float:
        """Share of right rows that are wrong at the next look; NaN where none was ever right."""
        was = int(self.right[:-1].sum())
        return float(self.forgotten.sum()) / was if was else float("nan")

    @cached_property
    def flicker_of_chance(self) -> float:
        """What it would be were each look's mistakes drawn anew: the share of wrong rows at the next look."""
        was = self.right[:-1].sum(axis=1).astype(float)
        wrong = 1.0 - self.right[1:].mean(axis=1)
        return float((was * wrong).sum() / was.sum()) if was.sum() else float("nan")


def looks_of(recording: Recording) -> Looks | None:
    """The looks at the same rows; None where there are fewer than two.

    Example:
        >>> found = looks_of(Recording({}, {"eval/right": np.array([[1, 0], [0, 0], [1, 1]], bool)}))
        >>> found.forgotten.tolist(), found.never.tolist(), found.flicker
        ([1, 0], [False, False], 1.0)
    """
    right = recording.series("eval/right")
    if right.ndim != 2 or min(right.shape, default=0) < 2:
        return None
    steps = recording.series("eval/look_step")
    if len(steps) != len(right):
        steps = np.arange(len(right), dtype=np.float64)
    return Looks(np.asarray(right, dtype=bool), np.asarray(steps, dtype=np.float64))


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's correlation; 0 where one of them is constant.

    Example:
        >>> rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0]))
        1.0
    """
    from scipy.stats import rankdata

    a, b = rankdata(first), rankdata(second)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return round(float((a * b).sum()) / size, 12) if size > 0 else 0.0
