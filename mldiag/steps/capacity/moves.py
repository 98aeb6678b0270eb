"""The values that a parameter is moved to, up and down from its default."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mldiag.conditions import is_active
from mldiag.declaration import Experiment
from mldiag.parameters import Categorical, Float, Int, Parameter, rounded
from mldiag.trial_spec import Plain

Kind = Literal["capacity", "regularization", "duration"]

FACTORS: dict[Kind, tuple[float, ...]] = {"capacity": (2.0, 4.0), "duration": (2.0,)}
"""A capacity is doubled and doubled again, a duration doubled, and both likewise divided."""

SHARES = (0.25, 0.5)
"""A regularization moves by these shares of its range, on its own scale: a factor of two is nothing to it."""

NEAR = 1.25
"""A value at the end of the range that lies nearer than this factor to another one is no value of its own."""


@dataclass(frozen=True)
class Move:
    """A parameter and the values it is moved to; the default is one of them.

    Args:
        name: The parameter's name.
        kind: Its role.
        parameter: Its range.
        values: From the least to the most of its role.
        default: Position of the default.
        ordered: Whether the values have an order: "more" and "less" mean something.
    """

    name: str
    kind: Kind
    parameter: Parameter
    values: tuple[Plain, ...]
    default: int
    ordered: bool = True


def moves(experiment: Experiment) -> tuple[Move, ...]:
    """Every parameter that is a capacity, a regularization or a duration, and acts at the defaults."""
    found = []
    for name, parameter in experiment.params.items():
        role = parameter.role
        if role not in ("capacity", "regularization", "duration"):
            continue
        if is_active(experiment.params, name, experiment.defaults):
            move = _move(name, role, parameter)
            found += [move] if len(move.values) > 1 else []
    return tuple(found)


def _move(name: str, kind: Kind, parameter: Parameter) -> Move:
    if isinstance(parameter, Categorical):
        return _choices(name, kind, parameter)
    default = parameter.default
    values = sorted({*moved_values(parameter, kind), default})
    if not parameter.increases:
        values = values[::-1]
    return Move(name, kind, parameter, tuple(values), values.index(default))


def moved_values(parameter: Float | Int, kind: Kind) -> list[float]:
    """Values around the default, within the range, without the default itself.

    Example:
        >>> moved_values(Int(4, 256, default=32, log=True), "capacity")
        [8, 16, 64, 128]
        >>> moved_values(Float(1e-6, 10, default=1e-4, log=True, zero=True), "regularization")
        [0.0, 1.78e-06, 0.00562, 0.316]
        >>> moved_values(Int(1, 8, default=3), "capacity")
        [1, 2, 6, 8]
    """
    default = float(parameter.default)
    multiplies = kind in FACTORS and parameter.low > 0 and default > 0
    if multiplies:
        raw = [default * f for f in FACTORS[kind]] + [default / f for f in FACTORS[kind]]
    elif parameter.log:
        low, high = math.log(parameter.low), math.log(parameter.high)
        start = math.log(default) if default > 0 else low
        steps = [share * (high - low) for share in SHARES]
        raw = [math.exp(start + step) for step in steps] + [math.exp(start - s) for s in steps]
        raw += [parameter.low] if default == 0 else []
    else:
        span = parameter.high - parameter.low
        raw = [default + s * span for s in SHARES] + [default - s * span for s in SHARES]
    inside = [min(max(value, parameter.low), parameter.high) for value in raw]
    values = {_round(value, parameter) for value in inside}
    if parameter.zero and default != 0:
        below = sorted(value for value in values if value < default)
        values -= set(below[:-1])  # 0 takes the place of the farthest
        values.add(0.0)
    values.discard(_round(default, parameter))
    return _apart(sorted(values), default, log=parameter.log or multiplies)


def _apart(values: Sequence[float], default: float, *, log: bool) -> list[float]:
    """Without values so near to the default or to one another that they would tell the same."""
    if not log or default <= 0:
        return list(values)
    kept: list[float] = []
    for value in values:
        near = [other for other in (*kept, default) if min(other, value) > 0]
        whole = float(value).is_integer() and float(default).is_integer()
        if whole or all(max(value, o) / min(value, o) >= NEAR for o in near):
            kept.append(value)
    return kept


def _round(value: float, parameter: Float | Int) -> float:
    if isinstance(parameter, Int):
        return round(value)
    return rounded(value, 3 if parameter.log else 6)


def _choices(name: str, kind: Kind, parameter: Categorical) -> Move:
    """Choices in the order of their size, where all have one; else as declared."""
    sizes = [_size(choice) for choice in parameter.choices]
    if any(size is None for size in sizes):
        values = tuple(parameter.choices)
        return Move(name, kind, parameter, values, values.index(parameter.default), ordered=False)
    values = tuple(c for _, c in sorted(zip(sizes, parameter.choices, strict=True), key=_first))
    return Move(name, kind, parameter, values, values.index(parameter.default))


def _first(pair: tuple[float | None, Plain]) -> float:
    return math.inf if pair[0] is None else pair[0]


def _size(choice: Plain) -> float | None:
    """A size by which choices can be ordered: a number, or the weights between layers of these widths.

    Example:
        >>> _size(8), _size((64, 64)), _size(None), _size("rbf")
        (8.0, 4160.0, inf, None)
    """
    if choice is None:
        return math.inf  # no limit
    if isinstance(choice, (bool, str)):
        return None
    if isinstance(choice, tuple):
        widths = [_size(part) for part in choice]
        known = [width for width in widths if width is not None]
        if len(known) < len(widths) or not known:
            return None
        return known[0] + sum(a * b for a, b in itertools.pairwise(known))
    return float(choice)
