"""Plain data in which one value is another than any program of ours writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.security.hostile import ALL

DEEP = "[" * 100_000 + "]" * 100_000
"""As text: no program writes it, and Python's own reader gives up on it."""

HUGE = "1" + "0" * 400
"""A whole number that no float holds."""

VALUES = (
    "null", "true", "0", "-1", "1e999", "-1e999", "NaN", "1e308", HUGE, f"-{HUGE}", '""', '"x"', "[]", "{}",
    "[[]]", "[null]", "[1]", '{"a": null}', '["x"]', "-1e11", "99999999999", '"\\ud800"', DEEP,
    *(json.dumps(text) for text in ALL),
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, ...]]:
    """Every place within plain data, the whole included."""
    return sorted(_places(value, ()), key=str)


def _places(value: Any, at: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield at
    items: Any = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, inner in items:
        yield from _places(inner, (*at, key))


def changed(data: Any, place: tuple[Any, ...], value: str) -> str:
    """Data as JSON, with other JSON at one place."""
    if not place:
        return value
    copied = inner = json.loads(json.dumps(data))
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = "<<here>>"
    return json.dumps(copied).replace('"<<here>>"', value)
