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
        "At least {sizes} training sizes give the same score to the last digit in every repeat, the score is "
        "not at its bound, and the code read the same rows at every size. Where it did read its training "
        "rows, the outcome is inconclusive: a model that has not learned scores the same too."
    ),
    why="A function that loads all its data itself gives a flat curve that means nothing.",
    fix="Train on trial.X_train and trial.y_train, or on the row numbers trial.train.",
    source="By construction: different training rows that change no digit of a score were not used.",
    thresholds=THRESHOLDS,
)


def judge(curve: Curve) -> Finding | None:
    """A problem where the code never reads its training rows; None where the score depends on them."""
    scored = np.isfinite(curve.scores).all(axis=1)
    scores = curve.scores[scored]
    if len(scores) < THRESHOLDS.sizes or np.ptp(scores, axis=0).any():
        return None
    bounds = [bound for bound in (curve.metric.low, curve.metric.high) if bound is not None]
    if np.isin(scores, bounds).all():
        return None
    never_read = _never_read(curve)
    evidence = {"sizes": len(scores), "repeats": scores.shape[1], "never_read": never_read}
    if never_read:
        return CHECK.finding(
            "problem",
            "The training rows are ignored: the score is the same at every size",
            explanation="The train function never read the training rows that it was given.",
            evidence=evidence,
            action=Action(
                "fix_bug", "Train on trial.X_train and trial.y_train, or on rows trial.train."
            ),
        )
    # A model that predicts the same classes whatever it saw scores the same without any bug.
    return CHECK.finding(
        "inconclusive",
        "The score is the same at every size: nothing was learned, or the rows do not matter",
        explanation=(
            "The train function read its training rows, but its score does not depend on how many there "
            "are. A model that has not learned predicts one thing only: a sweep of the learning rate, or "
            "longer training, tells. Else look at whether it trains on trial.train."
        ),
        evidence=evidence,
    )


def _never_read(curve: Curve) -> bool:
    """Whether the rows that the code read are the same at every size of a repeat."""
    digests = [
        {result.rows_digest for result in repeat if result is not None}
        for repeat in zip(*curve.results, strict=True)
    ]
    return all(len(read) == 1 for read in digests)
