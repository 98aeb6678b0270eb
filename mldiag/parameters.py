"""Parameters with ranges: `Float`, `Int`, `Categorical`, and the roles that turn a value into advice."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from mldiag.errors import MldiagError, unknown_name
from mldiag.trial_spec import Plain

Role = Literal[
    "learning_rate", "capacity", "regularization", "duration", "activation", "initialization",
    "class_weight", "family", "nuisance",
]  # fmt: skip


Conditions = tuple[tuple[str, tuple[Plain, ...]], ...]


@dataclass(frozen=True)
class Float:
    """A real-valued parameter.

    Args:
        low: Smallest value tried.
        high: Largest value tried.
        default: The value used while other parameters move.
        log: Whether steps are even on a logarithmic scale.
        zero: Whether 0 is a value too, beside a logarithmic range.
        role: What the parameter does, from the fixed list of roles.
        increases: False where a larger value means less of the role (an SVM's C regularises less).
        when: Values of other parameters while which it acts, `{"kernel": "rbf"}` or, for several,
            `{"kernel": ["rbf", "poly"]}`; kept as pairs of a name and its values.

    Raises:
        MldiagError: If the range is empty, not finite, logarithmic from 0, or misses the default.

    Example:
        >>> Float(1e-3, 1e-1, default=1e-2, log=True).grid(3)
        (0.001, 0.01, 0.1)
    """

    low: float
    high: float
    default: float
    log: bool = False
    zero: bool = False
    role: Role | None = None
    increases: bool = True
    when: Conditions = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Coerce to float, so that 1 and 1.0 are one trial, and check the range."""
        for name in ("low", "high", "default"):
            object.__setattr__(self, name, _end(self, name, real))
        object.__setattr__(self, "when", _conditions(self.when))
        _check_range(self)

    def coerce(self, value: Any) -> float:
        """The value as this parameter's type; error if it is outside the range."""
        return _in_range(self, real(value))

    def grid(self, count: int) -> tuple[float, ...]:
        """`count` values from low to high, even on the parameter's own scale; 0 first where it is a value."""
        digits = 3 if self.log else 6  # no effect of a parameter is finer on its own scale
        spaced = _spaced(self.low, self.high, count, log=self.log)[1:-1]
        inner = (rounded(value, digits) for value in spaced)
        values = tuple(dict.fromkeys([self.low, *inner, self.high]))
        return (0.0, *values) if self.zero else values


@dataclass(frozen=True)
class Int:
    """A whole-number parameter; the arguments are those of `Float`.

    Example:
        >>> Int(1, 64, default=8, log=True).grid(4)
        (1, 4, 16, 64)
    """

    low: int
    high: int
    default: int
    log: bool = False
    zero: bool = False
    role: Role | None = None
    increases: bool = True
    when: Conditions = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Check that the ends are whole, and the range."""
        for name in ("low", "high", "default"):
            object.__setattr__(self, name, _end(self, name, whole))
        object.__setattr__(self, "when", _conditions(self.when))
        _check_range(self)

    def coerce(self, value: Any) -> int:
        """The value as this parameter's type; error if it is outside the range."""
        return int(_in_range(self, whole(value)))

    def grid(self, count: int) -> tuple[int, ...]:
        """At most `count` different whole values from low to high on the parameter's own scale."""
        spaced = (round(v) for v in _spaced(self.low, self.high, count, log=self.log))
        values = tuple(dict.fromkeys(int(v) for v in spaced))
        return (0, *values) if self.zero else values


@dataclass(frozen=True)
class Categorical:
    """A choice among None, booleans, numbers, strings, and tuples of these.

    Example:
        >>> Categorical(["relu", "tanh"], default="relu").grid(9)
        ('relu', 'tanh')
    """

    choices: Sequence[Plain]
    default: Plain = None
    role: Role | None = None
    when: Conditions = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Freeze the choices and check them."""
        if isinstance(self.choices, str) or not isinstance(self.choices, Iterable):
            raise MldiagError(
                f"the choices of a Categorical are {self.choices!r}",
                expected="a list of at least one choice",
                hint=f"mldiag.Categorical([{self.choices!r}], default={self.choices!r})",
            )
        object.__setattr__(self, "choices", tuple(_plain(c) for c in self.choices))
        object.__setattr__(self, "default", _plain(self.default))
        object.__setattr__(self, "when", _conditions(self.when))
        if not self.choices:
            raise MldiagError("a Categorical without choices", expected="at least one choice")
        if len(set(map(_identity, self.choices))) < len(self.choices):
            raise MldiagError(f"a choice is listed twice in {self.choices}", expected="each once")
        _check_role(self.role)
        self.coerce(self.default)

    @property
    def log(self) -> bool:
        """Choices have no scale."""
        return False

    def coerce(self, value: Any) -> Plain:
        """The choice that equals the value or is written like it; error if there is none."""
        value = _plain(value)
        for choice in self.choices:
            if _identity(choice) == _identity(value):
                return choice
        for choice in self.choices:
            if str(choice) == str(value):
                return choice
        raise unknown_name("choice", str(value), map(str, self.choices))

    def grid(self, count: int) -> tuple[Plain, ...]:
        """Every choice, in the order declared."""
        return tuple(self.choices)


Parameter = Float | Int | Categorical


def _conditions(given: Any) -> Conditions:
    """Conditions as pairs of a parameter's name and the values while which this one acts."""
    if given is None or given == ():
        return ()
    pairs = given.items() if isinstance(given, Mapping) else given
    try:
        named = [(str(name), values) for name, values in pairs]
    except (TypeError, ValueError) as error:
        raise MldiagError(
            f"when is {given!r}",
            expected="the parameter and the value while which this one acts",
            hint='when={"kernel": "rbf"}',
        ) from error
    frozen = isinstance(given, tuple)  # as it was kept: several values are a tuple
    return tuple(
        (
            name,
            tuple(map(_plain, values if isinstance(values, list) or frozen else [values])),
        )
        for name, values in named
    )


def _end(parameter: Float | Int, name: str, read: Callable[[Any], float]) -> float:
    """An end of the range, or the default, as a number."""
    kind, value = type(parameter).__name__, getattr(parameter, name)
    try:
        return read(value)
    except MldiagError as error:
        raise error.prefixed(f"{kind}: {name} = ") from error
    except (TypeError, ValueError, OverflowError) as error:
        article = "a number" if kind == "Float" else "a whole number"
        raise MldiagError(
            f"{kind}: {name} = {value!r}", expected=f"{article}, without quotes"
        ) from error


def _check_range(parameter: Float | Int) -> None:
    ends = f"{parameter.low:g}, {parameter.high:g}"
    shown = f"{type(parameter).__name__}({ends})"
    if not all(map(math.isfinite, (parameter.low, parameter.high, parameter.default))):
        raise MldiagError(
            f"{shown} with default {parameter.default:g} is not finite",
            expected="finite ends and default",
        )
    if parameter.low >= parameter.high:
        raise MldiagError(
            f"{shown} is empty",
            expected="low < high",
            nearest=f"({parameter.high:g}, {parameter.low:g})" * (parameter.low > parameter.high),
        )
    if parameter.log and parameter.low <= 0:
        low = parameter.high / 1e4 if parameter.high > 0 else 1e-4
        raise MldiagError(
            f"{shown} is logarithmic but starts at or below 0",
            expected="low > 0, or log=False",
            nearest=f"low={low:g}, with zero=True where 0 is a value too",
        )
    _check_role(parameter.role)
    _in_range(parameter, parameter.default, "the default")


def _check_role(role: str | None) -> None:
    if role is not None and role not in get_args(Role):
        raise unknown_name("role", role, get_args(Role))


def _in_range(parameter: Float | Int, value: float, what: str = "the value") -> float:
    if parameter.low <= value <= parameter.high or (parameter.zero and value == 0):
        return value
    raise MldiagError(
        f"{what} {value:g} is outside the range {parameter.low:g} to {parameter.high:g}",
        expected=f"{what} inside the declared range",
        nearest=f"{min(max(value, parameter.low), parameter.high):g}",
    )


def real(value: Any) -> float:
    """A number, but no boolean; ValueError for anything else."""
    if isinstance(value, bool):
        raise ValueError(f"expected a number, got {value}")
    return float(value)


def whole(value: Any) -> int:
    """A whole number; an error with the nearest one for any other."""
    number = real(value)
    if not number.is_integer():
        raise MldiagError(
            f"{value} is not a whole number", expected="a whole number", nearest=str(round(number))
        )
    return int(number)


def _plain(value: Any) -> Plain:
    if isinstance(value, (list, tuple)):
        return tuple(_plain(item) for item in value)
    value = value.item() if hasattr(value, "item") else value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise MldiagError(
        f"a choice of type {type(value).__name__} cannot be stored",
        expected="None, a bool, a number, a string, or a tuple of these",
        hint="use a name as the choice, and look the object up in the train function",
    )


def _identity(value: Plain) -> tuple[str, str]:
    return type(value).__name__, repr(value)  # keeps True apart from 1, and 1 from 1.0


def _spaced(low: float, high: float, count: int, *, log: bool) -> list[float]:
    if count < 2:
        raise MldiagError(f"a grid of {count} values", expected="at least 2", hint="-n 9")
    if log:
        low, high = math.log(low), math.log(high)
    values = [low + (high - low) * i / (count - 1) for i in range(count)]
    return [math.exp(v) for v in values] if log else values


def rounded(value: float, digits: int = 6) -> float:
    """A value that can be read and typed again."""
    return float(f"{value:.{digits}g}")  # readable in lists and titles
