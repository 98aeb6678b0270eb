"""MD424: a codebook of which few entries are used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When a codebook counts as collapsed.

    Args:
        share: Perplexity of the codes over the size of the codebook.
        few: Perplexity below which it has collapsed whatever its size.
    """

    share: float = 0.06
    few: float = 2.0


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD424",
    "codebook-collapse",
    "The codebook has collapsed",
    detects=(
        "codes of the last third whose perplexity is {share:.0%} of the codebook or less, or below"
        " {few}"
    ),
    why="The code carries a few bits instead of many; entries that are never chosen never learn.",
    fix=(
        "Initialise the codebook from encoder outputs, update it by moving averages, restart dead"
        " entries, or use smaller codes."
    ),
    source="van den Oord et al. 2017; perplexity of the codes of sampled steps",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge which codes are used.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    counts = signals.recording.series("codes/counts")
    asked = signals.task == "vector_quantized"
    if counts.ndim != 2 or not counts.size or not (asked or len(counts) >= 10):
        return CHECK.finding(
            "not_applicable", "No codes were seen (task='vector_quantized', outputs={'codes': ...})"
        )
    late = np.nansum(counts[-max(3, len(counts) // 3) :], axis=0).astype(float)
    size = max(int(signals.recording.facts.get("codebook") or 0), len(late))
    total = late.sum()
    shares = late[late > 0] / max(total, 1.0)
    perplexity = float(np.exp(-(shares * np.log(shares)).sum()))
    evidence = {
        "perplexity": perplexity,
        "used": int((late > 0).sum()),
        "codebook": size,
        "n_codes": int(total),
    }
    t = THRESHOLDS
    if not asked or size < 4 or (perplexity > t.share * size and perplexity > t.few):
        return CHECK.finding(
            "passed", f"{evidence['used']} of {size} codes are used", evidence=evidence
        )
    action = Action(
        "stabilize_training",
        "Initialise the codebook from the first encoder outputs, update it by moving averages, and"
        " restart entries that are never chosen.",
    )
    title = (
        f"{evidence['used']} of {size} codes are used (perplexity {number(perplexity)}): the"
        " codebook has collapsed"
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
