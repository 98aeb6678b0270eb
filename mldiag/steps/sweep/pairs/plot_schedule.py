"""The panel of the learning rate by length of the training: score against rate, one line a length."""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from mldiag.steps.drawing import (
    AUGMENTED,
    LABEL_SIZE,
    TRAIN,
    VALID,
    score_label,
    score_limits,
    value_axis,
)
from mldiag.steps.sweep.pairs.schedule import Schedule

_COLOURS, _MARKERS = (TRAIN, AUGMENTED, VALID), ("^", "s", "o")
_NAMES = {0.25: "a quarter of the training", 0.5: "half of it", 1.0: "all of it"}


def draw_schedule(axes: Axes, found: Schedule) -> None:
    """Score against learning rate for each length, with the optimum and its interval along the bottom.

    Args:
        axes: Where to draw.
        found: What was measured.
    """
    for place, (length, means, best) in enumerate(
        zip(found.lengths, found.means, found.optima, strict=True)
    ):
        colour = _COLOURS[place % 3]
        axes.plot(
            found.rates, means, color=colour, marker=_MARKERS[place % 3], ms=5, lw=1.8,
            label=_NAMES.get(length, f"{length:g} of it"),
        )  # fmt: skip
        height = 0.03 + 0.035 * place
        edge = axes.get_xaxis_transform()
        if math.isfinite(best.low):
            low, high = max(best.low, found.rates[0]), min(best.high, found.rates[-1])
            axes.plot([low, high], [height] * 2, color=colour, lw=3, alpha=0.5, transform=edge)
        axes.plot([best.estimate], [height], marker="d", ms=8, color=colour, transform=edge, ls="")
    axes.plot(
        [], [], marker="d", ms=6, color="#555555", lw=3, alpha=0.7, label="optimum, 80 % interval"
    )
    value_axis(axes, found.rates, log=True)
    score_limits(axes, found.means, ())
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.18 * (high - low), high)
    axes.set_xlabel(found.param, fontsize=LABEL_SIZE)
    score_label(axes, found.metric)
    axes.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=LABEL_SIZE - 3
    )  # fmt: skip
