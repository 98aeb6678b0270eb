"""The figure of parameters moved alone: value against score, one panel each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mldiag.findings import Interval
from mldiag.steps.drawing import (
    BAD,
    CHOSEN,
    DEFAULT,
    LABEL_SIZE,
    TRAIN,
    VALID,
    band,
    new_figure,
    score_label,
    score_limits,
    title,
    words_only,
)
from mldiag.steps.sweep.axis_drawing import label_values, positions
from mldiag.steps.sweep.measured import Measured, MeasuredAxis
from mldiag.steps.sweep.one_at_a_time.diagnose import AxesDiagnosis
from mldiag.wording import gain, plural, setting


def plot(diagnosis: AxesDiagnosis) -> Figure:
    """Draw every parameter that was moved.

    Args:
        diagnosis: The answer of the step.
    """
    if not diagnosis.axes:
        return words_only(diagnosis.findings[0].title)
    figure, panels = new_figure(len(diagnosis.axes))
    for axes, found in zip(panels, diagnosis.axes, strict=True):
        _draw_axis(axes, found)
    measured = diagnosis.axes[0].measured
    repeats = plural(measured.scores.shape[1], "repeat")
    title(
        figure,
        diagnosis.findings[0].title,
        f"{repeats} a value, one parameter at a time; 80 % intervals {measured.uncertainty}",
    )
    return figure


def _draw_axis(axes: Axes, found: MeasuredAxis) -> None:
    measured, axis = found.measured, found.axis
    x = positions(axis, axis.values)
    if axis.numeric:
        band(
            axes, x, measured.train, colour=TRAIN, ls="--", marker="s", ms=4, lw=1.4, label="train"
        )
        band(axes, x, measured.valid, colour=VALID, marker="o", ms=6, lw=2.2, label="validation")
    else:
        _draw_bars(axes, x, measured.train, colour=TRAIN, marker="s", label="train", shift=0.12)
        _draw_bars(axes, x, measured.valid, colour=VALID, marker="o", label="validation", shift=0.0)
    _draw_trials(axes, x, measured, log=axis.parameter.log)
    label_values(axes, x, axis)
    score_label(axes, measured.metric)
    score_limits(axes, measured.scores, (*measured.valid, *measured.train))
    _mark_default(axes, x[axis.default], setting(axis.values[axis.default]))
    _mark_best(axes, x, measured, setting(found.best_value))
    _mark_failures(axes, x, measured)
    axes.legend(loc="best", frameon=False, fontsize=LABEL_SIZE - 2)


def _draw_bars(
    axes: Axes, x: Sequence[float], intervals: Sequence[Interval], *, colour: str, marker: str,
    label: str, shift: float,
) -> None:  # fmt: skip
    mean = np.array([interval.estimate for interval in intervals])
    low = np.array([interval.low for interval in intervals])
    high = np.array([interval.high for interval in intervals])
    known = np.isfinite(mean)
    if not known.any():
        return
    ends = np.nan_to_num(np.vstack([mean - low, high - mean]), nan=0.0)
    axes.errorbar(
        (np.asarray(x) + shift)[known], mean[known], yerr=ends[:, known], fmt=marker, color=colour,
        ms=7, capsize=4, lw=1.6, label=label,
    )  # fmt: skip


def _draw_trials(axes: Axes, x: Sequence[float], measured: Measured, *, log: bool) -> None:
    repeats = measured.scores.shape[1]
    place = np.asarray(x, dtype=float)[:, None]
    if repeats > 1 and log:
        place = place * np.exp(np.linspace(-0.03, 0.03, repeats))
    else:
        place = np.repeat(place, repeats, axis=1)
    axes.scatter(place, measured.scores, s=11, color=VALID, alpha=0.35, lw=0, label="one trial")


def _mark_default(axes: Axes, x: float, text: str) -> None:
    axes.axvline(x, color=DEFAULT, lw=1.2, ls=(0, (4, 3)))
    axes.annotate(
        f"default {text}", (x, 0.02), xycoords=axes.get_xaxis_transform(), xytext=(4, 0),
        textcoords="offset points", rotation=90, va="bottom", color=DEFAULT, fontsize=LABEL_SIZE - 2,
    )  # fmt: skip


def _mark_best(axes: Axes, x: Sequence[float], measured: Measured, text: str) -> None:
    """A star where the best value is surely better; nothing where it only looks so."""
    if measured.verdict != "better value":
        return
    best = measured.best
    score = measured.valid[best].estimate
    axes.plot(
        [x[best]], [score], marker="*", ms=19, color=CHOSEN, mec="white", mew=1.2, ls="", zorder=5
    )
    # Above the axes, where no line runs; beside the star it would hide what it speaks of.
    side = ("left", "center", "right")[min(2, int(3 * best / len(x)))]
    axes.annotate(
        f"best {text}: {gain(measured.metric, measured.gain)}", (x[best], 1.0),
        xycoords=axes.get_xaxis_transform(), xytext=(0, 3), textcoords="offset points", ha=side,
        va="bottom", color=CHOSEN, fontsize=LABEL_SIZE - 1,
    )  # fmt: skip
    axes.axvline(x[best], color=CHOSEN, lw=1.0, ls=":", zorder=1)


def _mark_failures(axes: Axes, x: Sequence[float], measured: Measured) -> None:
    """Crosses at the lower edge where trials diverged or failed, with how many."""
    where = [index for index, count in enumerate(measured.failed) if count]
    if not where:
        return
    edge = axes.get_xaxis_transform()
    axes.plot([x[i] for i in where], [0.025] * len(where), "x", color=BAD, ms=9, mew=2.2, transform=edge,
              label="no score (diverged or failed)", zorder=4)  # fmt: skip
    repeats = measured.scores.shape[1]
    for index in where:
        axes.annotate(
            f"{measured.failed[index]} of {repeats}", (x[index], 0.025), xycoords=edge, xytext=(0, 8),
            textcoords="offset points", ha="center", color=BAD, fontsize=LABEL_SIZE - 3,
        )  # fmt: skip
