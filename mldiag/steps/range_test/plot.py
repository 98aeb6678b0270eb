"""The figure of a range test: learning rate against loss, one line a seed, with what was read of them."""

from __future__ import annotations

import math

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
    new_figure,
    title,
    value_axis,
    words_only,
)
from mldiag.steps.range_test.curve import RangeCurve
from mldiag.steps.range_test.diagnose import RangeTestDiagnosis
from mldiag.steps.range_test.summary import RangeSummary
from mldiag.wording import number, plural, setting


def plot(diagnosis: RangeTestDiagnosis) -> Figure:
    """Draw the loss as the learning rate rises.

    Args:
        diagnosis: The answer of the range test.
    """
    subject, found = diagnosis.subject, diagnosis.summary
    if subject is None or not diagnosis.curves_by_seed:
        return words_only(diagnosis.findings[0].title)
    figure, (axes,) = new_figure()
    for place, curve in enumerate(diagnosis.curves_by_seed):
        _draw_curve(axes, curve, label=place == 0)
    rates = np.concatenate([curve.rates for curve in diagnosis.curves_by_seed])
    shown = [*rates.tolist(), subject.high, *([subject.default] if subject.default > 0 else [])]
    value_axis(axes, shown, log=True)
    axes.set_xlim(min(shown) / 1.1, max(shown) * 1.1)
    axes.set_xlabel(f"{subject.name}, rising within one training", fontsize=LABEL_SIZE)
    axes.set_ylabel("training loss, smoothed", fontsize=LABEL_SIZE)
    _limits(axes, diagnosis.curves_by_seed)
    if found is not None:
        _mark_points(axes, found, subject.high)
    _mark_default(axes, subject.default)
    axes.legend(loc="lower left", frameon=False, fontsize=LABEL_SIZE - 2)
    steps = max(len(curve.rates) for curve in diagnosis.curves_by_seed)
    seeds = plural(len(diagnosis.curves_by_seed), "seed")
    title(
        figure,
        diagnosis.findings[0].title,
        f"{seeds}, up to {plural(steps, 'step')} each; bands: 80 % intervals over seeds. "
        "Predicts a range to sweep, claims no gain.",
    )
    return figure


def _draw_curve(axes: Axes, curve: RangeCurve, *, label: bool) -> None:
    axes.plot(
        curve.rates, curve.smooth, color=VALID, lw=1.7, alpha=0.75,
        label="one seed, smoothed" if label else None,
    )  # fmt: skip
    axes.plot(
        curve.rates, curve.losses, ".", color=VALID, ms=2.5, alpha=0.18,
        label="one minibatch" if label else None,
    )  # fmt: skip
    if curve.falls:
        height = float(np.interp(np.log(curve.steepest), np.log(curve.rates), curve.smooth))
        axes.plot(
            [curve.steepest], [height], "v", color=TRAIN, ms=6, mec="white", ls="", zorder=4,
            label="falls fastest" if label else None,
        )  # fmt: skip


def _limits(axes: Axes, curves: tuple[RangeCurve, ...]) -> None:
    """What matters is between the lowest loss and a little above where it began."""
    start = max(
        float(np.median(curve.losses[: max(5, len(curve.losses) // 6)])) for curve in curves
    )
    bottom = min(float(curve.smooth.min()) for curve in curves)
    reach = max(start - bottom, 1e-9)
    top = max(float(curve.smooth.max()) for curve in curves)
    axes.set_ylim(bottom - 0.12 * reach, min(top + 0.1 * reach, start + 0.75 * reach))


def _mark_points(axes: Axes, found: RangeSummary, last: float) -> None:
    """Points as labels above the axes, their intervals as bands."""
    _band(axes, found.begins, TRAIN, "begins\nto fall", level=0)
    _band(axes, found.lowest, BAD, "lowest", level=0)
    if found.breaks_somewhere:
        _band(axes, found.breaks, CHOSEN, f"breaks {number(found.breaks.estimate, 2)}", level=1)
        axes.axvspan(found.breaks.estimate, 1.2 * last, color=CHOSEN, alpha=0.05, lw=0)
    _label(axes, found.suggestion, f"suggested {number(found.suggestion, 2)}", VALID, level=1)
    axes.axvline(found.suggestion, color=VALID, lw=1.6)


def _band(axes: Axes, interval: Interval, colour: str, text: str, *, level: int) -> None:
    axes.axvline(interval.estimate, color=colour, lw=1.1, ls=":")
    if math.isfinite(interval.low) and math.isfinite(interval.high):
        axes.axvspan(interval.low, interval.high, color=colour, alpha=0.13, lw=0)
    _label(axes, interval.estimate, text, colour, level=level)


def _label(axes: Axes, rate: float, text: str, colour: str, *, level: int) -> None:
    """Above the axes; points that lie close share no line of text."""
    axes.annotate(
        text, (rate, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(0, 3 + 15 * level),
        textcoords="offset points", ha="center", va="bottom", color=colour, fontsize=LABEL_SIZE - 2,
    )  # fmt: skip


def _mark_default(axes: Axes, default: float) -> None:
    if default <= 0:
        return
    axes.axvline(default, color=DEFAULT, lw=1.3, ls=(0, (4, 3)))
    axes.annotate(
        f"default {setting(default)}", (default, 0.98), xycoords=axes.get_xaxis_transform(),
        xytext=(4, 0), textcoords="offset points", rotation=90, va="top", color=DEFAULT,
        fontsize=LABEL_SIZE - 2,
    )  # fmt: skip
