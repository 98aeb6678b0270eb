"""The figure of a search: how it went, each parameter's values, and how much each of them matters."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from mldiag.steps.drawing import (
    BAD,
    CHOSEN,
    DEFAULT,
    LABEL_SIZE,
    VALID,
    new_figure,
    score_label,
    score_limits,
    title,
    words_only,
)
from mldiag.steps.sweep.axes import Axis
from mldiag.steps.sweep.axis_drawing import label_values, positions
from mldiag.steps.sweep.search.diagnose import SearchDiagnosis, best_so_far, shown_scores
from mldiag.steps.sweep.search.measured import SearchMeasured
from mldiag.wording import plural, score

MOST_FOR_PAIRS = 3
"""With more parameters than this, their pairs are too many to draw."""

Mask = NDArray[np.bool_]


def plot(diagnosis: SearchDiagnosis) -> Figure:
    """Best so far against points; a panel for each parameter; pairs of up to three; what matters.

    Args:
        diagnosis: The answer of the search.
    """
    measured = diagnosis.search
    if measured is None:
        return words_only(diagnosis.findings[0].title)
    axes = diagnosis.searched
    numeric = [axis for axis in axes if axis.numeric]
    pairs = list(itertools.combinations(numeric, 2)) if len(axes) <= MOST_FOR_PAIRS else []
    bars = bool(diagnosis.importance) and len(axes) > 1
    figure, panels = new_figure(1 + len(axes) + len(pairs) + bars)
    left = iter(panels)
    _draw_progress(next(left), measured)
    for axis in axes:
        _draw_parameter(next(left), diagnosis, measured, axis)
    for pair in pairs:
        _draw_pair(next(left), diagnosis, measured, pair)
    if bars:
        _draw_importance(next(left), diagnosis)
    panels[0].legend(loc="lower right", frameon=False, fontsize=LABEL_SIZE - 2)
    trainings = int(measured.tried.ran.sum())
    title(
        figure,
        diagnosis.findings[0].title,
        f"{diagnosis.method}: {plural(len(diagnosis.points), 'point')}, {plural(trainings, 'training')} of "
        "one repeat each; a larger dot had more repeats",
    )
    return figure


def _scored(measured: SearchMeasured) -> tuple[NDArray[np.float64], Mask, Mask]:
    """Scores, points that were cut short, and points that failed."""
    scores = shown_scores(measured)
    cut = np.array(
        [any(c is not None and c.status == "cut" for c in row) for row in measured.tried.cells]
    )
    return scores, cut, ~np.isfinite(scores) & ~cut


def _draw_progress(axes: Axes, measured: SearchMeasured) -> None:
    scores, cut, failed = _scored(measured)
    number = np.arange(len(scores), dtype=np.float64)
    best = best_so_far(measured)
    axes.step(number, best, where="post", color=VALID, lw=2, label="best so far, while chosen")
    _dots(axes, number, scores, measured)
    _mark_lost(axes, number, cut, failed)
    axes.scatter([0], [scores[0]], s=60, color=DEFAULT, marker="D", zorder=4, label="the defaults")
    _star(axes, float(measured.best), scores[measured.best], measured)
    if np.isfinite(measured.confirmed_score):
        axes.axhline(
            measured.confirmed_score,
            color=CHOSEN,
            ls=":",
            lw=1.5,
            label=f"winner on the reserve, {score(measured.metric, measured.confirmed_score)}",
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("point, in the order tried", fontsize=LABEL_SIZE)
    score_label(axes, measured.metric)
    score_limits(axes, [*scores, measured.confirmed_score], ())
    low, high = axes.get_ylim()
    if np.isfinite(scores[0]) and not low < scores[0] < high:  # the defaults are always seen
        margin = 0.05 * abs(high - scores[0]) + 0.05 * abs(scores[0] - low)
        axes.set_ylim(min(low, scores[0] - margin), max(high, scores[0] + margin))


def _draw_parameter(
    axes: Axes, diagnosis: SearchDiagnosis, measured: SearchMeasured, axis: Axis
) -> None:
    scores, cut, failed = _scored(measured)
    x = np.array(positions(axis, [point[axis.name] for point in diagnosis.points]))
    _dots(axes, x, scores, measured)
    _mark_lost(axes, x, cut, failed)
    axes.scatter(x[:1], scores[:1], s=60, color=DEFAULT, marker="D", zorder=4)
    _star(axes, x[measured.best], scores[measured.best], measured)
    label_values(axes, x.tolist(), axis)
    score_label(axes, measured.metric)
    score_limits(axes, scores, ())


def _draw_pair(
    axes: Axes, diagnosis: SearchDiagnosis, measured: SearchMeasured, pair: Sequence[Axis]
) -> None:
    """Two parameters against each other, the score as colour."""
    scores, _, failed = _scored(measured)
    x, y = (
        np.array(positions(axis, [point[axis.name] for point in diagnosis.points])) for axis in pair
    )
    known = np.isfinite(scores)
    low, high = np.quantile(scores[known], [0.1, 1.0]) if known.any() else (0.0, 1.0)
    drawn = axes.scatter(
        x[known], y[known], c=scores[known], cmap="viridis", vmin=low, vmax=high, s=45, ec="white", lw=0.5
    )  # fmt: skip
    axes.scatter(x[failed], y[failed], marker="x", color=BAD, s=35)
    axes.scatter(x[:1], y[:1], s=70, marker="D", fc="none", ec=DEFAULT, lw=1.5)
    if measured.best:
        axes.scatter(
            [x[measured.best]], [y[measured.best]], s=200, marker="*", color=CHOSEN, ec="white"
        )
    label_values(axes, x.tolist(), pair[0])
    axes.set_ylabel(pair[1].name, fontsize=LABEL_SIZE)
    if pair[1].parameter.log and (y > 0).all():
        axes.set_yscale("log")
        wide = np.log10(y.max() / y.min()) > 2
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.minorticks_off()
    assert axes.figure is not None
    bar = axes.figure.colorbar(drawn, ax=axes, pad=0.02)
    bar.set_label(measured.metric.name.replace("_", " "), fontsize=LABEL_SIZE - 1)


def _draw_importance(axes: Axes, diagnosis: SearchDiagnosis) -> None:
    found = diagnosis.importance[::-1]
    shares = np.array([one.share.estimate for one in found])
    ends = np.array([[one.share.low, one.share.high] for one in found]).T
    colours = [VALID if one.matters else BAD for one in found]
    axes.barh([one.name for one in found], shares, color=colours, height=0.6, alpha=0.85)
    axes.errorbar(
        shares, range(len(found)), xerr=np.abs(ends - shares), fmt="none", ecolor="#222222", capsize=3, lw=1
    )  # fmt: skip
    for row, one in enumerate(found):
        if not one.matters:
            axes.text(max(one.share.high, 0.01) + 0.02, row, "not surely", va="center",
                      fontsize=LABEL_SIZE - 3, color="#555555")  # fmt: skip
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("share of the variation it explains alone", fontsize=LABEL_SIZE)


def _dots(
    axes: Axes, x: NDArray[np.float64], scores: NDArray[np.float64], measured: SearchMeasured
) -> None:
    size = 14 + 14 * measured.tried.done
    axes.scatter(x, scores, s=size, color=VALID, alpha=0.5, lw=0, label="a point")


def _mark_lost(axes: Axes, x: NDArray[np.float64], cut: Mask, failed: Mask) -> None:
    """Points without a score, at the foot of the panel."""
    for mask, marker, name in ((cut, "v", "cut short"), (failed, "x", "failed")):
        if mask.any():
            axes.scatter(
                np.asarray(x)[mask], np.full(int(mask.sum()), 0.02), marker=marker, color=BAD, s=28,
                transform=axes.get_xaxis_transform(), label=name, clip_on=False,
            )  # fmt: skip


def _star(axes: Axes, x: float, y: float, measured: SearchMeasured) -> None:
    if measured.best == 0:
        return
    sure = measured.verdict == "better value"
    axes.scatter(
        [x], [y], s=230, marker="*", zorder=5, ec="white" if sure else CHOSEN,
        fc=CHOSEN if sure else "white",
        label="winner, surely better" if sure else "winner, not surely better",
    )  # fmt: skip
