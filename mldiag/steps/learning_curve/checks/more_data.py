"""MD201: does the validation score still rise with the number of rows?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mldiag.findings import CLAIM_ERROR, Action, Check, Finding
from mldiag.stats.intervals import is_determined
from mldiag.stats.power import repeats_to_settle, rows_to_settle
from mldiag.stats.trend import DOUBLING_OVERLAP
from mldiag.steps.learning_curve.curve import Curve, Verdict
from mldiag.wording import amount, gain, number, plural, rows_needed, unknown_noise


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD201.

    Args:
        claim_error: One-sided error of "still improving" and of "getting worse"; see `CLAIM_ERROR`.
        most_repeats: More repeats than this are not suggested; nobody runs them.
    """

    claim_error: float = CLAIM_ERROR
    most_repeats: int = 100


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD201",
    slug="more-data",
    title="Is there enough data?",
    detects=(
        "The last doubling of the training rows is measured on the same validation rows, repeat by "
        "repeat. Still improving: the mean paired gain is above zero at a one-sided error of "
        "{claim_error:.0%} and may be worth having. Getting worse: below zero at the same error. "
        "Saturated: the 80 % interval lies below the smallest gain worth having. Else inconclusive."
    ),
    why=(
        "A curve that still rises says that the model has more to learn from rows than from anything "
        "else that is cheap; a flat one says that collecting rows would be wasted."
    ),
    fix="Collect more rows, or make more of them by augmentation; where the curve is flat, do not.",
    source=(
        "Nadeau and Bengio (2003), Inference for the generalization error, Machine Learning 52, for the "
        "variance of overlapping splits; paired differences by common random numbers."
    ),
    thresholds=THRESHOLDS,
)


def judge(curve: Curve) -> tuple[Verdict, Finding]:
    """Judge the last doubling of a curve."""
    verdict = _verdict(curve)
    rows = f"from {curve.sizes[curve.half]:,} to {plural(curve.sizes[curve.last], 'row')}"
    gained = gain(curve.metric, curve.doubling.interval)
    worth = amount(curve.metric, curve.worth)
    evidence: dict[str, Any] = {
        "verdict": verdict,
        "from_rows": curve.sizes[curve.half],
        "to_rows": curve.sizes[curve.last],
        "gain": curve.doubling.interval,
        "n": curve.doubling.n,
        "p_improving": curve.doubling.p_greater,
        "smallest_gain_worth_having": curve.worth,
        "uncertainty": curve.uncertainty,
    }
    if verdict == "still improving":
        return verdict, CHECK.finding(
            "advice",
            f"Still improving: {gained} {rows}",
            explanation="The curve is not flat at its end, so more rows of the same kind will help.",
            evidence=evidence,
            action=Action(
                "more_data",
                f"Collect more rows, or augment them: the last step, {rows}, gave {gained}.",
            ),
        )
    if verdict == "saturated":
        return verdict, CHECK.finding(
            "passed",
            f"Saturated: {gained} {rows}, less than the {worth} worth having",
            explanation="More rows of the same kind would hardly help; look elsewhere.",
            evidence=evidence,
            action=Action("none", "Do not collect more rows of this kind for this model."),
        )
    if verdict == "getting worse":
        return verdict, CHECK.finding(
            "problem",
            f"Getting worse: {gained} {rows}",
            explanation=(
                "More rows lower the score. That happens near the point where a model just "
                "interpolates its data (sample-wise double descent), or where later rows are worse."
            ),
            evidence=evidence,
            action=Action(
                "more_regularization",
                "Regularise more, and look at whether the rows differ in quality or order.",
            ),
        )
    return verdict, CHECK.finding(
        "inconclusive",
        f"Cannot tell yet: {gained} {rows}, and {worth} would be worth having",
        explanation=_what_would_settle_it(curve),
        evidence=evidence,
    )


def _verdict(curve: Curve) -> Verdict:
    doubling = curve.doubling
    if not is_determined(doubling.interval):
        return "inconclusive"
    if doubling.interval.high < curve.worth and doubling.interval.low > -curve.worth:
        return "saturated"
    if doubling.p_greater < THRESHOLDS.claim_error:
        return "still improving"
    if doubling.p_less < THRESHOLDS.claim_error:
        return "getting worse"
    return "saturated" if doubling.interval.high < curve.worth else "inconclusive"


def _what_would_settle_it(curve: Curve) -> str:
    """Say how many repeats would tell a gain that is worth having from none."""
    doubling = curve.doubling
    if not is_determined(doubling.interval) or not math.isfinite(doubling.sd) or doubling.sd == 0:
        return unknown_noise(curve.scores.shape[1])
    difference = max(abs(doubling.interval.estimate), curve.worth)
    if curve.on_fixed_rows:
        return rows_needed(rows_to_settle(difference, doubling.standard_error))
    needed = repeats_to_settle(
        difference,
        doubling.sd,
        valid_to_train=DOUBLING_OVERLAP * curve.valid_to_train,
        limit=THRESHOLDS.most_repeats,
    )
    noise = (
        f"The paired gain varies by {number(doubling.sd)} from repeat to repeat (n = {doubling.n})."
    )
    if needed is None or needed <= doubling.n:
        return (
            f"{noise} No number of repeats up to {THRESHOLDS.most_repeats} would settle it with these "
            "rows: the validation rows are too few; a larger gain (--gain) can be judged."
        )
    return f"{noise} About {needed} repeats would settle it: --repeats {needed}."
