"""The figure of pairs: the mean score over both parameters, and the way that one at a time takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from mldiag.steps.drawing import CHOSEN, DEFAULT, LABEL_SIZE, new_figure, title, words_only
from mldiag.steps.sweep.axis_drawing import positions
from mldiag.steps.sweep.measured import MeasuredAxis
from mldiag.steps.sweep.one_at_a_time.plot import plot as plot_alone
from mldiag.steps.sweep.pairs.diagnose import PairsDiagnosis
from mldiag.steps.sweep.pairs.joint import Joint
from mldiag.steps.sweep.pairs.plot_schedule import draw_schedule
from mldiag.trial_spec import Plain
from mldiag.wording import gain, plural, setting

_SHADES = "Blues"
_OUTLINE = [withStroke(linewidth=3, foreground="white")]

_OWN_CODES = ("MD521", "MD522", "MD523")

_LABEL_ROOM = 0.09
"""Share of an axis below which two labels would run into each other."""

_SHOWN_BELOW = 8.0
"""Points further below the best than so many noises of a mean are all of the lightest shade."""


def plot(diagnosis: PairsDiagnosis) -> Figure:
    """Draw every pair, one panel each.

    Args:
        diagnosis: The answer of the pairs.
    """
    if not diagnosis.joints:
        if diagnosis.alone is not None and diagnosis.alone.axes:
            return plot_alone(diagnosis.alone)
        return words_only(diagnosis.findings[0].title)
    schedule = diagnosis.schedule
    figure, panels = new_figure(len(diagnosis.joints) + (schedule is not None))
    for axes, joint in zip(panels, diagnosis.joints, strict=False):
        _draw_pair(figure, axes, joint)
    if schedule is not None:
        draw_schedule(panels[-1], schedule)
    joint = diagnosis.joints[0]
    title(
        figure,
        _verdict(diagnosis),
        f"{_counted(joint)} a point (larger dots: more); 80 % intervals {joint.table.uncertainty}",
    )
    return figure


def _counted(joint: Joint) -> str:
    """How many repeats the points have: `2 to 5 repeats`."""
    least = min((count for count in joint.repeats if count), default=0)
    most = plural(max(joint.repeats), "repeat")
    return most if least == max(joint.repeats) else f"{least} to {most}"


def _verdict(diagnosis: PairsDiagnosis) -> str:
    """The first finding on pairs: what each parameter says alone has a figure of its own."""
    own = [f for f in diagnosis.findings if f.code in _OWN_CODES]
    return (own or diagnosis.findings)[0].title


def _draw_pair(figure: Figure, axes: Axes, joint: Joint) -> None:
    first, second = joint.design.pair.first, joint.design.pair.second
    numeric = _numeric(joint)
    x = _places(axes, first, joint.design.levels[0], numeric=numeric, vertical=False)
    y = _places(axes, second, joint.design.levels[1], numeric=numeric, vertical=True)
    _shade(figure, axes, joint, x, y, joint.levels)
    axes.grid(visible=False)
    _draw_points(axes, joint, x, y)
    _draw_way(axes, joint, x, y)
    _mark_joint(axes, joint, x, y)
    axes.set_xlabel(first.axis.name, fontsize=LABEL_SIZE)
    axes.set_ylabel(second.axis.name, fontsize=LABEL_SIZE)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles, labels, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False,
        fontsize=LABEL_SIZE - 3, handletextpad=0.4, columnspacing=1.2, markerscale=0.6,
    )  # fmt: skip


def _numeric(joint: Joint) -> bool:
    return joint.design.pair.first.axis.numeric and joint.design.pair.second.axis.numeric


def _places(
    axes: Axes, found: MeasuredAxis, levels: Sequence[Plain], *, numeric: bool, vertical: bool
) -> list[float]:
    """Levels at their place on the declared scale; beside choices everything stands side by side."""
    place = positions(found.axis, levels) if numeric else [float(i) for i in range(len(levels))]
    if numeric and found.axis.parameter.log and min(place) > 0:
        place = [float(np.log10(value)) for value in place]
    reach = max(place) - min(place) or 1.0
    kept: list[int] = []
    first = levels.index(found.axis.values[found.axis.default])
    for index in [first, *range(len(place))]:  # the default's label is the last to go
        if all(abs(place[index] - place[other]) > _LABEL_ROOM * reach for other in kept):
            kept.append(index)
    labels = [setting(level) if index in kept else "" for index, level in enumerate(levels)]
    margin = 0.06 * reach if numeric else 0.5
    if vertical:
        axes.set_yticks(place, labels)
        axes.set_ylim(min(place) - margin, max(place) + margin)
    else:
        axes.set_xticks(place, labels)
        axes.set_xlim(min(place) - margin, max(place) + margin)
    return place


def _shade(
    figure: Figure,
    axes: Axes,
    joint: Joint,
    x: list[float],
    y: list[float],
    means: NDArray[np.float64],
) -> None:
    """Filled contours where both are numbers, else a map of cells; the shades say where scores compete."""
    sign = joint.metric.sign
    finite = means[np.isfinite(means)]
    if finite.size < 2 or np.ptp(finite) == 0:
        return
    best, worst = (sign * finite).max(), (sign * finite).min()
    noise = joint.comparisons.noise_sd
    reach = _SHOWN_BELOW * noise if noise > 0 else best - worst
    low = max(worst, best - max(reach, 4 * joint.worth))
    shown = np.clip(np.nan_to_num(sign * means, nan=low), low, best)
    if _numeric(joint) and min(means.shape) > 1:
        drawn: ScalarMappable = axes.contourf(
            x, y, sign * shown.T, levels=np.sort(sign * np.linspace(low, best, 13)),
            cmap=_SHADES if sign > 0 else f"{_SHADES}_r",
            alpha=0.85,
        )  # fmt: skip
    else:
        drawn = axes.pcolormesh(
            x, y, sign * shown.T, shading="nearest", cmap=_SHADES if sign > 0 else f"{_SHADES}_r",
            alpha=0.85,
        )  # fmt: skip
    bar = figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.02, format="%.3g")
    words = "" if low <= worst else f" ({'lower' if sign > 0 else 'higher'} ones in the last shade)"
    bar.set_label(joint.metric.name.replace("_", " ") + words, fontsize=LABEL_SIZE - 2)
    bar.ax.tick_params(labelsize=LABEL_SIZE - 3)


def _draw_points(axes: Axes, joint: Joint, x: list[float], y: list[float]) -> None:
    """A dot for each point that was run, larger the more repeats it has, a cross where a trial failed."""
    most = max(max(joint.repeats), 1)
    failed = np.asarray((~joint.table.not_run & ~np.isfinite(joint.table.scores)).any(axis=1))
    for label, wanted in (("trials", False), ("no score (diverged or failed)", True)):
        places = [
            (x[i // len(y)], y[i % len(y)], 10 + 26 * joint.repeats[i] / most)
            for i in range(len(joint.design.points))
            if bool(failed[i]) == wanted and (wanted or joint.repeats[i])
        ]
        if places:
            axes.scatter(
                [a for a, _, _ in places], [b for _, b, _ in places], s=[s for *_, s in places],
                color="#555555", marker="x" if wanted else "o", lw=1.4 if wanted else 0, alpha=0.8,
                label=label, zorder=3,
            )  # fmt: skip


def _draw_way(axes: Axes, joint: Joint, x: list[float], y: list[float]) -> None:
    """From the defaults along each parameter to its best alone, and on to both."""
    default, first, second, both = joint.design.anchors
    for middle in (first, second):
        line = list(dict.fromkeys([default, middle, both]))
        if len(line) > 1:
            axes.plot(
                [x[i // len(y)] for i in line], [y[i % len(y)] for i in line], color=DEFAULT, lw=1.8,
                ls=(0, (3, 2)), zorder=4, path_effects=_OUTLINE,
                label="one at a time" if middle == first else None,
            )  # fmt: skip
    axes.plot(
        x[default // len(y)], y[default % len(y)], marker="D", ms=9, color=DEFAULT, mec="white",
        ls="", zorder=5, label="defaults",
    )  # fmt: skip
    if joint.anchor != default:
        axes.plot(
            x[joint.anchor // len(y)], y[joint.anchor % len(y)], marker="s", ms=9, color=DEFAULT,
            mec="white", ls="", zorder=5, label="where one at a time leads",
        )  # fmt: skip


def _mark_joint(axes: Axes, joint: Joint, x: list[float], y: list[float]) -> None:
    """The best together: a full star where it surely gains, a hollow one where it only looks so."""
    if joint.chosen == joint.anchor:
        return
    surely = joint.verdict == "misleads"
    words = "best together: " if surely else "best looking: "
    axes.plot(
        x[joint.chosen // len(y)], y[joint.chosen % len(y)], marker="*", ms=20,
        color=CHOSEN if surely else "white", mec="white" if surely else CHOSEN, mew=1.4, ls="", zorder=6,
        label=words + gain(joint.metric, joint.gain),
    )  # fmt: skip
