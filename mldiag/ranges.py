"""Ranges beyond the declared ones: as written after `--param`, and widened at one end."""

from __future__ import annotations

import math
import shlex
from dataclasses import replace
from typing import Any

from mldiag.errors import MldiagError, unknown_name
from mldiag.parameters import Categorical, Float, Int, Parameter, real, rounded, whole
from mldiag.trial_spec import Plain


def widened(parameter: Float | Int, *, at_low: bool, factor: float = 10.0) -> Float | Int:
    """The parameter with its range widened at one end: by `factor` if logarithmic, else by its width.

    Example:
        >>> widened(Float(1e-3, 1e-1, default=1e-2, log=True), at_low=False).high
        1.0
    """
    low, high = parameter.low, parameter.high
    if parameter.log:
        low, high = (low / factor, high) if at_low else (low, high * factor)
        if isinstance(parameter, Int):
            low = max(1, low)
    else:
        width = high - low
        low, high = (low - width, high) if at_low else (low, high + width)
        if parameter.low >= 0:  # what was never negative must not become so
            low = max(low, 0)
    if isinstance(parameter, Int):
        return replace(parameter, low=round(low), high=round(high))
    return replace(parameter, low=rounded(low), high=rounded(high))


def parse_range(name: str, text: str, declared: Parameter | None) -> Parameter | tuple[Plain, ...]:
    """Read `1e-4:1:log`, `8:512:int:log` or `0.01,0.1` as written after `--param name=`.

    Args:
        name: The parameter's name, for messages.
        text: A range `low:high[:log][:int]`, or values separated by commas.
        declared: The declared parameter, whose type and default are kept.

    Returns:
        A parameter with the new range, or the explicit values.

    Raises:
        MldiagError: If the text is neither.

    Example:
        >>> parse_range("lr", "0.01,0.1", Float(1e-3, 1, default=0.1))
        (0.01, 0.1)
    """
    if ":" not in text:
        return _values(name, text, declared)
    if isinstance(declared, Categorical):
        shown = ",".join(map(str, declared.choices))
        raise MldiagError(
            f"{name!r} is categorical and has no range",
            expected=f"values among {', '.join(map(str, declared.choices))}",
            hint=f"--param {shlex.quote(f'{name}={shown}')}",
        )
    return _range(name, text, declared)


def _values(name: str, text: str, declared: Parameter | None) -> tuple[Plain, ...]:
    """Explicit values; they may lie beyond the declared range."""
    values = [part.strip() for part in text.split(",") if part.strip()]
    if not values:
        raise MldiagError(
            f"no value given for {name!r}",
            expected="low:high or values",
            hint=_hint(name, declared),
        )
    return tuple(_explicit(name, value, declared) for value in values)


def _range(name: str, text: str, declared: Float | Int | None) -> Float | Int:
    hint = _hint(name, declared)
    low, high, *words = (word.strip() for word in text.split(":"))
    for word in words:
        if word not in ("log", "int"):
            error = unknown_name("range word", word, ["log", "int"], hint=hint)
            raise error.prefixed(f"the range of {name!r}: ")
    kind = Int if "int" in words or isinstance(declared, Int) else Float
    try:
        ends = (real(low), real(high))
    except ValueError as error:
        raise MldiagError(
            f"cannot read the range {text!r} of {name!r}",
            expected="numbers, as low:high",
            hint=hint,
        ) from error
    if ends[0] > ends[1]:
        turned = ":".join([high, low, *words])
        raise MldiagError(
            f"the range {text!r} of {name!r} is empty",
            expected="low < high",
            nearest=f"{name}={turned}",
            hint=f"--param {shlex.quote(f'{name}={turned}')}",
        )
    default = declared.default if declared else ends[0]
    default = min(max(default, ends[0]), ends[1])
    log = "log" in words or (declared is not None and declared.log and ends[0] > 0)
    kept = {name: getattr(declared, name) for name in ("role", "increases", "when") if declared}
    given: dict[str, Any] = {"low": ends[0], "high": ends[1], "default": default, "log": log}
    try:
        return kind(**given, **kept)
    except MldiagError as error:
        raise MldiagError(
            f"the range {text!r} of {name!r}: {error.what}",
            expected=error.expected,
            nearest=error.nearest,
            hint=hint,
        ) from error


def _explicit(name: str, text: str, declared: Parameter | None) -> Plain:
    if isinstance(declared, Categorical):
        try:
            return declared.coerce(text)
        except MldiagError as error:
            raise MldiagError(
                f"{text!r} is no choice of {name!r}",
                expected=error.expected,
                nearest=error.nearest,
                hint=_hint(name, declared),
                given=text,
            ) from error
    expected = "a whole number" if isinstance(declared, Int) else "a number"
    if declared is not None and declared.log:
        expected += " above 0, because the range is logarithmic"
    try:
        value = whole(text) if isinstance(declared, Int) else real(text)
    except (ValueError, OverflowError, MldiagError) as error:
        raise _no_value(name, text, expected, declared) from error
    too_low = declared is not None and declared.log and value <= 0
    if not math.isfinite(value) or (too_low and not (declared and declared.zero and value == 0)):
        raise _no_value(name, text, expected, declared)
    return value


def _no_value(name: str, text: str, expected: str, declared: Parameter | None) -> MldiagError:
    return MldiagError(
        f"{text!r} is no value for {name!r}", expected=expected, hint=_hint(name, declared)
    )


def _hint(name: str, declared: Parameter | None) -> str:
    """A flag that works: the declared range, or every choice."""
    if isinstance(declared, Categorical):
        return f"--param {shlex.quote(f'{name}=' + ','.join(map(str, declared.choices)))}"
    if declared is None:
        return f"--param {shlex.quote(f'{name}=1e-4:1:log')}"
    shown = f"{name}={declared.low:g}:{declared.high:g}" + ":log" * declared.log
    return f"--param {shlex.quote(shown)}"
