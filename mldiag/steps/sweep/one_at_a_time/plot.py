"""The figure of parameters moved alone: value against score, one panel each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mldiag.findings import Interval
from mldiag.stats.intervals import undetermined
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
    _legend(figure, panels)
    title(figure, diagnosis.findings[0].title, _detail(diagnosis.axes))
    return figure


def _legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """Inside a single panel; beside several, once for all, where it covers nothing."""
    if len(panels) == 1:
        panels[0].legend(loc="best", frameon=False, fontsize=LABEL_SIZE - 2)
        return
    shown: dict[str, Artist] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        shown |= {
            label: handle
            for label, handle in zip(labels, handles, strict=True)
            if label not in shown
        }
    figure.legend(
        list(shown.values()), list(shown), loc="outside right upper", frameon=False,
        fontsize=LABEL_SIZE - 2,
    )  # fmt: skip


def _detail(found: Sequence[MeasuredAxis]) -> str:
    """What was done, in small under the figure."""
    measured = found[0].measured
    most = measured.scores.shape[1]
    if measured.curve is None:
        done = f"{plural(most, 'repeat')} a value, one parameter at a time"
        return f"{done}; 80 % intervals {measured.uncertainty}"
    trials = sum(
        int(np.isfinite(one.measured.scores).sum() + sum(one.measured.failed)) for one in found
    )
    return (
        f"{plural(trials, 'trial')}, up to {plural(most, 'repeat')} a value, one parameter at a time; "
        "every value shown as on the same repeats; 80 % bands"
    )


def _draw_axis(axes: Axes, found: MeasuredAxis) -> None:
    measured, axis = found.measured, found.axis
    x = positions(axis, axis.values)
    curve = measured.curve if axis.numeric else None
    if curve is not None:
        _draw_best_range(axes, found)
        _draw_curve(axes, found)
        # Its bands rest on different numbers of repeats, and would only distract.
        train = [undetermined(interval.estimate) for interval in measured.train]
        band(axes, x, train, colour=TRAIN, ls="--", marker="s", ms=3.5, lw=1.2, label="train")
        _draw_means(axes, x, measured)
    elif axis.numeric:
        band(
            axes, x, measured.train, colour=TRAIN, ls="--", marker="s", ms=4, lw=1.4, label="train"
        )
        band(axes, x, measured.valid, colour=VALID, marker="o", ms=6, lw=2.2, label="validation")
    else:
        _draw_bars(axes, x, measured.train, colour=TRAIN, marker="s", label="train", shift=0.12)
        _draw_bars(axes, x, measured.valid, colour=VALID, marker="o", label="validation", shift=0.0)
    shown = _draw_trials(axes, x, measured, log=axis.parameter.log)
    everywhere = x if curve is None else positions(axis, curve.values)
    label_values(axes, everywhere, axis)
    if axis.base:
        axes.set_xlabel(f"{axis.name}, {axis.while_}", fontsize=LABEL_SIZE)
    score_label(axes, measured.metric)
    score_limits(axes, shown, (*measured.valid, *measured.train))
    _mark_default(axes, x[axis.default], setting(axis.values[axis.default]))
    _mark_best(axes, x, measured, setting(found.best_value))
    _mark_failures(axes, x, measured)
    _mark_edge(axes, found, x)
    if curve is not None:
        _mark_far_off(axes, x, measured)


def _draw_curve(axes: Axes, found: MeasuredAxis) -> None:
    """The fitted curve with its band near the top, and a thin line between the means elsewhere."""
    curve = found.measured.curve
    assert curve is not None
    x = np.array(positions(found.axis, curve.values))
    means = np.array([interval.estimate for interval in found.measured.valid])
    seen = np.isfinite(means)
    own = np.array(positions(found.axis, found.axis.values))
    axes.plot(own[seen], means[seen], color=VALID, lw=0.8, alpha=0.45, zorder=1)
    joined = curve.known.copy()
    if found.axis.parameter.log and 0 in curve.values:
        joined[0] = False  # zero beside a logarithmic range stands apart
    for part in np.split(np.arange(len(x)), np.flatnonzero(np.diff(joined.astype(int))) + 1):
        if joined[part[0]]:
            axes.plot(x[part], curve.mean[part], color=VALID, lw=2.2, solid_capstyle="round",
                      label="fitted curve" if part[0] == np.argmax(joined) else None)  # fmt: skip
            axes.fill_between(
                x[part], curve.low[part], curve.high[part], color=VALID, alpha=0.15, lw=0
            )


def _draw_means(axes: Axes, x: Sequence[float], measured: Measured) -> None:
    """Mean of each value; hollow where it rests on one trial."""
    counts = measured.comparisons.repeats
    means = np.array([interval.estimate for interval in measured.valid])
    for single, face, label in ((False, VALID, "mean"), (True, "white", "one trial only")):
        some = np.isfinite(means) & ((counts == 1) == single)
        if some.any():
            axes.plot(
                np.asarray(x)[some],
                means[some],
                "o",
                color=VALID,
                mfc=face,
                mew=1.3,
                ms=6,
                label=label,
            )


def _draw_best_range(axes: Axes, found: MeasuredAxis) -> None:
    """Where the best value lies: a shaded span, with a bar and its ends above it."""
    curve = found.measured.curve
    if curve is None or found.measured.verdict in ("flat", "ignored", "no score"):
        return
    low, high = positions(found.axis, curve.best_range)
    if low == high:
        return
    top = axes.get_xaxis_transform()
    axes.axvspan(low, high, color=CHOSEN, alpha=0.07, lw=0, zorder=0)
    axes.plot([low, high], [0.985, 0.985], color=CHOSEN, lw=3, solid_capstyle="butt", transform=top,
              label="best value, 80 %", zorder=4)  # fmt: skip


def _mark_far_off(axes: Axes, x: Sequence[float], measured: Measured) -> None:
    """Carets at the border for values whose score lies beyond it."""
    bottom, top = axes.get_ylim()
    means = np.array([interval.estimate for interval in measured.valid])
    for beyond, height, marker in ((means > top, 0.955, "^"), (means < bottom, 0.03, "v")):
        where = np.flatnonzero(beyond).tolist()
        if where:
            axes.plot([x[i] for i in where], [height] * len(where), marker, color=VALID, ms=7, ls="",
                      transform=axes.get_xaxis_transform(), label="off the scale")  # fmt: skip


def _mark_edge(axes: Axes, found: MeasuredAxis, x: Sequence[float]) -> None:
    """An arrow at the end of the range beyond which the score may still rise."""
    if found.edge is None:
        return
    low = found.edge == "low"
    axes.annotate(
        "better beyond?", (x[0] if low else x[-1], 0.5), xycoords=axes.get_xaxis_transform(),
        xytext=(46 if low else -46, 0), textcoords="offset points", ha="left" if low else "right",
        va="center", color=CHOSEN, fontsize=LABEL_SIZE - 2,
        arrowprops={"arrowstyle": "->", "color": CHOSEN, "lw": 1.4},
    )  # fmt: skip


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


def _draw_trials(
    axes: Axes, x: Sequence[float], measured: Measured, *, log: bool
) -> NDArray[np.float64]:
    """Every trial as a dot, each repeat brought to the level of the average one; what was drawn."""
    repeats = measured.scores.shape[1]
    place = np.asarray(x, dtype=float)[:, None]
    if repeats > 1 and log:
        place = place * np.exp(np.linspace(-0.03, 0.03, repeats))
    else:
        place = np.repeat(place, repeats, axis=1)
    shown = measured.scores
    if measured.curve is not None:
        shown = shown - measured.curve.repeat_parts
    axes.scatter(place, shown, s=11, color=VALID, alpha=0.35, lw=0, label="single trials")
    return shown


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
              label="no score", zorder=4)  # fmt: skip
    for index in where:
        run = measured.scores.shape[1] - measured.not_run[index]
        axes.annotate(
            f"{measured.failed[index]} of {run}", (x[index], 0.025), xycoords=edge, xytext=(0, 8),
            textcoords="offset points", ha="center", color=BAD, fontsize=LABEL_SIZE - 3,
        )  # fmt: skip
