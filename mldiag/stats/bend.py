"""Scores far below the top drawn nearer to it, so that a cliff does not hide what is near the top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NOISE_WIDTH = 3.0
"""Standard deviations of a value over its repeats that are never bent."""


@dataclass(frozen=True, slots=True)
class Bend:
    """How scores far below the top are drawn nearer to it.

    Down to `width` below `top` nothing changes; beyond it distances grow as their logarithm. A learning
    rate at which training collapses then bends the curve, but does not hide what is near the top.

    Args:
        top: The highest level.
        width: The distance from it at which the bending begins.

    Example:
        >>> bend = Bend(0.9, 0.1)
        >>> bend.apply(np.array([0.9, 0.85, -1e6])).round(2).tolist()
        [0.9, 0.85, -0.81]
        >>> bend.undo(bend.apply(np.array([0.85, 0.1]))).round(2).tolist()
        [0.85, 0.1]
    """

    top: float
    width: float

    def apply(self, level: Floats) -> Floats:
        """Bent levels, of any shape."""
        depth, width = self.top - level, self.width
        far = width * (1 + np.log(np.maximum(depth, width) / width))
        return np.asarray(self.top - np.where(depth > width, far, depth))

    def undo(self, bent: Floats) -> Floats:
        """The levels that were bent."""
        depth, width = self.top - bent, self.width
        far = width * np.exp(np.minimum(depth / width - 1, 700))
        return np.asarray(self.top - np.where(depth > width, far, depth))


def bend_of(scores: Floats, effect: Floats) -> Bend:
    """The bend that fits the scores: it leaves alone the better half, and what noise alone can do.

    Args:
        scores: Shape (C, R), higher is better; what is not finite is left out.
        effect: Shape (R,): the repeats' parts.
    """
    finite = np.isfinite(scores)
    tried = finite.any(axis=1)
    if not tried.any():
        return Bend(0.0, 1.0)
    level = np.where(finite, scores - effect, 0.0)[tried].sum(axis=1) / finite[tried].sum(axis=1)
    depth = level.max() - level
    repeated = [row[ok] for row, ok in zip(scores, finite, strict=True) if ok.sum() > 1]
    spread = float(max(repeated, key=np.mean).std(ddof=1)) if repeated else 0.0
    width = max(
        2 * float(np.median(depth)),
        0.1 * float(np.quantile(depth, 0.75)),
        min(NOISE_WIDTH * spread, float(depth.max())),
    )
    return Bend(float(level.max()), width if width > 0 else 1.0)


def bent(scores: Floats, bend: Bend, effect: Floats) -> Floats:
    """Bent scores that keep the repeats' parts, failures below them all; NaN where not run."""
    part = np.clip(effect, -bend.width, bend.width)
    finite = np.isfinite(scores)
    found = bend.apply(np.where(finite, scores - part, bend.top))
    lowest = float(found[finite].min()) if finite.any() else bend.top
    found = np.where(finite, found, lowest - bend.width) + part
    return np.where(np.isnan(scores), np.nan, found)


def repeat_effects(scores: Floats) -> Floats:
    """How much easier each repeat is than the first, from the values that both have (median)."""
    effect = np.zeros(scores.shape[1])
    finite = np.isfinite(scores)
    for repeat in range(1, scores.shape[1]):
        both = finite[:, 0] & finite[:, repeat]
        if both.any():
            effect[repeat] = float(np.median(scores[both, repeat] - scores[both, 0]))
    return effect
