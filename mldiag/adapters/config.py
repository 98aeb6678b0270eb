"""The `[tool.mldiag]` table of a `pyproject.toml`, and its dialect of parameters."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mldiag.errors import MldiagError, unknown_name
from mldiag.parameters import Categorical, Float, Int, Parameter

SETTING_KEYS = ("tracking_uri",)
"""Keys of `[tool.mldiag]` that declare no experiment."""

EXAMPLE = '[tool.mldiag]\ndata = "train.csv"\ntarget = "label"'
"""The shortest table that declares an experiment."""

_PARAMETER_KEYS = (
    "low", "high", "default", "log", "int", "zero", "role", "increases", "choices", "when",
)  # fmt: skip


def read_config(path: Path) -> dict[str, Any]:
    """The `[tool.mldiag]` table; empty where the file has none.

    Raises:
        MldiagError: If the file is no TOML, or the table is not a table.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise MldiagError(
            f"{path} cannot be read: {error}",
            expected="a TOML file in UTF-8",
            hint=f"sed -n {line[1]}p {shlex.quote(str(path))}" if line else "",
        ) from error
    except RecursionError as error:
        raise MldiagError(f"{path} is nested too deeply", expected=f"such as\n{EXAMPLE}") from error
    tool = content.get("tool", {})
    table = tool.get("mldiag", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise MldiagError(
            f"tool.mldiag in {path} is {table!r}", expected="a table, [tool.mldiag]", hint=EXAMPLE
        )
    return table


def experiment_table(path: Path) -> dict[str, Any] | None:
    """The part of `[tool.mldiag]` that declares an experiment, or None where there is no such part."""
    written = read_config(path)
    if not written and _has_table(path):
        raise MldiagError(
            f"[tool.mldiag] in {path} is empty",
            expected="data and target, or [tool.mldiag.command]; or no such table",
            hint=EXAMPLE,
        )
    return {key: value for key, value in written.items() if key not in SETTING_KEYS} or None


def _has_table(path: Path) -> bool:
    """Whether the file has the table at all, be it empty."""
    tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    return isinstance(tool, dict) and "mldiag" in tool


def configured(home: Path, key: str) -> str | None:
    """A setting such as `tracking_uri` from the `pyproject.toml` in a folder.

    Args:
        home: The experiment's folder.
        key: One of `SETTING_KEYS`.
    """
    path = home / "pyproject.toml"
    value = read_config(path).get(key) if path.is_file() else None
    if value is not None and not isinstance(value, str):
        raise MldiagError(f"{key} in {path} is {value!r}", expected="text in quotes")
    return value


def check_keys(table: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    """Refuse a key that is not among those allowed, with the nearest."""
    for key in table:
        if key not in allowed:
            raise unknown_name(f"key in {where}", key, allowed)


def flag_of(table: Mapping[str, Any], key: str, where: str) -> bool | None:
    """True or false, or None where the key is missing.

    Raises:
        MldiagError: If it is neither.
    """
    value = table.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise MldiagError(
        f"{key} is {value!r} in {where}", expected="true or false", hint=f"{key} = true"
    )


def text_of(table: Mapping[str, Any], key: str, where: str, *, hint: str = "") -> str:
    """A required text.

    Raises:
        MldiagError: If it is missing or no text.
    """
    value = table.get(key)
    if isinstance(value, str) and value.strip():
        return value
    shown = "is missing" if value is None else f"is {value!r}"
    raise MldiagError(f"{key} {shown} in {where}", expected="text in quotes", hint=hint)


def read_parameters(
    table: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> dict[str, Parameter]:
    """Parameters from `[tool.mldiag.params]`.

    A parameter is whole (`Int`) where its ends and its default are all written without a point, or with
    `int = true`; `choices` make it categorical.

    Args:
        table: `{ low, high, default, log, int, zero, role, increases, when }` or
            `{ choices, default, role, when }` by name.
        defaults: Values to use where no default is written, by name.

    Raises:
        MldiagError: If a key is unknown, an end is missing, or the range is wrong.

    Example:
        >>> read_parameters({"depth": {"low": 1, "high": 8, "default": 3}})["depth"]
        Int(low=1, high=8, default=3, log=False, zero=False, role=None, increases=True)
    """
    if not isinstance(table, Mapping):
        raise MldiagError(
            f"params is {table!r}",
            expected="a table, [tool.mldiag.params]",
            hint="[tool.mldiag.params]\nalpha = { low = 1e-4, high = 1.0, default = 0.01, log = true }",
        )
    known = defaults or {}
    return {name: _parameter(name, fields, known.get(name)) for name, fields in table.items()}


def _parameter(name: str, fields: Any, known_default: Any) -> Parameter:
    example = f"{name} = {{ low = 1e-4, high = 1.0, default = 0.01, log = true }}"
    if not isinstance(fields, Mapping):
        raise MldiagError(
            f"parameter {name!r} is {fields!r}", expected="a table in braces", hint=example
        )
    check_keys(fields, _PARAMETER_KEYS, f"params.{name}")
    if "default" not in fields and known_default is None:
        raise MldiagError(
            f"parameter {name!r} has no default",
            expected="the value that is used while other parameters move",
            hint=example,
        )
    given = {**fields, "default": fields.get("default", known_default)}
    try:
        return _categorical(given) if "choices" in given else _ranged(name, given, example)
    except MldiagError as error:
        raise MldiagError(
            f"parameter {name!r}: {error.what}",
            expected=error.expected,
            nearest=error.nearest,
            hint=error.hint or example,
        ) from error
    except (TypeError, ValueError) as error:
        raise MldiagError(
            f"parameter {name!r}: {error}", expected="numbers", hint=example
        ) from error


def _categorical(given: dict[str, Any]) -> Categorical:
    beside = sorted(given.keys() - {"choices", "default", "role", "when"})
    if beside:
        raise MldiagError(
            f"{beside[0]} stands beside choices", expected="choices, default, role and when only"
        )
    options = {key: given[key] for key in ("role", "when") if key in given}
    return Categorical(given["choices"], default=given["default"], **options)


def _ranged(name: str, given: dict[str, Any], example: str) -> Float | Int:
    for end in ("low", "high"):
        if end not in given:
            raise MldiagError(f"no {end}", expected="low and high, or choices", hint=example)
    low, high, default = ends = [given[key] for key in ("low", "high", "default")]
    if any(isinstance(value, (bool, str)) or value is None for value in ends):
        shown = next(v for v in ends if isinstance(v, (bool, str)) or v is None)
        raise MldiagError(
            f"{shown!r} is no number", expected="numbers without quotes", hint=example
        )
    for switch in ("log", "int", "zero", "increases"):
        if not isinstance(given.get(switch, False), bool):
            raise MldiagError(f"{switch} is {given[switch]!r}", expected="true or false")
    options = {
        key: given[key] for key in ("log", "zero", "role", "increases", "when") if key in given
    }
    whole = given.get("int", all(isinstance(value, int) for value in ends))
    return (Int if whole else Float)(low, high, default=default, **options)
