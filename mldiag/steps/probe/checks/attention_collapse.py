"""MD425: attention that looks at one place only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """When attention counts as collapsed.

    Args:
        narrow: Share of heads and queries that attend one place, through most of the training.
        early: The same at the start: trained heads may become sharp, fresh ones should not be.
        entropy: Mean entropy over its largest, below which all heads are sharp.
    """

    narrow: float = 0.5
    early: float = 0.3
    entropy: float = 0.15


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD425",
    "attention-collapse",
    "Attention has collapsed",
    detects=(
        "{narrow:.0%} of the heads and queries of a layer attending one place (entropy below a"
        " twentieth of its largest), from early in the training ({early:.0%} at its start) or while"
        " little is learned"
    ),
    why="A softmax at its end has no slope: where the head looks can no longer change.",
    fix=(
        "Scale the scores by the root of the width, normalise queries and keys, lower the rate or"
        " warm it up."
    ),
    source=(
        "Zhai et al. 2023, Stabilizing transformer training by preventing attention entropy"
        " collapse"
    ),
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge how attention is spread.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    narrow, entropy = (
        signals.recording.series("attention/narrow"),
        signals.recording.series("attention/entropy"),
    )
    if narrow.ndim != 2 or not np.isfinite(narrow).any():
        return CHECK.finding("not_applicable", "No attention was seen")
    columns = np.flatnonzero(np.isfinite(narrow).any(axis=0))
    late = np.nanmedian(narrow[len(narrow) // 3 :, columns], axis=0)
    first = np.nan_to_num(narrow[0, columns])
    level = np.nanmedian(entropy[len(entropy) // 3 :, columns], axis=0)
    poor = signals.stuck or not signals.explained > 0.5
    t = THRESHOLDS
    sharp = (late > t.narrow) | (level < t.entropy)
    bad = columns[sharp & ((first > t.early) | poor)]
    names = [str(signals.recording.layers[k]["name"]) for k in bad]
    evidence = {
        "narrow": late.tolist(),
        "at_first": first.tolist(),
        "entropy": level.tolist(),
        "layers": names,
    }
    if not len(bad):
        return CHECK.finding("passed", "Attention is spread over several places", evidence=evidence)
    action = Action(
        "stabilize_training",
        "Divide the scores by the root of the width, normalise queries and keys (QK-norm), and warm"
        " the rate up.",
    )
    title = f"{listed(names)}: {float(late[sharp].max()):.0%} of heads and queries attend one place"
    return CHECK.finding("problem", title, evidence=evidence, action=action)
