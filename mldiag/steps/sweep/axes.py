"""The parameters that a sweep moves, each with the values it takes; widened where the answer asks for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.parameters import Categorical, Float, Int, Parameter, rounded
from mldiag.ranges import parse_range, widened
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain, TrialSpec
from mldiag.wording import setting

WIDENINGS = 3
"""Times that a range may be widened before the user is asked."""


@dataclass(frozen=True)
class Axis:
    """One parameter and its values in order; the default is always one of them.

    Args:
        name: The parameter's name.
        parameter: Its range in this sweep.
        values: The values, ascending where they are numbers.
        default: Position of the default.
        explicit: Whether the user listed the values, so that there is no range to widen.
    """

    name: str
    parameter: Parameter
    values: tuple[Plain, ...]
    default: int
    explicit: bool = False

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers on a scale."""
        return not isinstance(self.parameter, Categorical)

    def edge(self, index: int) -> str | None:
        """`low` or `high` where the value is an end of the range that can be moved, else None."""
        if not self.numeric or len(self.values) < 3 or index not in (0, len(self.values) - 1):
            return None
        low = index == 0
        return ("low" if low else "high") if self._can_widen(low=low) else None

    def suggested_range(self, *, low: bool) -> str:
        """What to write after `--param` to look beyond an end."""
        assert not isinstance(self.parameter, Categorical)
        wide = widened(self.parameter, at_low=low)
        return f"{self.name}={setting(wide.low)}:{setting(wide.high)}" + (
            ":log" if wide.log else ""
        )

    def widened(self, *, low: bool) -> Axis:
        """The axis continued beyond an end at its own spacing; the same axis where it cannot go on."""
        assert not isinstance(self.parameter, Categorical)
        wide = widened(self.parameter, at_low=low)
        numbers = [float(value) for value in self.values if isinstance(value, (int, float))]
        inner = sorted(n for n in numbers if n > 0) if wide.log else sorted(numbers)
        steps = max(2, round(_widening(inner, log=wide.log)))
        end, far = (inner[0], wide.low) if low else (inner[-1], wide.high)
        if end == far:
            return self
        new = np.geomspace(end, far, steps + 1) if wide.log else np.linspace(end, far, steps + 1)
        added = [wide.coerce(_round(value, wide)) for value in new[1:]]
        return _axis(self.name, wide, [*self.values, *added], self.values[self.default])

    def _can_widen(self, *, low: bool) -> bool:
        if isinstance(self.parameter, Categorical) or self.explicit:
            return False
        wide = widened(self.parameter, at_low=low)
        if low and self.values[0] == 0:  # zero is a natural end: nothing lies below it
            return False
        return (wide.low < self.parameter.low) if low else (wide.high > self.parameter.high)


def asked_axes(experiment: Experiment, settings: Settings) -> tuple[Axis, ...]:
    """The axes that the settings ask for, before any widening.

    Raises:
        MldiagError: If no parameter is named, or one is unknown or named twice, or a range is wrong.
    """
    asked = [text.partition("=") for text in settings.param]
    if settings.all or (settings.search is not None and not asked):
        asked += [(name, "", "") for name in experiment.params if name not in [a[0] for a in asked]]
    if not asked:
        raise MldiagError(
            "no parameter to move",
            expected="--param NAME for one of them, or --all",
            nearest=", ".join(experiment.params) or "none is declared",
            hint=" ".join(
                [
                    "mldiag sweep",
                    experiment.shown_target,
                    "--param",
                    next(iter(experiment.params), "NAME"),
                ]
            ),
        )
    names = [name for name, _, _ in asked]
    for name in names:
        if names.count(name) > 1:
            raise MldiagError(f"parameter {name!r} is named twice", expected="each once")
    return tuple(_asked_axis(experiment, settings, name, text) for name, _, text in asked)


def axis_specs(experiment: Experiment, settings: Settings, axis: Axis) -> list[list[TrialSpec]]:
    """Specs of an axis by value and repeat; all other parameters at their defaults."""
    return [
        [experiment.spec({axis.name: value}, repeat=repeat) for repeat in range(settings.repeats)]
        for value in axis.values
    ]


def grown_axis(
    experiment: Experiment, settings: Settings, axis: Axis, results: Sequence[TrialResult]
) -> Axis:
    """The axis after as many widenings as the results call for; it follows from the results alone."""
    if not settings.widen:
        return axis
    found = {result.spec.digest: result for result in results}
    name, sign = experiment.metric.name, experiment.metric.sign
    for _ in range(WIDENINGS):
        means = []
        for row in axis_specs(experiment, settings, axis):
            if any(spec.digest not in found for spec in row):
                return axis  # what was asked for last is still to come
            scores = [sign * found[spec.digest].score(name) for spec in row]
            means.append(float(np.mean(scores)))
        if not np.isfinite(means).any():
            return axis
        edge = axis.edge(int(np.nanargmax(means)))
        if edge is None or np.ptp([m for m in means if math.isfinite(m)]) == 0:
            return axis
        grown = axis.widened(low=edge == "low")
        if grown.values == axis.values:
            return axis
        axis = grown
    return axis


def _asked_axis(experiment: Experiment, settings: Settings, name: str, text: str) -> Axis:
    declared = experiment.parameter(name)
    if not text:
        return _axis(name, declared, declared.grid(settings.values), declared.default)
    parsed = parse_range(name, text, declared)
    if isinstance(parsed, tuple):
        return replace(_axis(name, declared, parsed, declared.default), explicit=True)
    return _axis(name, parsed, parsed.grid(settings.values), declared.default)


def _axis(name: str, parameter: Parameter, values: Sequence[Plain], default: Plain) -> Axis:
    if isinstance(parameter, Categorical):
        ordered = [*dict.fromkeys([*values, default])]
        return Axis(name, parameter, tuple(ordered), ordered.index(default))
    numbers = sorted({value for value in [*values, default] if isinstance(value, (int, float))})
    return Axis(name, parameter, tuple(numbers), tuple[Plain, ...](numbers).index(default))


def _widening(inner: Sequence[float], *, log: bool) -> float:
    """Steps of the present spacing that one widening spans."""
    if len(inner) < 2:
        return 2.0
    if log:
        spacing = (math.log10(inner[-1]) - math.log10(inner[0])) / (len(inner) - 1)
        return 1 / spacing
    return float(len(inner) - 1)


def _round(value: float, parameter: Float | Int) -> float:
    """As `Float.grid` rounds, so that a widened range meets the trials of a declared one."""
    return round(value) if isinstance(parameter, Int) else rounded(value, 3 if parameter.log else 6)
