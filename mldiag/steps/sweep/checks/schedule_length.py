"""MD523: does the best learning rate move with the length of the training?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldiag.findings import CLAIM_ERROR, Action, Check, Finding, Interval
from mldiag.stats.intervals import is_determined
from mldiag.wording import gain, number, setting

if TYPE_CHECKING:
    from mldiag.steps.sweep.pairs.schedule import Schedule


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD523.

    Args:
        claim_error: Two-sided error of "the optimum moves".
        matters: A shift below this factor is no reason to worry.
    """

    claim_error: float = CLAIM_ERROR
    matters: float = 1.5


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD523",
    slug="schedule-length",
    title="Does the best learning rate move with the length of the training?",
    detects=(
        "Learning rates around the best one are trained for a quarter, a half and all of the training. The "
        "optimum of each length is the top of a parabola through the best; it moves where the shift from a "
        "quarter to the full length is beyond its spread over the repeats (jackknife, two-sided "
        "{claim_error:.0%}) and over a factor of {matters:g}. At twice the length it is extrapolated along "
        "the doublings."
    ),
    why=(
        "Short trainings are how learning rates are tuned in practice. Where the optimum moves, the rate "
        "that wins the short ones is wrong for the long one."
    ),
    fix="Tune at the full length, or scale the short optimum by the factor shown.",
    source="By construction; the jackknife is Tukey's (1958).",
    thresholds=THRESHOLDS,
)


def judge(found: Schedule) -> Finding:
    """Judge how the optimum moves."""
    if not is_determined(found.shift):
        return CHECK.finding(
            "inconclusive",
            f"Cannot tell whether the best {found.param} moves with the length of the training",
            explanation="The repeats show no spread, so nothing is known of the noise: --repeats 5.",
            evidence=_evidence(found),
        )
    factor = max(found.shift.estimate, 1 / found.shift.estimate)
    if found.moves and factor > THRESHOLDS.matters:
        return _moves(found, factor)
    widest = max(found.shift.high, 1 / found.shift.low)
    if widest < 2 * THRESHOLDS.matters:
        return CHECK.finding(
            "passed",
            f"The best {found.param} stays where it is as the training gets longer",
            explanation=(
                f"From a quarter of the length to all of it, it moves by a factor of {_times(found.shift)}: "
                f"short trainings can be used to tune {found.param}."
            ),
            evidence=_evidence(found),
            action=Action(
                "none", f"Tune {found.param} on shorter trainings where that saves time."
            ),
        )
    return CHECK.finding(
        "inconclusive",
        f"Cannot tell yet whether the best {found.param} moves with the length of the training",
        explanation=(
            f"From a quarter of the length to all of it, it moves by a factor of {_times(found.shift)}: more "
            "repeats would tell (--repeats)."
        ),
        evidence=_evidence(found),
    )


def _moves(found: Schedule, factor: float) -> Finding:
    way = "falls" if found.shift.estimate < 1 else "rises"
    shift = found.shift
    if shift.estimate < 1:
        shift = Interval(1 / shift.estimate, 1 / shift.high, 1 / shift.low, shift.level)
    short, full = (setting(_rounded(found.optima[i].estimate)) for i in (0, -1))
    costs = (
        f" It costs {gain(found.metric, _lost(found))} at the full length."
        if found.p_loss < THRESHOLDS.claim_error
        else " What that costs at the full length is within the noise here."
    )
    return CHECK.finding(
        "advice",
        f"The best {found.param} {way} by a factor of {_times(shift)} from a quarter of the training to all "
        "of it",
        explanation=(
            f"A quarter of the length prefers {found.param} = {short}, the full one {full}: tuning on short "
            f"trainings misleads.{costs} At twice the full length expect {_times(found.twice)}."
        ),
        evidence=_evidence(found),
        action=Action(
            "tune",
            f"Tune {found.param} at the full length, or {'divide' if way == 'falls' else 'multiply'} the "
            f"best rate of a quarter by about {number(factor, 2)}.",
            param=found.param,
        ),
    )


def _lost(found: Schedule) -> Interval:
    gained = found.loss.interval
    return Interval(-gained.estimate, -gained.high, -gained.low, gained.level)


def _times(interval: Interval) -> str:
    if not is_determined(interval):
        return number(interval.estimate, 2)
    ends = f"{number(interval.low, 2)} to {number(interval.high, 2)}"
    return f"{number(interval.estimate, 2)} ({ends})"


def _rounded(value: float) -> float:
    return float(f"{value:.2g}") if math.isfinite(value) else value


def _evidence(found: Schedule) -> dict[str, Any]:
    return {
        "param": found.param,
        "lengths": found.lengths,
        "shortened_by": found.duration or "fewer epochs",
        "optima": found.optima,
        "shift": found.shift,
        "p_moves": found.p_moves,
        "at_twice_the_length": found.twice,
        "lost_at_full_length": found.loss.interval,
    }
