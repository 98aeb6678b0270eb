"""The figures of a sweep: value against score for each parameter, or the points of a search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mldiag.findings import Interval
from mldiag.parameters import Int
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
    value_axis,
)  # fmt: skip
from mldiag.steps.sweep.axes import Axis
from mldiag.steps.sweep.measured import Measured, MeasuredAxis, SweepDiagnosis
from mldiag.trial_spec import Plain
from mldiag.wording import gain, plural, setting

ZERO_GAP = 10.0
"""Zero has no place on a logarithmic axis: it is drawn this factor below the smallest value."""


def plot(diagnosis: SweepDiagnosis) -> Figure:
    """Draw every parameter that was moved, or the points of a search.

    Args:
        diagnosis: The answer of the step.
    """
    if diagnosis.search is not None:
        return _plot_search(diagnosis, diagnosis.search)
    if not diagnosis.axes:
        figure, (axes,) = new_figure()
        axes.text(0.5, 0.5, diagnosis.findings[0].title, ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return figure
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
    x = _positions(axis, axis.values)
    if axis.numeric:
        band(
            axes, x, measured.train, colour=TRAIN, ls="--", marker="s", ms=4, lw=1.4, label="train"
        )
        band(axes, x, measured.valid, colour=VALID, marker="o", ms=6, lw=2.2, label="validation")
    else:
        _draw_bars(axes, x, measured.train, colour=TRAIN, marker="s", label="train", shift=0.12)
        _draw_bars(axes, x, measured.valid, colour=VALID, marker="o", label="validation", shift=0.0)
    _draw_trials(axes, x, measured, log=axis.parameter.log)
    _label_values(axes, x, axis)
    score_label(axes, measured.metric)
    score_limits(axes, measured.scores, (*measured.valid, *measured.train))
    _mark_default(axes, x[axis.default], setting(axis.values[axis.default]))
    _mark_best(axes, x, measured, setting(found.best_value))
    _mark_failures(axes, x, measured)
    axes.legend(loc="best", frameon=False, fontsize=LABEL_SIZE - 2)


def _positions(axis: Axis, values: Sequence[Plain]) -> list[float]:
    """Where values stand: numbers at themselves, choices side by side, zero left of a logarithmic range."""
    if not axis.numeric:
        return [float(axis.values.index(value)) for value in values]
    numbers = [float(value) for value in values if isinstance(value, (int, float))]
    if axis.parameter.log and any(number > 0 for number in numbers):
        smallest = min(number for number in numbers if number > 0)
        return [number if number > 0 else smallest / ZERO_GAP for number in numbers]
    return numbers


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


def _label_values(axes: Axes, x: Sequence[float], axis: Axis) -> None:
    """Ticks of a parameter's axis, given where its values stand."""
    axes.set_xlabel(axis.name, fontsize=LABEL_SIZE)
    if not axis.numeric:
        axes.set_xticks(range(len(axis.values)), [setting(value) for value in axis.values])
        axes.set_xlim(-0.5, len(axis.values) - 0.5)
        return
    log = axis.parameter.log and min(x) > 0
    value_axis(axes, x, log=log, whole=isinstance(axis.parameter, Int))
    if log and 0 in axis.values:
        zero, smallest = sorted(set(x))[:2]
        ticks = [zero, *(t for t in axes.get_xticks() if smallest * 0.99 <= t <= max(x) * 1.01)]
        axes.set_xticks(ticks, ["0", *(f"{tick:g}" for tick in ticks[1:])])
        axes.minorticks_off()


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


def _plot_search(diagnosis: SweepDiagnosis, measured: Measured) -> Figure:
    """One panel a parameter: its values against the mean score of the point."""
    figure, panels = new_figure(len(diagnosis.searched))
    means = np.array([interval.estimate for interval in measured.valid])
    for axes, axis in zip(panels, diagnosis.searched, strict=True):
        x = _positions(axis, [point[axis.name] for point in diagnosis.points])
        axes.scatter(
            x, means, s=26, color=VALID, alpha=0.55, lw=0, label="one point, mean of its repeats"
        )
        axes.scatter(x[:1], means[:1], s=70, color=DEFAULT, marker="D", label="the defaults")
        if measured.verdict == "better value":
            axes.scatter([x[measured.best]], [means[measured.best]], s=260, color=CHOSEN, marker="*",
                         ec="white", label="best, surely better")  # fmt: skip
        _label_values(axes, x, axis)
        score_label(axes, measured.metric)
        score_limits(axes, means, ())
    panels[0].legend(loc="best", frameon=False, fontsize=LABEL_SIZE - 2)
    points = plural(len(diagnosis.points), "point")
    title(
        figure,
        diagnosis.findings[0].title,
        f"{points} of {plural(measured.scores.shape[1], 'repeat')}",
    )
    return figure
