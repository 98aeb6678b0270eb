"""What a curve says about more rows: the forecast of the next doubling, held against what is worth having."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mldiag.findings import CLAIM_ERROR
from mldiag.steps.learning_curve.curve import Curve, with_repeats

Verdict = Literal["still improving", "saturated", "getting worse", "inconclusive"]


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of the verdict.

    Args:
        claim_error: One-sided error of "still improving" and of "getting worse"; see `CLAIM_ERROR`.
        missed_error: Chance that a curve called saturated would gain what is worth having; the share
            above an 80 % interval.
        first_look: Part of each error that a first look may spend, because a second one may follow.
        likely: Chance of what is worth having from which more data are advised.
        repeats: Numbers of repeats of which it is said whether they would settle an open verdict.
    """

    claim_error: float = CLAIM_ERROR
    missed_error: float = 0.1
    first_look: float = 0.6
    likely: float = 0.5
    repeats: tuple[int, ...] = (10, 20, 50, 100)


THRESHOLDS = Thresholds()

FEWEST_REPEATS = 2
"""One run of each size tells nothing of its noise but by its own roughness: too little for a claim."""


def verdict_of(curve: Curve, *, first_look: bool = False) -> Verdict:
    """Judge a curve.

    Args:
        curve: The curve.
        first_look: Whether a second look may follow; then only what is clearer settles it.
    """
    part = THRESHOLDS.first_look if first_look else 1.0
    ahead = curve.ahead
    if ahead is None or repeats_of(curve) < FEWEST_REPEATS:
        return "inconclusive"
    any_gain = ahead.chance(0.0)
    worth_having = ahead.chance(curve.worth)
    if curve.doubling.p_less < part * THRESHOLDS.claim_error and any_gain < THRESHOLDS.likely:
        return "getting worse"
    if worth_having <= part * THRESHOLDS.missed_error:
        return "saturated"
    sure = any_gain >= 1 - part * THRESHOLDS.claim_error
    return "still improving" if sure and worth_having >= THRESHOLDS.likely else "inconclusive"


def repeats_of(curve: Curve) -> int:
    """Repeats that gave a score at some size."""
    return int(np.isfinite(curve.scores).any(axis=0).sum())


def repeats_that_settle(curve: Curve) -> int | None:
    """Repeats that would settle an open verdict if every mean stayed where it is; None where none would."""
    have = repeats_of(curve)
    for repeats in THRESHOLDS.repeats:
        if repeats > have and verdict_of(with_repeats(curve, repeats)) != "inconclusive":
            return repeats
    return None
