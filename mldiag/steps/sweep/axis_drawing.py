"""A parameter's axis in a figure: where its values stand, and how they are labelled."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from mldiag.parameters import Int
from mldiag.steps.drawing import LABEL_SIZE, value_axis
from mldiag.steps.sweep.axes import Axis
from mldiag.trial_spec import Plain
from mldiag.wording import setting

ZERO_GAP = 10.0
"""Zero has no place on a logarithmic axis: it is drawn this factor below the smallest value."""


def positions(axis: Axis, values: Sequence[Plain]) -> list[float]:
    """Where values stand: numbers at themselves, choices side by side, zero left of a logarithmic range."""
    if not axis.numeric:
        return [float(axis.values.index(value)) for value in values]
    numbers = [float(value) for value in values if isinstance(value, (int, float))]
    if axis.parameter.log and any(number > 0 for number in numbers):
        smallest = min(number for number in numbers if number > 0)
        return [number if number > 0 else smallest / ZERO_GAP for number in numbers]
    return numbers


def label_values(axes: Axes, x: Sequence[float], axis: Axis) -> None:
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
