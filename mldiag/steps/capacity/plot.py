"""The figure of the capacity step: the score as each part of the model moves, and others beside it."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from mldiag.findings import Finding, Interval
from mldiag.metrics import Metric
from mldiag.steps.capacity.capacity_diagnosis import CapacityDiagnosis
from mldiag.steps.capacity.ceiling import Ceiling
from mldiag.steps.capacity.checks import bias_or_variance, ceiling_reached
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.steps.capacity.moves import Move
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
from mldiag.wording import gain, score

MOST_PANELS = 6

Floats = NDArray[np.float64]

_AXIS = {"capacity": "larger model", "regularization": "more regularization", "duration": "longer training",
         "epochs": "longer training"}  # fmt: skip


def plot(diagnosis: CapacityDiagnosis) -> Figure:
    """Draw every line that was measured.

    Args:
        diagnosis: The answer of the step.
    """
    moved = [found for found in diagnosis.lines if found.line.kind not in ("references", "dummy")]
    references = next((f for f in diagnosis.lines if f.line.kind == "references"), None)
    dummy = next((f for f in diagnosis.lines if f.line.kind == "dummy"), None)
    besides = references or dummy
    moved = moved[: MOST_PANELS - (besides is not None)]
    panels = len(moved) + (besides is not None)
    first = _title_finding(diagnosis)
    if not panels:
        return words_only(first.title)
    figure, axes = new_figure(panels)
    for axis, found in zip(axes, moved, strict=False):
        _draw_line(axis, found)
    if besides is not None:
        _draw_references(axes[-1], besides, dummy, diagnosis.ceiling)
    shown = besides or moved[0]
    looks = max(found.scores.shape[1] for found in diagnosis.lines)
    title(figure, first.title, f"up to {looks} repeats; 80 % intervals {shown.uncertainty}")
    return figure


def _title_finding(diagnosis: CapacityDiagnosis) -> Finding:
    """The finding that a person should read first; at the ceiling and where all is open, the joined one."""
    judged = diagnosis.judged
    wanted = ""
    if judged is not None and judged.verdict == "ceiling":
        wanted = ceiling_reached.CHECK.code
    elif judged is not None and judged.verdict == "inconclusive":
        wanted = bias_or_variance.CHECK.code
    return next((f for f in diagnosis.findings if f.code == wanted), diagnosis.findings[0])


def _draw_line(axes: Axes, found: MeasuredLine) -> None:
    """Train and validation score over the values, in equal steps: 0 and `None` have no place on a scale."""
    line = found.line
    x = np.arange(len(line.values), dtype=float)
    if line.ordered:
        band(axes, x, found.train, colour=TRAIN, ls="--", marker="s", ms=5, lw=1.6, label="train")
        band(axes, x, found.valid, colour=VALID, marker="o", ms=6, lw=2.2, label="validation")
    else:
        _bars(axes, x + 0.1, found.train, colour=TRAIN, marker="s", label="train")
        _bars(axes, x, found.valid, colour=VALID, marker="o", label="validation")
    repeats = found.scores.shape[1]
    spread = np.linspace(-0.06, 0.06, repeats) if repeats > 1 else np.zeros(1)
    axes.scatter(x[:, None] + spread, found.scores, s=11, color=VALID, alpha=0.35, lw=0)
    axes.xaxis.set_major_locator(FixedLocator(x.tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([line.shown(index) for index in range(len(x))])
    axes.set_xlim(-0.4, len(x) - 0.6)
    axes.set_xlabel(_axis_label(found), fontsize=LABEL_SIZE)
    score_label(axes, found.metric)
    score_limits(axes, found.scores, (*found.valid, *found.train))
    axes.axvline(x[line.default], color=DEFAULT, lw=1.2, ls=(0, (4, 3)), zorder=1)
    axes.annotate(
        "as it stands", (x[line.default], 0.0), xycoords=axes.get_xaxis_transform(), xytext=(4, 4),
        textcoords="offset points", rotation=90, va="bottom", color=DEFAULT, fontsize=LABEL_SIZE - 2,
    )  # fmt: skip
    _mark_best(axes, x, found)
    _mark_failures(axes, x, found)
    axes.legend(loc="best", frameon=False, fontsize=LABEL_SIZE - 2)


def _axis_label(found: MeasuredLine) -> str:
    line = found.line
    name = "length of the training" if line.kind == "epochs" else line.name
    if not line.ordered:
        return name
    arrow = f"{_AXIS[line.kind]} →"
    return f"{name}   ({arrow})" if not _is_reversed(line.move) else f"{name}, falling   ({arrow})"


def _is_reversed(move: Move | None) -> bool:
    values = () if move is None else move.values
    numbers = [v for v in values if isinstance(v, (int, float))]
    return len(numbers) > 1 and numbers[0] > numbers[-1]


def _mark_best(axes: Axes, x: Floats, found: MeasuredLine) -> None:
    if found.verdict != "gain":
        return
    best = found.best
    axes.plot(
        [x[best]], [found.valid[best].estimate], marker="*", ms=18, color=CHOSEN, mec="white", mew=1.2,
        ls="", zorder=5,
    )  # fmt: skip
    side = ("left", "center", "right")[min(2, int(3 * best / len(x)))]
    axes.annotate(
        gain(found.metric, found.gain), (x[best], 1.0), xycoords=axes.get_xaxis_transform(), xytext=(0, 3),
        textcoords="offset points", ha=side, va="bottom", color=CHOSEN, fontsize=LABEL_SIZE - 1,
    )  # fmt: skip


def _mark_failures(axes: Axes, x: Floats, found: MeasuredLine) -> None:
    where = [index for index, count in enumerate(found.failed) if count]
    if where:
        axes.plot([x[i] for i in where], [0.025] * len(where), "x", color=BAD, ms=9, mew=2.2,
                  transform=axes.get_xaxis_transform(), label="no score")  # fmt: skip


def _bars(axes: Axes, x: Floats, intervals: tuple[Interval, ...], **style: str) -> None:
    mean = np.array([interval.estimate for interval in intervals])
    low = np.array([interval.low for interval in intervals])
    high = np.array([interval.high for interval in intervals])
    known = np.isfinite(mean)
    ends = np.nan_to_num(np.vstack([mean - low, high - mean]), nan=0.0).clip(min=0.0)
    colour = style.pop("colour")
    axes.errorbar(x[known], mean[known], yerr=ends[:, known], fmt=style["marker"], color=colour, ms=6,
                  capsize=4, lw=1.6, ls="", label=style["label"])  # fmt: skip


def _draw_references(
    axes: Axes, found: MeasuredLine, dummy: MeasuredLine | None, ceiling: Ceiling | None
) -> None:
    """Every family as a point with its interval, the best above, the model among them in its own colour."""
    metric = found.metric
    named = [
        (found.line.shown(i), found.valid[i], found.train[i], i) for i in range(len(found.valid))
    ]
    known = [item for item in named if math.isfinite(item[1].estimate)]
    known.sort(key=lambda item: metric.sign * item[1].estimate)
    for place, (_, valid, train, index) in enumerate(known):
        own = index == found.line.default
        sure = bool(found.comparisons.claimed[index])
        colour = DEFAULT if own else CHOSEN if sure else VALID
        ends = [[valid.estimate - valid.low], [valid.high - valid.estimate]]
        ends = np.nan_to_num(np.array(ends), nan=0.0).clip(min=0.0).tolist()
        axes.errorbar([valid.estimate], [place], xerr=ends, fmt="D" if own else "o", ms=9 if own else 7,
                      color=colour, capsize=4, lw=1.8)  # fmt: skip
        if math.isfinite(train.estimate):
            axes.plot([train.estimate], [place], "s", ms=5, mfc="none", color=TRAIN)
        axes.annotate(f"{score(metric, valid.estimate)}{' *' if sure else ''}", (valid.estimate, place),
                      xytext=(0, 8), textcoords="offset points", ha="center", color=colour,
                      fontsize=LABEL_SIZE - 3)  # fmt: skip
    axes.yaxis.set_major_locator(FixedLocator(list(range(len(known)))))
    axes.set_yticklabels(
        ["your model" if i == found.line.default else name for name, _, _, i in known]
    )
    axes.set_ylim(-0.6, len(known) - 0.2)
    axes.set_xlabel(_reference_label(found, dummy), fontsize=LABEL_SIZE)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.7)
    _mark_ceiling(axes, metric, ceiling)


def _reference_label(found: MeasuredLine, dummy: MeasuredLine | None) -> str:
    """What the points are; the dummy's score in words, because its point would squeeze all others."""
    label = f"{found.metric.name.replace('_', ' ')}: validation (open squares: train"
    if dummy is not None and dummy is not found:
        value = dummy.valid[1 - dummy.line.default].estimate
        label += f"; a dummy: {score(found.metric, value)}" if math.isfinite(value) else ""
    return label + ")"


def _mark_ceiling(axes: Axes, metric: Metric, ceiling: Ceiling | None) -> None:
    """Lines where neighbours, or people, put the limit."""
    if ceiling is None:
        return
    limits = [
        ("what people reach", ceiling.human_score),
        ("bound by neighbours", bound_score(metric, ceiling)),
    ]
    for label, value in limits:
        if math.isfinite(value):
            axes.axvline(value, color=CHOSEN, lw=1.2, ls=":", zorder=1)
            axes.annotate(label, (value, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(0, 3),
                          textcoords="offset points", ha="center", va="bottom", color=CHOSEN,
                          fontsize=LABEL_SIZE - 3)  # fmt: skip


def bound_score(metric: Metric, ceiling: Ceiling) -> float:
    """The neighbours' bound in the user's metric, where it is one of errors; NaN elsewhere, or if refuted."""
    from mldiag.steps.capacity.ceiling import LIMITS

    least = ceiling.least
    if not math.isfinite(least) or ceiling.bound_share > LIMITS.bound_most:
        return math.nan
    name = metric.function
    if ceiling.quantities:
        return {"mean_squared_error": least, "root_mean_squared_error": math.sqrt(least)}.get(
            name or "", math.nan
        )
    return {"accuracy_score": 1 - least, "zero_one_loss": least}.get(name or "", math.nan)
