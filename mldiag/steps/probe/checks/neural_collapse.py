"""MD426: features that have gathered in one place a class: what the end of a training looks like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Check, Finding
from mldiag.steps.probe.checks.representation_collapse import effective_rank
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When features count as gathered.

    Args:
        explained: Share of the training rows explained.
        rank: Effective rank of the features over the number of classes less one, at most.
    """

    explained: float = 0.99
    rank: float = 1.15


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD426",
    "neural-collapse",
    "Features have gathered by class",
    detects=(
        "{explained:.0%} of the training rows explained, and features before the last layer of an"
        " effective rank of at most {rank} times the number of classes less one"
    ),
    why=(
        "It is what training to the end does, and no fault: features keep what tells these classes"
        " apart and drop the rest, so that they serve other tasks less."
    ),
    fix=(
        "Nothing for these classes; take the features of an earlier epoch or layer for another"
        " task."
    ),
    source="Papyan, Han and Donoho 2020",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Tell whether features have gathered; information, never a fault.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    spectra = signals.recording.series("feature/spectrum")
    classes = int((signals.class_shares > 0).sum())
    rows = (
        np.flatnonzero(np.isfinite(spectra).any(axis=1)) if spectra.ndim == 2 else np.empty(0, int)
    )
    if signals.task != "classification" or classes < 2 or not len(rows):
        return CHECK.finding(
            "not_applicable", "No features before a last layer of classes were seen"
        )
    rank = effective_rank(spectra[rows[-1]])
    evidence = {"effective_rank": rank, "classes": classes, "explained": signals.explained}
    gathered = signals.explained > THRESHOLDS.explained and rank <= THRESHOLDS.rank * max(
        classes - 1, 1
    )
    title = f"Features span {number(rank)} dimensions for {classes} classes"
    if gathered:
        title += ": they have gathered by class, as at the end of a training"
    return CHECK.finding("passed", title, evidence=evidence)
