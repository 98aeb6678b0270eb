"""Evidence of a finding as rows of text: plain data of any depth, cut where it is long."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mldiag.report.from_record import interval_from
from mldiag.wording import MISSING, number

MOST_ROWS = 80
MOST_ITEMS = 30
MOST_CHARACTERS = 2_000
"""What is longer is cut and says so; `report.json` has all of it."""


def evidence_rows(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values, a row each.

    Example:
        >>> evidence_rows({"n": 5, "gain": {"estimate": 0.0291, "low": 0.02, "high": 0.04}, "empty": []})
        [('n', '5'), ('gain', '0.0291 (0.02 to 0.04)')]
        >>> evidence_rows({"share": {"x8": 0.9961, "x16": 0.5}, "columns": ["x8", "x16"]})
        [('share: x8', '0.9961'), ('share: x16', '0.5'), ('columns', 'x8, x16')]
    """
    rows = list(_rows(evidence, ""))
    if len(rows) > MOST_ROWS:
        left = len(rows) - MOST_ROWS
        rows = [*rows[:MOST_ROWS], ("...", f"{left:,} more in report.json")]
    return rows


def _rows(evidence: Mapping[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for name, value in evidence.items():
        label = before + str(name).replace("_", " ")
        if isinstance(value, Mapping) and interval_from(value) is None:
            yield from _rows(value, f"{label}: ")
        elif not (isinstance(value, (list, tuple)) and not value):
            yield label, _text(value)


def _text(value: Any) -> str:
    interval = interval_from(value)
    if interval is not None:
        ends = f"{number(interval.low, 4)} to {number(interval.high, 4)}"
        return f"{number(interval.estimate, 4)} ({ends})"
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value, 4)
    if isinstance(value, (list, tuple)):
        return _listed(value)
    return _cut(str(value))


def _listed(values: list[Any] | tuple[Any, ...]) -> str:
    nested = any(isinstance(value, (list, tuple, Mapping)) for value in values)
    if nested:
        return _cut(json.dumps(list(values), ensure_ascii=False, default=str))
    shown = ", ".join(_text(value) for value in values[:MOST_ITEMS])
    rest = f", ... ({len(values):,} in all)" if len(values) > MOST_ITEMS else ""
    return _cut(shown) + rest


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} ..."
