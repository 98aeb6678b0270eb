"""The space of a search: its parameters, which of them act at a point, and their scales from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mldiag.conditions import is_active, settled
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.parameters import Categorical, Int, Parameter, rounded
from mldiag.steps.sweep.axes import Axis
from mldiag.trial_spec import Plain

Point = Mapping[str, Plain]

ZERO_SHARE = 0.1
"""Share of a scale that stands for 0 beside a logarithmic range."""


@dataclass(frozen=True, eq=False)
class Space:
    """The parameters of a search.

    Args:
        axes: The searched parameters, each after those that its conditions name.
        params: All declared parameters, for their conditions.
        defaults: Their defaults.
        idle: Searched parameters that can never act, because what they depend on is not searched.
    """

    axes: tuple[Axis, ...]
    params: Mapping[str, Parameter]
    defaults: Mapping[str, Plain]
    idle: tuple[str, ...] = ()

    @classmethod
    def of(cls, experiment: Experiment, axes: Sequence[Axis]) -> Space:
        """The space of an experiment's named parameters.

        Raises:
            MldiagError: If none of them can act.
        """
        named = {axis.name: axis for axis in axes}
        can = [name for name in named if _can_act(experiment, name, named)]
        if not can:
            raise MldiagError(
                f"{' and '.join(named)} cannot act while the other parameters keep their defaults",
                expected="a parameter that acts, or the one that its condition names as well",
                nearest=", ".join(n for n in experiment.params if n not in named),
            )
        ordered = sorted(can, key=lambda name: _depth(experiment.params, name))
        return cls(
            tuple(named[name] for name in ordered),
            experiment.params,
            experiment.defaults,
            tuple(name for name in named if name not in can),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the searched parameters."""
        return tuple(axis.name for axis in self.axes)

    @property
    def conditional(self) -> tuple[str, ...]:
        """Searched parameters that act at some points only."""
        names = self.names
        return tuple(n for n in names if any(other in names for other, _ in self.params[n].when))

    @property
    def numeric(self) -> bool:
        """Whether every parameter is a number on a scale that always acts."""
        return not self.conditional and all(has_scale(axis) for axis in self.axes)

    @property
    def size(self) -> float:
        """Number of different points; infinite where a parameter is real-valued."""
        return math.prod(_levels(axis) for axis in self.axes)

    def settled(self, point: Point) -> dict[str, Plain]:
        """The searched values of a point, parameters that do not act at their defaults."""
        whole = settled(self.params, {**self.defaults, **point})
        return {name: whole[name] for name in self.names}

    def acts(self, name: str, point: Point) -> bool:
        """Whether a parameter acts at a point."""
        return is_active(self.params, name, {**self.defaults, **point})

    def units(self, point: Point) -> dict[str, float]:
        """Where the acting parameters of a point stand: numbers from 0 to 1, choices by position.

        A value outside a parameter's range is drawn to its end.
        """
        return {
            axis.name: to_unit(axis, point[axis.name])
            for axis in self.axes
            if self.acts(axis.name, point)
        }

    def at(self, units: Mapping[str, float]) -> dict[str, Plain]:
        """The point at these positions; missing ones are at their defaults."""
        found = {
            axis.name: from_unit(axis, units[axis.name]) for axis in self.axes if axis.name in units
        }
        return self.settled(found)


def has_scale(axis: Axis) -> bool:
    """Whether values are drawn from a range, not from a list."""
    return not axis.explicit and not isinstance(axis.parameter, Categorical)


def to_unit(axis: Axis, value: Plain) -> float:
    """Position of a value: 0 to 1 on the parameter's own scale, or the number of a choice."""
    if not has_scale(axis):
        return float(axis.values.index(value)) if value in axis.values else 0.0
    parameter = axis.parameter
    assert not isinstance(parameter, Categorical)
    assert isinstance(value, (int, float))
    floor = ZERO_SHARE if parameter.zero and parameter.log else 0.0
    if floor and value <= 0:
        return floor / 2
    low, high, at = float(parameter.low), float(parameter.high), float(value)
    if parameter.log:
        low, high, at = math.log(low), math.log(high), math.log(max(at, 1e-300))
    return floor + (1 - floor) * min(max((at - low) / (high - low), 0.0), 1.0)


def from_unit(axis: Axis, unit: float) -> Plain:
    """The value at a position; the inverse of `to_unit` up to rounding."""
    if not has_scale(axis):
        return axis.values[min(max(int(unit), 0), len(axis.values) - 1)]
    parameter = axis.parameter
    assert not isinstance(parameter, Categorical)
    floor = ZERO_SHARE if parameter.zero and parameter.log else 0.0
    if floor and unit < floor:
        return 0 if isinstance(parameter, Int) else 0.0
    share = min(max((unit - floor) / (1 - floor), 0.0), 1.0)
    low, high = float(parameter.low), float(parameter.high)
    if parameter.log:
        value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    else:
        value = low + share * (high - low)
    if isinstance(parameter, Int):
        return round(min(max(value, low), high))
    return min(max(rounded(value, 3 if parameter.log else 6), low), high)


def _levels(axis: Axis) -> float:
    if not has_scale(axis):
        return len(axis.values)
    parameter = axis.parameter
    if isinstance(parameter, Int):
        return parameter.high - parameter.low + 1 + parameter.zero
    return math.inf


def _can_act(experiment: Experiment, name: str, searched: Mapping[str, Axis]) -> bool:
    """Whether what a parameter depends on is searched, or at a default under which it acts."""
    for other, allowed in experiment.params[name].when:
        if other in searched:
            if not _can_act(experiment, other, searched):
                return False
        elif experiment.defaults[other] not in allowed:
            return False
    return True


def _depth(params: Mapping[str, Parameter], name: str) -> int:
    return 1 + max((_depth(params, other) for other, _ in params[name].when), default=0)
