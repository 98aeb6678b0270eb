"""The figure of a reproduction: the score of each run beside the reported number and its tolerance."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mldiag.steps.drawing import (
    CHOSEN,
    LABEL_SIZE,
    TRAIN,
    VALID,
    new_figure,
    score_label,
    title,
    words_only,
)
from mldiag.steps.reproduce.judged import Judged, ReproductionDiagnosis
from mldiag.wording import score


def plot(diagnosis: ReproductionDiagnosis) -> Figure:
    """Draw every run, their mean with its interval, and what was reported.

    Args:
        diagnosis: The answer of the step.
    """
    found = diagnosis.judged
    if found is None or not np.isfinite(found.scores).any():
        return words_only(diagnosis.findings[0].title)
    figure, (axes,) = new_figure()
    count = len(found.scores)
    if not math.isnan(found.expected):
        _draw_report(axes, found)
    axes.plot(range(count), found.scores, "o", color=VALID, ms=8, label="one run")
    _draw_mean(axes, found, count)
    axes.set_xlim(-0.6, count + 0.9)
    axes.set_xticks([*range(count), count + 0.2], [*map(str, range(count)), "mean"])
    axes.set_xlabel("run (seed)", fontsize=LABEL_SIZE)
    score_label(axes, found.metric)
    axes.legend(loc="best", frameon=False, fontsize=LABEL_SIZE - 2)
    title(figure, _shown_title(diagnosis), f"varied: {found.varied}")
    return figure


def _shown_title(diagnosis: ReproductionDiagnosis) -> str:
    """The finding that the headline speaks of; the figure shows the runs whatever it is."""
    codes = [finding for finding in diagnosis.findings if finding.code == "MD111"]
    first = diagnosis.findings[0]
    if first.outcome == "problem" or not codes:
        return first.title
    return codes[0].title


def _draw_report(axes: Axes, found: Judged) -> None:
    low, high = found.expected - found.tolerance, found.expected + found.tolerance
    axes.axhspan(low, high, color=TRAIN, alpha=0.14, lw=0, label="tolerance")
    axes.axhline(found.expected, color=TRAIN, lw=1.6)
    words = "earlier run" if found.earlier is not None else "reported"
    axes.annotate(
        f"{words} {score(found.metric, found.expected)}", (0.995, found.expected),
        xycoords=("axes fraction", "data"), xytext=(0, 3), textcoords="offset points", ha="right",
        va="bottom", color=TRAIN, fontsize=LABEL_SIZE - 1,
    )  # fmt: skip


def _draw_mean(axes: Axes, found: Judged, count: int) -> None:
    mean = float(np.nanmean(found.scores))
    judged = found.reproduction
    ends = None
    if judged is not None and math.isfinite(judged.low) and judged.high > judged.low:
        ends = [[judged.estimate - judged.low], [judged.high - judged.estimate]]
    level = "" if judged is None or ends is None else f", {judged.level:.0%} interval"
    axes.errorbar(
        [count + 0.2], [mean], yerr=ends, fmt="D", color=CHOSEN, ms=8, capsize=6, lw=2.0,
        label=f"mean{level}",
    )  # fmt: skip
