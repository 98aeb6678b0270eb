"""MD203: does the train function train on the rows that it was given?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.learning_curve.curve import Curve


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD203.

    Args:
        sizes: Sizes that must agree to the last digit before it is taken for more than chance.
    """

    sizes: int = 3


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD203",
    slug="rows-ignored",
    title="Does the training use the rows it is given?",
    detects=(
        "At least {sizes} training sizes give the same score to the last digit in every repeat, and the "
        "score is not at its bound; and whether the code ever read the training rows."
    ),
    why="A function that loads all its data itself gives a flat curve that means nothing.",
    fix="Train on trial.X_train and trial.y_train, or on the row numbers trial.train.",
    source="By construction: different training rows that change no digit of a score were not used.",
    thresholds=THRESHOLDS,
)


def judge(curve: Curve) -> Finding | None:
    """A problem where the rows change nothing; None where they do or it cannot be told."""
    scored = np.isfinite(curve.scores).all(axis=1)
    scores = curve.scores[scored]
    if len(scores) < THRESHOLDS.sizes or np.ptp(scores, axis=0).any():
        return None
    bounds = [bound for bound in (curve.metric.low, curve.metric.high) if bound is not None]
    if np.isin(scores, bounds).all():
        return None
    return CHECK.finding(
        "problem",
        "The training rows change nothing: the score is the same at every size",
        explanation=(
            "The train function never read the training rows it was given."
            if _never_read(curve)
            else "The train function read the training rows, but its score does not depend on them."
        ),
        evidence={
            "sizes": len(scores),
            "repeats": scores.shape[1],
            "never_read": _never_read(curve),
        },
        action=Action(
            "fix_bug", "Train on trial.X_train and trial.y_train, or on rows trial.train."
        ),
    )


def _never_read(curve: Curve) -> bool:
    """Whether the rows that the code read are the same at every size of a repeat."""
    digests = [
        {result.rows_digest for result in repeat if result is not None}
        for repeat in zip(*curve.results, strict=True)
    ]
    return all(len(read) == 1 for read in digests)
