"""The figure of the learning curve: rows against score, with the last doubling marked."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mldiag.steps.drawing import (
    BAD,
    CHOSEN,
    LABEL_SIZE,
    TRAIN,
    VALID,
    band,
    new_figure,
    rows_axis,
    score_label,
    score_limits,
    title,
)  # fmt: skip
from mldiag.steps.learning_curve.curve import Curve, CurveDiagnosis
from mldiag.wording import gain, plural


def plot(diagnosis: CurveDiagnosis) -> Figure:
    """Draw the curve; where there is none, say why.

    Args:
        diagnosis: The answer of the step.
    """
    figure, (axes,) = new_figure()
    first = diagnosis.findings[0]
    if diagnosis.curve is None:
        axes.text(0.5, 0.5, first.title, ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return figure
    curve = diagnosis.curve
    _draw_scores(axes, curve)
    _draw_doubling(axes, curve)
    _draw_failures(axes, curve)
    rows_axis(axes, curve.sizes)
    score_label(axes, curve.metric)
    score_limits(axes, curve.scores, (*curve.valid, *curve.train))
    axes.legend(loc="best", frameon=False, fontsize=LABEL_SIZE - 1)
    repeats = plural(curve.scores.shape[1], "repeat")
    title(figure, first.title, f"{repeats} a size; 80 % intervals {curve.uncertainty}")
    return figure


def _draw_scores(axes: Axes, curve: Curve) -> None:
    band(
        axes,
        curve.sizes,
        curve.train,
        colour=TRAIN,
        ls="--",
        marker="s",
        ms=5,
        lw=1.6,
        label="train",
    )
    band(axes, curve.sizes, curve.valid, colour=VALID, marker="o", ms=6, lw=2.2, label="validation")
    repeats = curve.scores.shape[1]
    spread = np.exp(np.linspace(-0.03, 0.03, repeats)) if repeats > 1 else np.ones(1)
    x = np.asarray(curve.sizes, dtype=float)[:, None] * spread
    axes.scatter(x, curve.scores, s=11, color=VALID, alpha=0.35, lw=0, label="one trial")


def _draw_doubling(axes: Axes, curve: Curve) -> None:
    """Mark what the last doubling gained: the verdict rests on it."""
    left, right = curve.sizes[curve.half], curve.sizes[curve.last]
    start, end = curve.valid[curve.half].estimate, curve.valid[curve.last].estimate
    if not np.isfinite([start, end]).all():
        return
    axes.hlines(start, left, right, color=CHOSEN, lw=1.2, ls=":")
    axes.annotate(
        "",
        xy=(right, end),
        xytext=(right, start),
        arrowprops={"arrowstyle": "->", "color": CHOSEN, "lw": 1.6},
    )
    axes.annotate(
        f"last doubling\n{gain(curve.metric, curve.doubling.interval)}",
        xy=(right, (start + end) / 2),
        xytext=(-12, -34 if curve.metric.maximize else 34),
        textcoords="offset points",
        ha="right",
        va="center",
        color=CHOSEN,
        fontsize=LABEL_SIZE - 1,
    )


def _draw_failures(axes: Axes, curve: Curve) -> None:
    """Crosses at the lower edge where trials gave no score, with their number."""
    at = [(size, count) for size, count in zip(curve.sizes, curve.failed, strict=True) if count]
    if not at:
        return
    edge = axes.get_xaxis_transform()
    axes.plot([size for size, _ in at], [0.02] * len(at), "x", color=BAD, ms=9, mew=2, transform=edge,
              label="no score (failed or diverged)", clip_on=False)  # fmt: skip
    for size, count in at:
        axes.annotate(str(count), (size, 0.02), xycoords=edge, xytext=(0, 7), textcoords="offset points",
                      ha="center", color=BAD, fontsize=LABEL_SIZE - 2)  # fmt: skip
