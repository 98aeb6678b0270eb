"""The figure of a search: each parameter's values against the mean score of the point."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from mldiag.steps.drawing import (
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
from mldiag.steps.sweep.axis_drawing import label_values, positions
from mldiag.steps.sweep.search.diagnose import SearchDiagnosis
from mldiag.wording import plural


def plot(diagnosis: SearchDiagnosis) -> Figure:
    """One panel a parameter: its values against the mean score of the point.

    Args:
        diagnosis: The answer of the search.
    """
    measured = diagnosis.search
    if measured is None:
        return words_only(diagnosis.findings[0].title)
    figure, panels = new_figure(len(diagnosis.searched))
    means = np.array([interval.estimate for interval in measured.valid])
    for axes, axis in zip(panels, diagnosis.searched, strict=True):
        x = positions(axis, [point[axis.name] for point in diagnosis.points])
        axes.scatter(
            x, means, s=26, color=VALID, alpha=0.55, lw=0, label="one point, mean of its repeats"
        )
        axes.scatter(x[:1], means[:1], s=70, color=DEFAULT, marker="D", label="the defaults")
        if measured.verdict == "better value":
            axes.scatter([x[measured.best]], [means[measured.best]], s=260, color=CHOSEN, marker="*",
                         ec="white", label="best, surely better")  # fmt: skip
        label_values(axes, x, axis)
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
