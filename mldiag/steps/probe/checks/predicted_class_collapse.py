"""MD420: a classifier that says one class, or few of many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import CLASS_TASKS, Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """When predictions count as collapsed.

    Args:
        top: Share of the predictions that is one class.
        beyond: And so much more than that class's share of the targets, of what is left.
        missing: Share of the classes (that occur) which are hardly ever predicted.
        hardly: Share of its targets below which a class is hardly ever predicted.
        excess: Share of the predictions that one class has beyond its targets.
    """

    top: float = 0.95
    beyond: float = 0.85
    missing: float = 0.5
    hardly: float = 0.15
    excess: float = 0.45


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD420",
    "predicted-class-collapse",
    "Predictions have collapsed to few classes",
    detects=(
        "one class that is {top:.0%} of the predictions of the last third and clearly less of the"
        " targets, or {missing:.0%} of the classes that occur that are hardly ever predicted"
    ),
    why="A score such as accuracy may look fine while a whole class is never seen.",
    fix=(
        "Weight or resample the classes, check that class weights are not turned round, use a score"
        " that counts every class."
    ),
    source="predictions of the sampled batches and evaluations",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge which classes are predicted.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    if signals.task == "multilabel":
        return _judge_labels(signals)
    if signals.task not in CLASS_TASKS or not signals.class_shares.size:
        return CHECK.finding("not_applicable", "No predictions of classes were seen")
    said = _said(signals)
    true = signals.class_shares
    if said is None or len(said) != len(true):
        return CHECK.finding("not_applicable", "No predictions of classes were seen")
    top = int(np.argmax(said))
    occurring = true > 0.2 / len(true)
    occurring |= true > 0.02
    silent = np.flatnonzero(occurring & (said < THRESHOLDS.hardly * true))
    share = len(silent) / max(int(occurring.sum()), 1)
    evidence = {
        "said": said[:50].tolist(),
        "true": true[:50].tolist(),
        "never_said": silent[:50].tolist(),
    }
    one = said[top] - true[top] > THRESHOLDS.excess or (
        said[top] > THRESHOLDS.top and 1 - said[top] < (1 - THRESHOLDS.beyond) * (1 - true[top])
    )
    many = len(true) >= 3 and share >= THRESHOLDS.missing and signals.task != "language_model"
    # A language model that knows the shares alone says the most frequent token: that is underfitting.
    unlearned = signals.task == "language_model" and signals.explained < 0.2
    if unlearned or not (one or many):
        return CHECK.finding("passed", "Every class that occurs is predicted", evidence=evidence)
    if one:
        title = (
            f"{said[top]:.0%} of the predictions are class {top}, and {true[top]:.0%} of the"
            " targets"
        )
    else:
        title = (
            f"{len(silent)} of {int(occurring.sum())} classes are hardly ever predicted"
            f" ({listed([str(k) for k in silent])})"
        )
    action = _remedy(true)
    return CHECK.finding("problem", title, evidence=evidence, action=action)


def _remedy(shares: NDArray[np.float64]) -> Action:
    """Classes that are even need no balancing: one answer for all then means that nothing was learned."""
    if shares.max() < 1.5 / len(shares):
        return Action(
            "tune",
            "The classes are even, so that one answer for all means that little was learned: look at the "
            "learning rate first (`mldiag probe --lr-range`), then at inputs and initialisation.",
            param="lr",
        )
    return Action(
        "balance_classes",
        "Weight the loss by the inverse of the class shares or resample, and score every class alike "
        "(balanced accuracy).",
    )


def _judge_labels(signals: Signals) -> Finding:
    said, true = signals.recording.series("batch/predicted"), signals.recording.series("batch/true")
    if said.ndim != 2 or said.shape != true.shape or not len(said):
        return CHECK.finding("not_applicable", "No predictions of labels were seen")
    late = slice(-max(3, len(said) // 4), None)
    given, wanted = np.nanmean(said[late], axis=0), np.nanmean(true[late], axis=0)
    silent = (given < 0.1 * wanted) & (wanted > 0.02)
    full = (given > 1 - 0.1 * (1 - wanted)) & (wanted < 0.9)
    evidence = {"said": given[:50].tolist(), "true": wanted[:50].tolist()}
    for which, what in ((silent, "hardly ever given"), (full, "nearly always given")):
        if which.mean() >= THRESHOLDS.missing:
            title = f"{int(which.sum())} of {len(which)} labels are {what}"
            text = "Weight rare labels up (pos_weight), or lower the threshold from which a label is given."
            action = Action("balance_classes", text)
            return CHECK.finding("problem", title, evidence=evidence, action=action)
    return CHECK.finding("passed", "Every label is given to some rows", evidence=evidence)


def _said(signals: Signals) -> np.ndarray | None:
    series = signals.recording.series("batch/predicted")
    if series.ndim != 2 or not len(series):
        series = signals.recording.series("eval/valid/predicted")
    if series.ndim != 2 or not len(series):
        return None
    late = np.nansum(series[-max(3, len(series) // 4) :], axis=0).astype(float)
    return np.asarray(late / max(late.sum(), 1.0))
