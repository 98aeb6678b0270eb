"""MD604: would longer training do better?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.metrics import Metric
from mldiag.stats.intervals import PairedDifference, paired_difference
from mldiag.steps.capacity.checks.moved import judge_move
from mldiag.steps.capacity.lengths import MUCH
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.steps.capacity.told import TESTED, numbers_of, severity, train_beside, undecided
from mldiag.steps.capacity.verdict import remedy_of
from mldiag.trial_result import TrialResult
from mldiag.wording import amount, gain


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD604.

    Args:
        tail: Last part of the training over which its own reports are read.
        reports: Fewest reports for that.
    """

    tail: float = 0.25
    reports: int = 8


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD604",
    slug="longer-training",
    title="Would longer training do better?",
    detects=(
        "The training is repeated at twice and at half its length: with a train function that counts with "
        "trial.epochs by asking for more of them, and for four and eight times as many while each doubling "
        f"gains {MUCH:g} times what is worth having; else by doubling and halving every parameter with the "
        f"role duration; {TESTED}. Beside it, what the score reported over the last {{tail:.0%}} of the "
        "training."
    ),
    why="A training that is cut short looks like a model that is too small, and costs less to mend.",
    fix="Train longer; where shorter training is better, stop early on trial.stop.",
    source="Prechelt (1998), Early stopping - but when?; Dunnett (1955), JASA 50.",
    thresholds=THRESHOLDS,
)


def judge(
    lines: Sequence[MeasuredLine], defaults: Sequence[TrialResult], *, valid_to_train: float
) -> list[Finding]:
    """Judge longer training.

    Args:
        lines: What was measured.
        defaults: Trials of the model as it stands.
        valid_to_train: As in `stats.intervals.mean_interval`.
    """
    moved = [judge_move(CHECK, found) for found in lines if found.line.kind == "duration"]
    epochs = next((found for found in lines if found.line.kind == "epochs"), None)
    if epochs is not None:
        return [*moved, _judge_epochs(epochs, defaults, valid_to_train)]
    if moved:
        return moved
    return [
        CHECK.finding(
            "not_applicable",
            "The training cannot be made longer from outside",
            explanation=(
                "Count with for epoch in trial.epochs(n) in the train function, or declare what sets its "
                'length with role="duration".'
            ),
        )
    ]


def _judge_epochs(
    found: MeasuredLine, defaults: Sequence[TrialResult], valid_to_train: float
) -> Finding:
    rise = late_rise(found.metric, defaults, valid_to_train=valid_to_train)
    still = _still(found.metric, rise)
    evidence = {"param": found.line.name, "late_rise": None if rise is None else rise.interval}
    evidence |= numbers_of(found)
    remedy = remedy_of(found)
    if remedy is not None:
        longer = remedy.kind == "train_longer"
        times = found.line.shown(found.best)
        return CHECK.finding(
            severity(found),
            f"{'Longer' if longer else 'Shorter'} training helps: {times} the epochs gain "
            f"{gain(found.metric, found.gain)}",
            explanation=f"{train_beside(found)} {still}".strip(),
            evidence=evidence,
            action=Action(
                remedy.kind,
                f"Train {times} as long." if longer else f"Stop early: train {times} as long.",
                value=found.best_value,
                gain=found.gain,
                cost=f"{times} the time of a training",
            ),
        )
    if found.verdict == "no gain":
        return CHECK.finding(
            "passed",
            f"The training is long enough: twice as long does not gain {amount(found.metric, found.worth)}",
            explanation=f"Half as long does not either. {still}".strip(),
            evidence=evidence,
            action=Action("none", "Leave the number of epochs."),
        )
    return undecided(CHECK, found, "another length of the training")


def late_rise(
    metric: Metric, defaults: Sequence[TrialResult], *, valid_to_train: float
) -> PairedDifference | None:
    """What the score gained over the last part of the training, by its own reports; None with too few."""
    before, after = [], []
    for result in defaults:
        reported = [values[metric.name] for _, values in result.history if metric.name in values]
        if len(reported) < THRESHOLDS.reports or not all(map(math.isfinite, reported)):
            continue
        part = max(2, round(THRESHOLDS.tail * len(reported)))
        # Means of some epochs: one epoch alone is noisier than what a quarter of a training gains.
        late, early = reported[-(part // 2) :], reported[-part : -(part // 2)]
        before.append(metric.sign * float(np.mean(early)))
        after.append(metric.sign * float(np.mean(late)))
    if len(before) < 2:
        return None
    return paired_difference(before, after, valid_to_train=valid_to_train)


def _still(metric: Metric, rise: PairedDifference | None) -> str:
    if rise is None:
        return ""
    if rise.interval.low > 0:
        return f"Its score still rises at the end: {gain(metric, rise.interval)} within the last quarter."
    if rise.interval.high < 0:
        return f"Its score falls at the end: {gain(metric, rise.interval)} within the last quarter."
    return "Its score does not move any more over the last quarter."
