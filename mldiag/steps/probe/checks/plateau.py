"""MD414: a loss that stands still because the schedule has taken the rate away."""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When a schedule counts as over too soon.

    Args:
        over: Share of the training with a rate below a hundredth of its largest.
        explained: A network that explains more has what it needs.
        left: Share of the loss that is left; below it, there was little to gain.
    """

    over: float = 0.35
    explained: float = 0.9
    left: float = 0.1


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD414",
    "plateau",
    "The training stands still",
    detects=(
        "a learning rate below a hundredth of its largest for the last {over:.0%} of the training"
        " or more, with a loss that stands still since then and is not yet learned"
    ),
    why="The schedule was over long before the training was: the rest of the time is wasted.",
    fix="Step the scheduler once an epoch if it counts epochs, or make it as long as the training.",
    source="learning rates of the optimizer's groups at the sampled steps",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge whether the schedule ended too soon.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals, 40)
    if few is not None:
        return few
    rates = signals.rates()
    if not rates.size:
        return CHECK.finding("not_applicable", "No learning rate was seen")
    over = signals.rate_decayed
    evidence = {
        "share_over": over,
        "first_rate": float(rates[0]),
        "last_rate": float(rates[-1]),
        "n": signals.steps,
    }
    learned = signals.explained > THRESHOLDS.explained or signals.fell > 1.0 - THRESHOLDS.left
    if over < THRESHOLDS.over or learned:
        return CHECK.finding("passed", "The rate lasts as long as the training", evidence=evidence)
    step = int(signals.steps * (1.0 - over))
    action = Action(
        "tune",
        "Step the scheduler once an epoch if it counts epochs, or stretch it over the whole"
        " training.",
        param="lr",
    )
    title = (
        f"The schedule is over after step {step} of {signals.steps}: the rate falls from"
        f" {number(rates.max())} to {number(rates[-1])} and the loss stands still"
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
