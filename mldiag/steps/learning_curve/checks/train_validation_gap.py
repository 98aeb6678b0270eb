"""MD202: what the distance between train and validation score says, read together with the curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mldiag.findings import Check, Finding
from mldiag.steps.learning_curve.curve import Curve
from mldiag.steps.learning_curve.verdict import Verdict
from mldiag.wording import amount, score


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD202.

    Args:
        interpolation: A learner whose train score comes this close to perfect at every size fits its
            training rows exactly.
        together: Train and validation rise together where the last doubling raises the train score by at
            least this share of what it raises the validation score.
    """

    interpolation: float = 1e-3
    together: float = 0.5


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD202",
    slug="train-validation-gap",
    title="What does the gap between train and validation score say?",
    detects=(
        "The gap at all rows is shown and never judged alone: a random forest always has a perfect train "
        "score. Where the validation score still rises with rows (MD201), it is variance if the train "
        "score falls or stays; if that rises too, by {together:.0%} or more as much, the model does not "
        "yet fit what it has seen. A train score within {interpolation:g} of perfect at every size is "
        "named interpolation."
    ),
    why="It tells a model that cannot fit (bias) from one that cannot generalise yet (variance).",
    fix=(
        "Variance: more rows, augmentation, or a paired trial with more regularisation. Bias: only a "
        "reference model or a target score can tell it from the ceiling of the data."
    ),
    source="Belkin et al. (2019), PNAS 116(32), for learners that interpolate and still generalise.",
    thresholds=THRESHOLDS,
)


def judge(curve: Curve, verdict: Verdict) -> Finding:
    """Read the gap at the largest size together with the verdict on the curve."""
    train, valid = curve.train[curve.last].estimate, curve.valid[curve.last].estimate
    if not math.isfinite(train):
        return CHECK.finding(
            "not_applicable",
            "No train score was reported, so the gap cannot be shown",
            explanation=f"Return or report train_{curve.metric.name} beside {curve.metric.name}.",
        )
    gap = curve.metric.sign * (train - valid)
    shown = (
        f"train {score(curve.metric, train)}, validation {score(curve.metric, valid)}, "
        f"gap {amount(curve.metric, gap)}"
    )
    evidence = {"train": train, "validation": valid, "gap": gap, "rows": curve.sizes[curve.last]}
    note = (
        " The learner fits its training rows exactly at every size, so its gap says little."
        if _interpolates(curve)
        else ""
    )
    if verdict == "still improving" and curve.train_rises(THRESHOLDS.together):
        return CHECK.finding(
            "advice",
            f"Train and validation score rise together: {shown}",
            explanation=(
                "With more rows the model also fits its training rows better, so it is not variance: it is "
                "trained too little for what it sees. With a fixed number of epochs more rows are also more "
                "updates. Longer training or a better learning rate may bring the same without more rows."
            ),
            evidence=evidence,
            caused_by="MD201",
        )
    if verdict == "still improving":
        return CHECK.finding(
            "advice",
            f"High variance: {shown}",
            explanation=(
                "The validation score still rises with rows: the model has not yet seen enough for what "
                "it fits. More rows, augmentation or more regularisation narrow the gap." + note
            ),
            evidence=evidence,
            caused_by="MD201",
        )
    if verdict == "inconclusive":
        return CHECK.finding(
            "inconclusive",
            f"The gap cannot be read yet: {shown}",
            explanation="Whether it is variance depends on the curve, which is inconclusive."
            + note,
            evidence=evidence,
            caused_by="MD201",
        )
    return CHECK.finding(
        "passed",
        f"The gap is not what more rows would close: {shown}",
        explanation=(
            "The curve is flat at its end. Whether that is bias or the ceiling of the data takes a "
            "reference model or a target score to tell." + note
        ),
        evidence=evidence,
    )


def _interpolates(curve: Curve) -> bool:
    best = curve.metric.high if curve.metric.maximize else curve.metric.low
    if best is None:
        return False
    scores = [interval.estimate for interval in curve.train[: curve.last + 1]]
    return all(abs(s - best) <= THRESHOLDS.interpolation for s in scores if math.isfinite(s))
