"""The parameters that a sweep moves, each with the values it takes; widened where the answer asks for it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mldiag.conditions import condition_point
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

COARSE = 5
"""Values of a first look."""

NEAR = 0.4
"""A value of the first look this share of its spacing from the default says nothing that that does not."""

FINE = 4
"""Candidates of refining for each step of the full grid."""

ZERO_SHARE = 0.15
"""Zero has no place on a logarithmic scale: it stands this share of the range below the smallest value."""


@dataclass(frozen=True)
class Axis:
    """One parameter and its values in order; the default is always one of them.

    Args:
        name: The parameter's name.
        parameter: Its range in this sweep.
        values: The values, ascending where they are numbers.
        default: Position of the default.
        explicit: Whether the user listed the values, so that there is no range to widen.
        base: What of the other parameters is not at its default, because this one acts only there.
        declared: The declared range, where the one of this sweep may be narrower.
    """

    name: str
    parameter: Parameter
    values: tuple[Plain, ...]
    default: int
    explicit: bool = False
    base: tuple[tuple[str, Plain], ...] = ()
    declared: Parameter | None = None

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers on a scale."""
        return not isinstance(self.parameter, Categorical)

    @property
    def while_(self) -> str:
        """`while kernel = rbf`, for a parameter that does not act at the defaults; else empty."""
        held = " and ".join(f"{name} = {setting(value)}" for name, value in self.base)
        return f"while {held}" if held else ""

    def point(self, value: Plain) -> dict[str, Plain]:
        """What differs from the defaults where this parameter has a value."""
        return dict(self.base) | {self.name: value}

    def spec(self, experiment: Experiment, value: Plain, repeat: int) -> TrialSpec:
        """The trial of a value in one repeat."""
        return experiment.spec(self.point(value), repeat=repeat)

    def candidates(self, values: int) -> tuple[Plain, ...]:
        """Values that may be tried: four steps of the full grid's spacing for each of its own.

        Args:
            values: Values on the full grid.
        """
        if isinstance(self.parameter, Categorical) or self.explicit:
            return self.values
        fine = self.parameter.grid(FINE * (values - 1) + 1)
        return tuple(sorted({*fine, *self.values}))

    def place(self, values: Sequence[Plain]) -> NDArray[np.float64]:
        """Where values stand on the parameter's own scale, the range being 0 to 1; choices side by side."""
        if isinstance(self.parameter, Categorical):
            return np.arange(float(len(values)))
        numbers = np.array([float(v) for v in values if isinstance(v, (int, float))])
        if self.parameter.log:
            inner = numbers > 0
            logs = np.log(numbers[inner])
            shares = (logs - logs.min()) / max(float(np.ptp(logs)), 1e-12)
            found = np.full(len(numbers), -ZERO_SHARE)
            found[inner] = shares
            return found
        return np.asarray((numbers - numbers.min()) / max(float(np.ptp(numbers)), 1e-12))

    def coarse(self, values: int) -> Axis:
        """The axis with the few values of a first look; lists and choices keep theirs.

        Args:
            values: Values on the full grid, which a first look never exceeds.
        """
        if isinstance(self.parameter, Categorical) or self.explicit:
            return self
        few, default = self.parameter.grid(min(values, COARSE)), self.values[self.default]
        around = self.place([*few, default])
        near = np.abs(around[:-1] - around[-1]) < NEAR * np.diff(np.sort(around[:-1])).max()
        inner = [
            v for v, close in zip(few, near, strict=True) if not close or v in (few[0], few[-1])
        ]
        found = _axis(self.name, self.parameter, inner, default)
        return replace(found, base=self.base, declared=self.declared)

    def beyond(self, *, low: bool, widen: bool) -> Axis:
        """The axis with two more coarse values beyond an end; the same where it may not go on.

        Args:
            low: Which end.
            widen: Whether it may leave the declared range.
        """
        if isinstance(self.parameter, Categorical) or self.explicit:
            return self
        wide = widened(self.parameter, at_low=low)
        if not widen:
            wide = _within(wide, self.parameter, self.declared)
        end, far = (self.parameter.low, wide.low) if low else (self.parameter.high, wide.high)
        if end == far:
            return self
        new = np.geomspace(end, far, 3) if wide.log else np.linspace(end, far, 3)
        added = [wide.coerce(_round(value, wide)) for value in new[1:]]
        grown = _axis(self.name, wide, [*self.values, *added], self.values[self.default])
        return replace(grown, base=self.base, declared=self.declared)

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
        grown = _axis(self.name, wide, [*self.values, *added], self.values[self.default])
        return replace(grown, base=self.base, declared=self.declared)

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
            hint=shlex.join(
                [
                    *("mldiag", "sweep"),
                    *([experiment.shown_target] if experiment.shown_target else []),
                    *("--param", next(iter(experiment.params), "NAME")),
                ]
            ),
        )
    names = [name for name, _, _ in asked]
    for name in names:
        if names.count(name) > 1:
            raise MldiagError(f"parameter {name!r} is named twice", expected="each once")
    return tuple(_asked_axis(experiment, settings, name, text) for name, _, text in asked)


def sharers(settings: Settings, axes: Sequence[Axis]) -> int:
    """Among how many comparisons the error of a claim is shared: all axes, twice that beside pairs."""
    return len(axes) * (2 if settings.pairs else 1)


def axis_specs(experiment: Experiment, settings: Settings, axis: Axis) -> list[list[TrialSpec]]:
    """Specs of an axis by value and repeat; all other parameters at their defaults."""
    return [
        [axis.spec(experiment, value, repeat) for repeat in range(settings.repeats)]
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
    axis = _axis_of(name, declared, text, settings.values)
    base = condition_point(experiment.params, name)
    return replace(axis, base=tuple(base.items()), declared=declared)


def _axis_of(name: str, declared: Parameter, text: str, values: int) -> Axis:
    if not text:
        return _axis(name, declared, declared.grid(values), declared.default)
    parsed = parse_range(name, text, declared)
    if isinstance(parsed, tuple):
        return replace(_axis(name, declared, parsed, declared.default), explicit=True)
    return _axis(name, parsed, parsed.grid(values), declared.default)


def _axis(name: str, parameter: Parameter, values: Sequence[Plain], default: Plain) -> Axis:
    if isinstance(parameter, Categorical):
        ordered = [*dict.fromkeys([*values, default])]
        return Axis(name, parameter, tuple(ordered), ordered.index(default))
    numbers = sorted({value for value in [*values, default] if isinstance(value, (int, float))})
    return Axis(name, parameter, tuple(numbers), tuple[Plain, ...](numbers).index(default))


def _within(wide: Float | Int, present: Float | Int, declared: Parameter | None) -> Float | Int:
    """A widened range cut off at the declared one; what was asked for beyond that is kept."""
    if isinstance(declared, Categorical) or declared is None:
        return wide
    low = max(wide.low, min(declared.low, present.low))
    high = min(wide.high, max(declared.high, present.high))
    if isinstance(wide, Int):
        return replace(wide, low=round(low), high=round(high))
    return replace(wide, low=low, high=high)


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
