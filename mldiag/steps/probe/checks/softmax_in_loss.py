"""MD427: a loss that takes the softmax of probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals


@dataclass(frozen=True)
class Thresholds:
    """When a softmax counts as taken twice.

    Args:
        share: Share of the steps that were looked at.
    """

    share: float = 0.5


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD427",
    "softmax-in-loss",
    "The loss takes the softmax of probabilities",
    detects=(
        "a loss whose log_softmax or sigmoid gets what a softmax or sigmoid has made, read from autograd's"
        " graph, in {share:.0%} of the steps that were looked at or more"
    ),
    why=(
        "The loss cannot fall below a floor, ln(1 + (C - 1)/e) for C classes, and gradients are weak."
        " It still learns, so nobody notices."
    ),
    fix="Let the model return logits, and take the softmax at prediction time alone.",
    source="The documentation of torch.nn.CrossEntropyLoss: the input is expected to contain logits",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge what the graphs of the losses showed.

    Args:
        signals: Numbers of the recording.
    """
    seen = signals.recording.series("loss/softmax_twice")
    seen = seen[np.isfinite(seen)]
    if not seen.size:
        return CHECK.finding("not_applicable", "The graph of the loss was not seen")
    share = float(seen.mean())
    evidence = {"share": share, "n": int(seen.size)}
    if share < THRESHOLDS.share:
        return CHECK.finding(
            "passed", "The loss takes no softmax of probabilities", evidence=evidence
        )
    return CHECK.finding(
        "problem",
        "The loss takes the softmax of probabilities: a softmax is applied twice",
        explanation="The loss then has a floor above zero, and its gradients are weak.",
        evidence=evidence,
        action=Action(
            "fix_bug",
            "Return the logits from the model; take the softmax at prediction time alone.",
        ),
    )
