"""Is a score better than chance, where chance is the same predictions for other rows?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

PERMUTATIONS = 999


@dataclass(frozen=True, slots=True)
class Chance:
    """A score beside what the same predictions score when the targets change places.

    Args:
        score: As measured, higher is better.
        mean: Mean over the permutations: the score of chance.
        highest: Highest of them.
        p_value: Share of permutations that score at least as well, the measured one counted in.
    """

    score: float
    mean: float
    highest: float
    p_value: float


def against_chance(
    truth: Any,
    values: Any,
    score: Callable[[Any, Any], float],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> Chance | None:
    """Compare a score with that of the same predictions for permuted targets (Ojala and Garriga 2010).

    What the predictions are like (how often each class, how large) is kept, so that nothing but their
    belonging to the rows is tested.

    Args:
        truth: Targets, shape (n, ...).
        values: Predictions, shape (n, ...).
        score: `(truth, values) -> float`, higher is better.
        permutations: How many.
        seed: Of the permutations.

    Returns:
        None where the score is not defined on these rows.

    Example:
        >>> truth = np.arange(40) % 2
        >>> hits = lambda t, v: float(np.mean(t == v))
        >>> against_chance(truth, truth, hits).p_value, against_chance(truth, truth * 0, hits).p_value
        (0.001, 1.0)
    """
    targets = np.asarray(truth)
    random = np.random.default_rng(seed)
    try:
        measured = float(score(targets, values))
        others = np.array(
            [score(targets[random.permutation(len(targets))], values) for _ in range(permutations)]
        )
    except ValueError:  # one class only, say
        return None
    if not np.isfinite(measured) or not np.isfinite(others).all():
        return None
    as_good = 1 + int((others >= measured - 1e-12).sum())
    return Chance(measured, float(others.mean()), float(others.max()), as_good / (permutations + 1))
