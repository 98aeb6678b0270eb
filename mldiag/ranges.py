"""Ranges beyond the declared ones: as written after `--param`, and widened at one end."""

from __future__ import annotations

from dataclasses import replace

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
    hint = f"--param {name}=1e-4:1:log  or  --param {name}=0.01,0.1"
    if ":" not in text:
        values = [part.strip() for part in text.split(",") if part.strip()]
        if not values:
            raise MldiagError(
                f"no value given for {name!r}", expected="low:high or values", hint=hint
            )
        return tuple(_explicit(name, value, declared) for value in values)
    if isinstance(declared, Categorical):
        raise MldiagError(
            f"{name!r} is categorical and has no range",
            expected=f"values among {', '.join(map(str, declared.choices))}",
            hint=f"--param {name}={','.join(map(str, declared.choices))}",
        )
    low, high, *words = text.split(":")
    for word in words:
        if word not in ("log", "int"):
            raise unknown_name("range word", word, ["log", "int"], hint=hint)
    kind = Int if "int" in words or isinstance(declared, Int) else Float
    try:
        ends = (real(low), real(high))
    except ValueError as error:
        raise MldiagError(
            f"cannot read the range {text!r}", expected="numbers", hint=hint
        ) from error
    default = declared.default if declared else ends[0]
    default = min(max(default, ends[0]), ends[1]) if ends[0] <= ends[1] else default
    role, increases = (declared.role, declared.increases) if declared else (None, True)
    log = "log" in words or (declared is not None and declared.log and ends[0] > 0)
    return kind(ends[0], ends[1], default=default, log=log, role=role, increases=increases)  # type: ignore[arg-type]


def _explicit(name: str, text: str, declared: Parameter | None) -> Plain:
    if isinstance(declared, Categorical):
        return declared.coerce(text)
    try:
        return whole(text) if isinstance(declared, Int) else real(text)
    except (ValueError, MldiagError) as error:
        raise MldiagError(
            f"{text!r} is no value for {name!r}", expected=f"a {type(declared).__name__}"
        ) from error
