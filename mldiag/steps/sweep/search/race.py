"""Which points get more repeats: only those that still may win, so that a search is worth its budget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mldiag.steps.sweep.search.tried import Tried

RACERS = 2
"""Points that get more repeats in one round."""


def next_repeats(state: Tried) -> list[tuple[int, range]]:
    """Points that look better than the best one that has all repeats, and the repeats that they get next.

    A point begins with one repeat. While it is better than the best point that has all repeats, over the
    repeats that it has itself, it gets another one, then the rest: so nothing wins on a lucky draw, and
    what has lost costs no more (as SMAC's intensification does, Hutter, Hoos and Leyton-Brown 2011).

    Args:
        state: What was tried.

    Returns:
        Positions with their repeats; empty where no point is left that may win.
    """
    repeats = state.scores.shape[1]
    ahead = np.array(
        [_ahead(row[:done], state.scores[state.leader][:done])
         for row, done in zip(state.scores, state.done, strict=True)]
    )  # fmt: skip
    racing = np.flatnonzero((state.done < repeats) & ~state.broken & (ahead > 0))
    order = racing[np.argsort(-ahead[racing], kind="stable")][:RACERS]
    return [(int(i), range(int(state.done[i]), _up_to(int(state.done[i]), repeats))) for i in order]


def _ahead(scores: NDArray[np.float64], champion: NDArray[np.float64]) -> float:
    """By how much a point is better over its own repeats; behind where there is nothing to compare."""
    if not scores.size or not np.isfinite(scores).all():
        return -np.inf
    known = np.isfinite(champion)
    return float((scores - champion)[known].mean()) if known.any() else float(scores.mean())


def _up_to(done: int, repeats: int) -> int:
    return min(repeats, 2) if done < 2 else repeats
