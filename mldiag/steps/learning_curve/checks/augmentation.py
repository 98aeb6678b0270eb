"""MD204: does the declared augmentation help, and how many rows is it worth?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mldiag.data.augmentation import Augmentation
from mldiag.findings import CLAIM_ERROR, Action, Check, Finding, Interval
from mldiag.metrics import Metric
from mldiag.stats.intervals import is_determined
from mldiag.stats.power import repeats_to_settle, rows_to_settle
from mldiag.steps.learning_curve.augmentation import AugmentationEffect
from mldiag.wording import amount, gain, number, plural, rows_needed, unknown_noise


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD204.

    Args:
        claim_error: One-sided error of "it helps" and of "it harms"; see `CLAIM_ERROR`.
        most_factor: Largest factor that is told as a number: the sizes it is read from span no more.
        most_repeats: More repeats than this are not suggested; nobody runs them.
    """

    claim_error: float = CLAIM_ERROR
    most_factor: float = 4.0
    most_repeats: int = 100


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD204",
    slug="augmentation",
    title="Does augmentation help, and how many rows is it worth?",
    detects=(
        "The trials of the full size, its half and its quarter are run again with the declared augmentation "
        "on, on the same rows and seeds. It helps: the mean paired gain at the full size is above zero at a "
        "one-sided error of {claim_error:.0%} and may be worth having. It harms: below zero at the same "
        "error, by what may matter. No difference: the 80 % interval lies below the smallest gain worth "
        "having. Else inconclusive. What it is worth in rows: the factor f at which plain training on f n "
        "rows scores as augmented training on n, f the same for the three sizes, told up to {most_factor:g}."
    ),
    why=(
        "Where rows are hard to get, augmentation is the other way to more of them. It helps only where "
        "what it changes does not change the target, and it costs training time."
    ),
    fix=(
        "Keep it where it helps. Where it harms, look at what it does to the rows: a flipped 6 is no 6, and "
        "noise can bury a column. Where it makes no difference, leave it off."
    ),
    source=(
        "Fieller (1954), JRSS B 16, for the interval of a ratio; Nadeau and Bengio (2003), Machine Learning "
        "52, for the variance of overlapping splits; paired differences by common random numbers."
    ),
    thresholds=THRESHOLDS,
)


def judge(
    effect: AugmentationEffect | None,
    metric: Metric,
    *,
    augmentation: Augmentation,
    never_read: bool = False,
) -> Finding:
    """Judge the augmentation.

    Args:
        effect: The comparison; None where no pair of trials gave a score.
        metric: The experiment's metric.
        augmentation: What was declared.
        never_read: Whether an augmented trial carries the notice `trial.NOT_AUGMENTED`.
    """
    if never_read:
        return CHECK.finding(
            "problem",
            "The augmented rows are ignored: the train function never reads trial.X_train",
            explanation=(
                "The declared augment function changes what trial.X_train and trial.y_train give. A function "
                "that takes its rows by the numbers in trial.train never sees that."
            ),
            action=Action(
                "fix_bug",
                "Train on trial.X_train and trial.y_train, or augment in the train function and declare the "
                "parameter that switches it on: augment=('name', value).",
            ),
        )
    if effect is None:
        return CHECK.finding(
            "inconclusive",
            "No trial gave a score both with and without augmentation",
            explanation="See the trials that failed or were not run.",
        )
    evidence = _evidence(effect, augmentation)
    if not effect.changes:
        return CHECK.finding(
            "inconclusive",
            "Augmentation changes nothing: every score is the same to the last digit",
            explanation=f"Look at whether {augmentation.setting} reaches the training at all.",
            evidence=evidence,
        )
    return _judged(effect, metric, augmentation, evidence)


def _judged(
    effect: AugmentationEffect, metric: Metric, augmentation: Augmentation, evidence: dict[str, Any]
) -> Finding:
    found, worth = effect.gain, amount(metric, effect.worth)
    gained = f"{gain(metric, found.interval)} at {plural(effect.sizes[-1], 'row')}"
    if is_determined(found.interval):
        low, high = found.interval.low, found.interval.high
        if found.p_greater < THRESHOLDS.claim_error and high >= effect.worth:
            return _helps(effect, augmentation, gained, evidence)
        if found.p_less < THRESHOLDS.claim_error and low <= -effect.worth:
            return CHECK.finding(
                "advice",
                f"Augmentation harms: {gained}",
                explanation=(
                    "It changes rows in a way that changes what they mean, or takes the place of what the "
                    "model needs."
                ),
                evidence=evidence,
                action=Action("none", "Leave the augmentation off, or make its changes smaller."),
            )
        if high < effect.worth:
            return CHECK.finding(
                "passed",
                f"Augmentation is not worth having: {gained}, less than the {worth} that would be",
                explanation="The same training without it is as good, and cheaper.",
                evidence=evidence,
                action=Action("none", "Leave the augmentation off."),
            )
    return CHECK.finding(
        "inconclusive",
        f"Cannot tell yet whether augmentation helps: {gained}, and {worth} would be worth having",
        explanation=_what_would_settle_it(effect) + _over_all_sizes(effect),
        evidence=evidence,
    )


def _helps(
    effect: AugmentationEffect, augmentation: Augmentation, gained: str, evidence: dict[str, Any]
) -> Finding:
    worth = worth_in_rows(effect)
    title = f"Augmentation is worth {worth}: {gained}" if worth else f"Augmentation helps: {gained}"
    explanation = (
        f"With it, {plural(effect.sizes[-1], 'row')} score as that many times the rows would without it."
        if worth
        else "It cannot be put in rows: more of them do not clearly raise the score there."
    )
    return CHECK.finding(
        "advice",
        title,
        explanation=explanation,
        evidence=evidence,
        action=Action(
            "augment_data",
            f"Train with {augmentation.setting}: {gained}."
            if augmentation.param
            else f"Train on augmented rows: {gained}.",
            param=augmentation.param or None,
            value=augmentation.value if augmentation.param else None,
            gain=effect.gain.interval,
        ),
    )


def worth_in_rows(effect: AugmentationEffect) -> str:
    """The factor for a person: `1.6x the rows (1.3 to 2.1)`; empty where it cannot be told.

    Example:
        >>> from mldiag.stats.intervals import paired_difference
        >>> pair = paired_difference([0.80, 0.82, 0.81], [0.84, 0.87, 0.84], valid_to_train=0.25)
        >>> def told(*ends):
        ...     return worth_in_rows(AugmentationEffect((100, 200, 400), pair, Interval(*ends), 0.03,
        ...                          0.005, True, False, 0.25, 3))
        >>> told(1.6, 1.3, 2.1), told(5.2, 2.1, 9), told(1.6, 1.2, math.inf)
        ('1.6x the rows (1.3 to 2.1)', 'over 4x the rows (from 2.1x on)', 'at least 1.2x the rows')
    """
    factor, most = effect.factor, THRESHOLDS.most_factor
    if not effect.in_rows or factor.estimate <= 1:
        return ""  # at or below 1 it would contradict a gain that is claimed
    if factor.low > most:
        return f"over {most:g}x the rows"
    if math.isinf(factor.high):
        return f"at least {_times(factor.low)}x the rows" if factor.low > 1 else ""
    if factor.estimate > most:
        return f"over {most:g}x the rows (from {_times(factor.low)}x on)"
    high = f"over {most:g}" if factor.high > most else _times(factor.high)
    return f"{_times(factor.estimate)}x the rows ({_times(factor.low)} to {high})"


def _times(factor: float) -> str:
    return f"{factor:.1f}"


def _evidence(effect: AugmentationEffect, augmentation: Augmentation) -> dict[str, Any]:
    shown: Interval = effect.factor
    return {
        "augmentation": augmentation.setting,
        "rows": effect.sizes[-1],
        "gain": effect.gain.interval,
        "n": effect.gain.n,
        "p_helps": effect.gain.p_greater,
        "worth_times_the_rows": shown,
        "read_at_sizes": effect.sizes,
        "gain_of_doubling_the_rows": effect.slope,
        "smallest_gain_worth_having": effect.worth,
    }


def _over_all_sizes(effect: AugmentationEffect) -> str:
    """What the smaller sizes add, where they already tell more than the full one."""
    worth = worth_in_rows(effect)
    if not worth or not effect.factor.low > 1:
        return ""
    return f" Over {effect.sizes[0]:,} to {effect.sizes[-1]:,} rows together it looks like {worth}."


def _what_would_settle_it(effect: AugmentationEffect) -> str:
    found = effect.gain
    difference = max(abs(found.interval.estimate), effect.worth)
    if is_determined(found.interval) and effect.on_fixed_rows:
        return rows_needed(rows_to_settle(difference, found.standard_error))
    if not is_determined(found.interval) or not found.sd > 0:
        return unknown_noise(effect.repeats)
    needed = repeats_to_settle(
        difference,
        found.sd,
        valid_to_train=effect.valid_to_train,
        limit=THRESHOLDS.most_repeats,
    )
    noise = f"The paired gain varies by {number(found.sd)} from repeat to repeat (n = {found.n})."
    if needed is None or needed <= found.n:
        return (
            f"{noise} More repeats (up to {THRESHOLDS.most_repeats}) would not settle it: "
            "the validation rows are too few; ask of a larger gain (--gain)."
        )
    return f"{noise} About {needed} repeats would settle it: --repeats {needed}."
