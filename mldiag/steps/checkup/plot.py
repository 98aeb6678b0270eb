"""The figure of a check-up: what each remedy gains, in order."""

from __future__ import annotations

import math
import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mldiag.metrics import Metric
from mldiag.steps.checkup.checkup_diagnosis import CheckupDiagnosis
from mldiag.steps.checkup.weighed import Weighed
from mldiag.steps.drawing import BAD, CHOSEN, LABEL_SIZE, VALID, new_figure, title, words_only
from mldiag.wording import gain, score

MOST_BARS = 8


def plot(diagnosis: CheckupDiagnosis) -> Figure:
    """Draw every gain that is known with its interval, best first; the rest is named.

    Args:
        diagnosis: The answer of the check-up.
    """
    verdict = _verdict(diagnosis)
    shown = [one for one in diagnosis.ranked if one.gain is not None][:MOST_BARS]
    if not shown:
        return words_only(verdict)
    figure, (axes,) = new_figure()
    figure.set_figheight(1.9 + 0.55 * len(shown))
    for place, one in enumerate(reversed(shown)):
        _draw(axes, place, one, diagnosis)
    axes.axvline(0, color=BAD, lw=1)
    axes.axvspan(0, diagnosis.worth, color="#eeeeee", lw=0, zorder=0)
    axes.set_yticks(range(len(shown)), [_label(one, diagnosis) for one in reversed(shown)])
    axes.tick_params(axis="y", labelsize=LABEL_SIZE - 1.5)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.7)
    points = diagnosis.metric.as_points()
    if points:
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    unit = "points" if points else diagnosis.metric.name
    axes.set_xlabel(f"gain ({unit}); positive is better", fontsize=LABEL_SIZE)
    title(figure, verdict, _detail(diagnosis))
    return figure


def _verdict(diagnosis: CheckupDiagnosis) -> str:
    if not diagnosis.findings:
        return "Nothing was asked"
    if diagnosis.ranked and diagnosis.findings[0].action is not None:
        first = diagnosis.ranked[0]
        if first.claimed or first.gain is None:
            return f"Next: {_told_next(first, diagnosis.metric)}"
    return diagnosis.findings[0].title


def _draw(axes: Axes, place: int, one: Weighed, diagnosis: CheckupDiagnosis) -> None:
    if one.gain is None:
        return
    first = diagnosis.ranked[0] is one and one.claimed
    colour = CHOSEN if first else VALID if one.claimed else BAD
    if math.isfinite(one.gain.low) and math.isfinite(one.gain.high):
        axes.plot([one.gain.low, one.gain.high], [place, place], color=colour, lw=3, alpha=0.55)
    hollow = not one.claimed
    axes.plot(
        [one.gain.estimate], [place], "o", color=colour, ms=8, mfc="white" if hollow else colour
    )


def _label(one: Weighed, diagnosis: CheckupDiagnosis) -> str:
    text = textwrap.shorten(one.candidate.text.rstrip("."), 46, placeholder=" ...")
    told = "" if one.gain is None else gain(diagnosis.metric, one.gain)
    return f"{text}\n{told}{'' if one.claimed else ', not sure'}"


def _detail(diagnosis: CheckupDiagnosis) -> str:
    now = score(diagnosis.metric, diagnosis.baseline.estimate)
    told = f"as it stands: {diagnosis.metric.name} {now} over {diagnosis.n} repeats"
    return f"{told}; 80 % intervals; grey: less than is worth having; hollow: not surely better than nothing"


def _told_next(one: Weighed, metric: Metric) -> str:
    """The next action in a line."""
    if one.gain is None:
        return one.candidate.text
    return f"{one.candidate.text.rstrip('.')}: {gain(metric, one.gain)}"
