"""MD201: would more rows raise the validation score?"""

from __future__ import annotations

from typing import Any

from mldiag.findings import Action, Check, Finding
from mldiag.steps.learning_curve.ahead import Ahead
from mldiag.steps.learning_curve.curve import Curve
from mldiag.steps.learning_curve.verdict import (
    THRESHOLDS,
    Verdict,
    repeats_that_settle,
    verdict_of,
)
from mldiag.wording import amount, gain, plural, unknown_noise

CHECK = Check(
    code="MD201",
    slug="more-data",
    title="Is there enough data?",
    detects=(
        "The curve is carried on to twice its rows, with an interval learned from real curves. Still "
        "improving: a gain is certain at a one-sided error of {claim_error:.0%}, and the chance that it is "
        "worth having is {likely:.0%} or more. Saturated: that chance is {missed_error:.0%} or less. Getting "
        "worse: the last doubling lowered the score, repeat by repeat on the same validation rows, at an "
        "error of {claim_error:.0%}, and the forecast does not rise. Else inconclusive. A first look with "
        "fewer repeats may spend {first_look:.0%} of each error."
    ),
    why=(
        "A curve that still rises says that the model has more to learn from rows than from anything "
        "else that is cheap; a flat one says that collecting rows would be wasted."
    ),
    fix="Collect more rows, or make more of them by augmentation; where the curve is flat, do not.",
    source=(
        "Mohr, Viering et al. (2022), LCDB 1.0, for the curves that the forecast was learned from; Nadeau "
        "and Bengio (2003), Machine Learning 52, for the measured doubling."
    ),
    thresholds=THRESHOLDS,
)


def judge(curve: Curve) -> tuple[Verdict, Finding]:
    """Judge what more rows would give."""
    verdict = verdict_of(curve)
    if curve.ahead is None:
        return verdict, CHECK.finding(
            "inconclusive",
            "Too few training sizes gave a score to say what more rows would give",
            explanation=unknown_noise(curve.scores.shape[1]),
        )
    return verdict, _finding(curve, curve.ahead, verdict)


def _finding(curve: Curve, ahead: Ahead, verdict: Verdict) -> Finding:
    gained = gain(curve.metric, ahead.gain)
    worth = amount(curve.metric, curve.worth)
    measured = (
        f"The last doubling, from {curve.sizes[curve.half]:,} to {plural(curve.sizes[curve.last], 'row')}, "
        f"was measured: {gain(curve.metric, curve.doubling.interval)}."
    )
    evidence = _evidence(curve, ahead, verdict)
    if verdict == "still improving":
        return CHECK.finding(
            "advice",
            f"More data would help: {gained} with twice the rows",
            explanation=f"{measured} The curve is not flat at its end.",
            evidence=evidence,
            action=Action(
                "more_data",
                f"Collect {curve.sizes[curve.last]:,} more rows of the same kind, or augment them",
                gain=ahead.gain,
                cost=plural(curve.sizes[curve.last], "more row"),
            ),
        )
    if verdict == "saturated":
        return CHECK.finding(
            "passed",
            f"Saturated: {gained} with twice the rows, and {worth} would be worth having",
            explanation=f"{measured} More rows of the same kind would hardly help; look elsewhere.",
            evidence=evidence,
            action=Action("none", "Do not collect more rows of this kind for this model."),
        )
    if verdict == "getting worse":
        return CHECK.finding(
            "problem",
            f"Getting worse: {gain(curve.metric, curve.doubling.interval)} over the last doubling",
            explanation=(
                f"{measured} That happens near the point where a model just interpolates its data "
                "(sample-wise double descent), or where later rows are worse."
            ),
            evidence=evidence,
            action=Action(
                "more_regularization",
                "Regularise more, and look at whether the rows differ in quality or order.",
            ),
        )
    return CHECK.finding(
        "inconclusive",
        f"Cannot tell yet: {gained} with twice the rows, and {worth} would be worth having",
        explanation=f"{measured} {_what_would_settle_it(curve, ahead)}",
        evidence=evidence,
    )


def _evidence(curve: Curve, ahead: Ahead, verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "rows": curve.sizes[curve.last],
        "gain_at_2x": ahead.gain,
        "chance_of_any_gain": ahead.chance(0.0),
        "chance_of_gain_worth_having": ahead.chance(curve.worth),
        "smallest_gain_worth_having": curve.worth,
        "last_doubling": curve.doubling.interval,
        "from_rows": curve.sizes[curve.half],
        "to_rows": curve.sizes[curve.last],
        "n": curve.doubling.n,
        "p_improving": curve.doubling.p_greater,
        "uncertainty": curve.uncertainty,
    }


def _what_would_settle_it(curve: Curve, ahead: Ahead) -> str:
    """Say how many repeats would, or else how many rows."""
    repeats = curve.scores.shape[1]
    chance = (
        f"The chance of {amount(curve.metric, curve.worth)} or more is "
        f"{ahead.chance(curve.worth):.0%}."
    )
    if repeats == 1:
        return f"{chance} {unknown_noise(repeats)}"
    needed = repeats_that_settle(curve)
    if needed is not None:
        return f"{chance} About {needed} repeats would settle it: --repeats {needed}."
    half = curve.sizes[curve.last] // 2
    return (
        f"{chance} Even {THRESHOLDS.repeats[-1]} repeats would not settle it: curves of this shape go "
        f"either way. {half:,} more rows, measured again, would; or ask of a larger gain (--gain)."
    )
