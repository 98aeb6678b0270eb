"""What the figures of all steps share: size, fonts, colours that stay apart in grey, axis formats."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)
from numpy.typing import ArrayLike

from mldiag.findings import Interval
from mldiag.metrics import Metric
from mldiag.steps.glyphs import let_all_be_drawn, show_as_written

# Dark, middle, light: told apart in grey as well as in colour, and by people who see no red or green.
VALID = "#0b3c6f"
TRAIN = "#c8691c"
DEFAULT = "#555555"
CHOSEN = "#9b1d54"
AUGMENTED = "#4f9a6f"
BAD = "#7a7a7a"

TITLE_SIZE, LABEL_SIZE = 13, 11

MINOR_DECADES = 4
"""Over more decades than this, ticks between the powers of ten are a grey blur that costs time."""


def new_figure(panels: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure outside of pyplot, so that no global state changes, with its axes.

    Args:
        panels: Number of axes, laid out in up to two columns.
    """
    columns = 1 if panels == 1 else 2
    rows = -(-panels // columns)
    figure = Figure(
        figsize=(8.0 * columns**0.5, 4.8 * rows**0.75),
        dpi=120,
        layout=ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08),
    )
    axes = list(np.atleast_1d(np.asarray(figure.subplots(rows, columns))).ravel())
    for axis in axes[panels:]:
        axis.set_axis_off()
    for axis in axes[:panels]:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(visible=True, axis="y", color="#dddddd", linewidth=0.7)
        axis.set_axisbelow(True)
        axis.tick_params(labelsize=LABEL_SIZE - 1)
    return figure, axes[:panels]


def words_only(text: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure, (axes,) = new_figure()
    axes.text(0.5, 0.5, text, ha="center", transform=axes.transAxes, wrap=True)
    axes.set_axis_off()
    return figure


def save(figure: Figure, files: Iterable[Path]) -> None:
    """Write a figure, in the format of each file's name; it is laid out once for all of them."""
    show_as_written(figure)
    let_all_be_drawn(figure)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    for file in files:
        # The strongest compression takes a third of the time and saves a tenth of the bytes.
        options: dict[str, Any] = (
            {"pil_kwargs": {"compress_level": 1}} if file.suffix == ".png" else {}
        )
        figure.savefig(file, facecolor="white", **options)


def title(figure: Figure, verdict: str, detail: str) -> None:
    """The verdict in bold above, what was done in small below."""
    width = int(
        9.0 * figure.get_figwidth()
    )  # wide characters of the title's size that fit on a line
    figure.suptitle(
        textwrap.fill(verdict, width), fontsize=TITLE_SIZE, fontweight="bold", x=0.01, ha="left"
    )
    figure.supxlabel(detail, fontsize=LABEL_SIZE - 2.5, color="#555555", x=0.01, ha="left")


def band(
    axes: Axes, x: ArrayLike, intervals: Sequence[Interval], *, colour: str, **line: Any
) -> None:
    """A line through the estimates with its interval as a band; unknown ends are left out."""
    xs = np.asarray(x, dtype=float)
    mean, low, high = (
        np.array([getattr(interval, part) for interval in intervals], dtype=float)
        for part in ("estimate", "low", "high")
    )
    known = np.isfinite(mean)
    if not known.any():
        return
    axes.plot(xs[known], mean[known], color=colour, **line)
    bounded = known & np.isfinite(low) & np.isfinite(high)
    if bounded.any():
        axes.fill_between(xs[bounded], low[bounded], high[bounded], color=colour, alpha=0.16, lw=0)


def rows_axis(axes: Axes, sizes: Sequence[int]) -> None:
    """A logarithmic axis of training rows, labelled at the sizes themselves where they fit."""
    axes.set_xscale("log")
    ticks = list(sizes)
    while len(ticks) > 8:
        ticks = ticks[::-2][::-1]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("training rows", fontsize=LABEL_SIZE)


def value_axis(axes: Axes, values: Sequence[float], *, log: bool, whole: bool = False) -> None:
    """An axis of parameter values: powers of ten where logarithmic, whole numbers where they are."""
    if whole and not log:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if log:
        axes.set_xscale("log")
        decades = np.log10(max(values)) - np.log10(min(values))
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if decades > 2 else (1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        if decades > MINOR_DECADES:
            axes.xaxis.set_minor_locator(NullLocator())


def score_label(axes: Axes, metric: Metric) -> None:
    """The metric's name, and which way is better where that is not obvious."""
    arrow = (
        ""
        if metric.as_points()
        else " (higher is better)"
        if metric.maximize
        else " (lower is better)"
    )
    axes.set_ylabel(metric.name.replace("_", " ") + arrow, fontsize=LABEL_SIZE)


def score_limits(axes: Axes, scores: Any, intervals: Sequence[Interval]) -> None:
    """Limits that show scores and intervals: one wild value must not flatten all others.

    Args:
        axes: The axes.
        scores: Scores of single trials, any shape; NaN is left out.
        intervals: Intervals drawn beside them.
    """
    ends = [end for i in intervals for end in (i.estimate, i.low, i.high)]
    known = np.concatenate([np.ravel(scores), ends]).astype(float)
    known = known[np.isfinite(known)]
    if len(known) < 4:
        return
    low, high = np.quantile(known, [0.25, 0.75])
    margin = max(3 * (high - low), 1e-9)
    inside = known[(known >= low - margin) & (known <= high + margin)]
    spread = max(float(np.ptp(inside)), 1e-9)
    axes.set_ylim(float(inside.min()) - 0.08 * spread, float(inside.max()) + 0.08 * spread)
