"""MD413: single batches on which the loss leaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When single losses count as spikes.

    Args:
        noise: So many times the spread of the losses around it above their median.
        level: And so many times that median.
        tail: And so many times the spread of the logarithms above theirs.
        drop: And this share of all that the loss has fallen above where it began: a leap that stays below the
            first loss has undone nothing.
        often: Spikes there must be,
        great: or two of so many times the first loss.
        rare: Share of the steps that may be spikes; more are no spikes.
    """

    noise: float = 12.0
    level: float = 3.0
    tail: float = 3.0
    drop: float = 0.1
    often: int = 4
    great: float = 6.0
    rare: float = 0.3


THRESHOLDS = Thresholds()
_AROUND = 41

CHECK = Check(
    "MD413",
    "loss-spikes",
    "The loss has spikes",
    detects=(
        "{often} or more losses that stand {noise:g} times the spread around them and {level:g}"
        " times their median above it, and come back"
    ),
    why="A few batches hold rows that are wrong or of another kind; each throws the weights back.",
    fix=(
        "Look at the rows of those batches (another unit, a broken record, a wrong label); clip the"
        " gradient."
    ),
    source="running median and spread; thresholds measured on healthy trainings",
    thresholds=THRESHOLDS,
)


def spikes_of(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Places of the values that leap out of their surroundings and come back.

    Args:
        values: Losses in order.

    Example:
        >>> losses = np.ones(100) + 0.01 * np.sin(np.arange(100.0))
        >>> losses[[30, 60, 90]] = 9.0
        >>> spikes_of(losses).tolist()
        [30, 60, 90]
    """
    if len(values) < 20:
        return np.empty(0, dtype=np.int64)
    half = _AROUND // 2
    padded = np.pad(values, half, mode="reflect" if len(values) > half else "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, _AROUND)
    median = np.median(around, axis=1)
    spread = 1.4826 * np.median(np.abs(around - median[:, None]), axis=1)
    floor = 0.02 * np.median(np.abs(values))
    tall = values > median + THRESHOLDS.noise * np.maximum(spread, floor)
    tall &= values > THRESHOLDS.level * np.abs(median)
    if values.min() > 0:  # a loss with a heavy tail all along has no spikes: its logarithms show it
        logs = np.log(around)
        middle = np.median(logs, axis=1)
        wide = 1.4826 * np.median(np.abs(logs - middle[:, None]), axis=1)
        tall &= np.log(values) > middle + THRESHOLDS.tail * np.maximum(wide, 0.1)
    return np.flatnonzero(tall)


def judge(signals: Signals) -> Finding:
    """Judge whether single losses leap.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals, 60)
    if few is not None:
        return few
    recording = signals.recording
    curve = signals.loss
    high = recording.series("loss/high")
    values = high[np.isfinite(high)] if high.size and recording.has("loss/mean") else curve.values
    if len(values) < 60 or not signals.should_fall:
        return CHECK.finding(
            "not_applicable", "There is no loss that should fall, told step by step"
        )
    settled = values[len(values) // 20 :]  # the first steps of a training leap by themselves
    found = spikes_of(settled) + len(values) // 20
    steps = (
        recording.series("loss/step")[found]
        if len(recording.series("loss/step")) == len(values)
        else found
    )
    drop = max(curve.first - float(np.median(values[-len(values) // 5 :])), 0.0)
    tall = [k for k in found if values[k] > curve.first + THRESHOLDS.drop * drop]
    evidence = {"spikes": len(tall), "steps": [int(s) for s in steps[:50]], "n": len(values)}
    great = [k for k in tall if values[k] > THRESHOLDS.great * curve.first]
    rarely = len(tall) < THRESHOLDS.often and len(great) < 2
    if rarely or len(tall) > THRESHOLDS.rare * len(values):
        return CHECK.finding("passed", "The loss has no spikes", evidence=evidence)
    worst = float(max(values[k] for k in tall))
    usual = float(np.median(values))
    title = (
        f"The loss leaps {len(tall)} times, up to {number(worst)} where {number(usual)} is usual"
    )
    action = Action(
        "clean_data",
        "Look at the rows of the batches in these steps; `mldiag audit` finds rows of another"
        " kind.",
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
