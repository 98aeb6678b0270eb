"""MD419: a training that ended while it was still learning."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding, Outcome
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When a training counts as ended too soon.

    Args:
        falling: Share of all it has fallen that the loss fell in the last third.
        much: Share from which it is a problem.
        z: That fall over its standard error.
        explained: A network that explains more has what it needs.
    """

    falling: float = 0.15
    much: float = 0.3
    z: float = -3.0
    explained: float = 0.93


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD419",
    "stopped-early",
    "The training ended too soon",
    detects=(
        "a loss that fell by {falling:.0%} of all its fall in the last third, {z:g} standard errors"
        " from standing still, with held-out scores that do not fall, and less than {explained:.0%}"
        " of the training rows explained"
    ),
    why=(
        "What the training would have reached is not known yet: no conclusion about data or model"
        " is safe."
    ),
    fix=(
        "Train longer: until the loss of the last third falls by less than a twentieth of all its"
        " fall."
    ),
    source="straight line through block means of the last third",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge whether the loss was still falling at the end.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    if not len(signals.loss) or not signals.should_fall or signals.task == "vae":
        return CHECK.finding("not_applicable", "There is no loss that should fall")
    trend = signals.loss.trend()
    fallen = signals.loss.first - signals.loss.last
    share = -trend.change / fallen if fallen > 0 else 0.0
    gain, sure = _held_out_gain(signals)
    evidence = {
        "share_of_fall_in_last_third": share,
        "z": trend.z,
        "explained": signals.explained,
        "n": signals.steps,
        "held_out_share": gain if math.isfinite(gain) else None,
        "held_out_z": sure if math.isfinite(sure) else None,
    }
    t = THRESHOLDS
    falling = share > t.falling and trend.z < t.z and signals.fell > 0.1
    learned = signals.explained > t.explained
    worse = math.isfinite(gain) and gain <= 0
    if not falling or learned or worse or signals.rate_decayed > 0.1:
        return CHECK.finding("passed", "The loss had come to rest", evidence=evidence)
    action = Action("train_longer", f"Train about {2 if share < 0.3 else 4} times as long.")
    title = (
        f"The training ended while it was learning: {share:.0%} of the loss's fall to"
        f" {number(signals.loss.last)} came in the last third"
    )
    outcome: Outcome = "problem" if share > t.much else "advice"
    return CHECK.finding(outcome, title, evidence=evidence, action=action)


def _held_out_gain(signals: Signals) -> tuple[float, float]:
    """Share of all that held-out scores gained that came in their last third, and that in standard errors.

    NaN where there are fewer than three evaluations.
    """
    scores = signals.recording.series("eval/score")
    sign = 1.0 if signals.recording.facts.get("maximize", True) else -1.0
    if not scores.size:
        scores, sign = signals.recording.series("eval/valid/loss"), -1.0
    scores = sign * scores[np.isfinite(scores)] if scores.size else scores
    if len(scores) < 3:
        return math.nan, math.nan
    third = len(scores) // 3
    late, before = scores[-third:], scores[-2 * third : -third]
    change = float(late.mean() - before.mean())
    share_like = bool(scores.min() >= 0.0 and scores.max() <= 1.0)
    start = min(float(scores[0]), signals.chance_accuracy) if share_like else float(scores[0])
    start = 0.0 if share_like and not math.isfinite(start) else start
    gained = max(float(scores.max()) - start, 1e-12)
    # Neighbouring scores differ by their trend and by noise: the spread of the differences is the noise.
    jumps = np.diff(scores)
    noise = float(np.std(jumps)) / math.sqrt(2 * third) if len(jumps) > 1 else 0.0
    return change / gained, change / max(noise, 1e-9 * gained, 1e-12)
