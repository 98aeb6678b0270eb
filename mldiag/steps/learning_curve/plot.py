"""The figure of the learning curve: rows against score, and the fan of what more rows would give."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mldiag.steps.drawing import (
    AUGMENTED,
    BAD,
    CHOSEN,
    DEFAULT,
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
from mldiag.steps.learning_curve.ahead import STEPS_A_DOUBLING, Ahead
from mldiag.steps.learning_curve.checks import more_data, rows_ignored
from mldiag.steps.learning_curve.curve import Curve
from mldiag.steps.learning_curve.curve_diagnosis import CurveDiagnosis
from mldiag.wording import gain, plural, score

_VERDICTS = (more_data.CHECK.code, rows_ignored.CHECK.code)
"""The title is the answer to the step's own question, also where another finding ranks above it."""


def plot(diagnosis: CurveDiagnosis) -> Figure:
    """Draw the curve; where there is none, say why.

    Args:
        diagnosis: The answer of the step.
    """
    figure, (axes,) = new_figure()
    first = next(finding for finding in diagnosis.findings if finding.code in _VERDICTS)
    if diagnosis.curve is None:
        axes.text(0.5, 0.5, first.title, ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return figure
    curve = diagnosis.curve
    _draw_scores(axes, curve)
    _draw_failures(axes, curve)
    if diagnosis.augmented is not None:
        augmented = diagnosis.augmented
        band(
            axes, augmented.rows, augmented.scores, colour=AUGMENTED, marker="^", ms=7, lw=1.8,
            label="validation, augmented",
        )  # fmt: skip
    sizes, shown = [*curve.sizes], [*curve.valid, *curve.train]
    if curve.ahead is not None:
        _draw_ahead(axes, curve, curve.ahead)
        sizes += curve.ahead.rows[STEPS_A_DOUBLING::STEPS_A_DOUBLING]
        shown += curve.ahead.scores[STEPS_A_DOUBLING::STEPS_A_DOUBLING]
    rows_axis(axes, sizes)
    score_label(axes, curve.metric)
    score_limits(axes, curve.scores, shown)
    if diagnosis.target_score is not None:
        _draw_target(axes, curve, diagnosis.target_score)
    axes.legend(loc="best", frameon=False, fontsize=LABEL_SIZE - 1)
    repeats = plural(curve.scores.shape[1], "repeat")
    title(figure, first.title, f"up to {repeats} a size; 80 % intervals {curve.uncertainty}")
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


def _draw_ahead(axes: Axes, curve: Curve, ahead: Ahead) -> None:
    """The forecast as a fan, the end of the data, and the gain with twice the rows."""
    band(
        axes, ahead.rows, ahead.scores, colour=CHOSEN, ls=":", lw=2.0, label="forecast, validation"
    )
    axes.axvline(ahead.rows[0], color=DEFAULT, lw=1.1, ls="--")
    axes.annotate(
        "all rows there are",
        xy=(ahead.rows[0], 0.02 if curve.metric.maximize else 0.98),
        xycoords=axes.get_xaxis_transform(),
        xytext=(-4, 0),
        textcoords="offset points",
        rotation=90,
        ha="right",
        va="bottom" if curve.metric.maximize else "top",
        color=DEFAULT,
        fontsize=LABEL_SIZE - 2,
    )
    at = ahead.scores[STEPS_A_DOUBLING]
    axes.annotate(
        f"twice the rows\n{gain(curve.metric, ahead.gain)}",
        xy=(ahead.rows[STEPS_A_DOUBLING], at.estimate),
        xytext=(-12, -40 if curve.metric.maximize else 40),
        textcoords="offset points",
        ha="left",
        va="center",
        color=CHOSEN,
        fontsize=LABEL_SIZE - 1,
        arrowprops={"arrowstyle": "-", "color": CHOSEN, "lw": 0.8},
    )


def _draw_target(axes: Axes, curve: Curve, wanted: float) -> None:
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, wanted), max(high, wanted + 0.04 * (high - low)))
    axes.axhline(wanted, color=BAD, lw=1.1, ls="-.")
    axes.annotate(
        f"target {score(curve.metric, wanted)}",
        xy=(0.0, wanted),
        xycoords=axes.get_yaxis_transform(),
        xytext=(4, 3),
        textcoords="offset points",
        color=BAD,
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
