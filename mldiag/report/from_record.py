"""A report again from what was kept of it: the plain data of `Report.to_dict()`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from mldiag.errors import MldiagError
from mldiag.findings import (
    OUTCOMES,
    SHOWN_LEVEL,
    Action,
    ActionKind,
    Finding,
    Interval,
    Outcome,
    Report,
    Table,
    TrialCounts,
)

_METRIC = {"name": "score", "direction": "maximize"}


def report_from(record: Mapping[str, Any]) -> Report:
    """Read what `Report.to_dict()` gave; parts that an earlier version did not keep are empty.

    Args:
        record: Plain data, such as `report.json` or the `report` of a store's run.

    Returns:
        The report; numbers that were not finite are NaN.

    Raises:
        MldiagError: If it is no report.

    Example:
        >>> report = Report("sweep", "digits", _METRIC, "passed", "FLAT", (), {}, TrialCounts(), 0.0)
        >>> report_from(report.to_dict()) == report
        True
    """
    try:
        return _report(record)
    except (
        AttributeError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise MldiagError(
            f"this is no report that can be read ({type(error).__name__}: {error})",
            expected="what mldiag keeps of a run, in the schema mldiag/1",
            hint="mldiag report",
        ) from error


def interval_from(record: Any) -> Interval | None:
    """An interval from its plain data; None where there is none.

    Example:
        >>> interval_from({"estimate": 0.5, "low": None, "high": 1})
        Interval(estimate=0.5, low=nan, high=1.0, level=0.8)
        >>> interval_from(None) is None, interval_from({"n": 3}) is None
        (True, True)
    """
    if isinstance(record, Interval):
        return record
    if not isinstance(record, Mapping) or not {"estimate", "low", "high"} <= record.keys():
        return None
    ends = [number_from(record[name]) for name in ("estimate", "low", "high")]
    level = number_from(record.get("level"))
    return Interval(ends[0], ends[1], ends[2], SHOWN_LEVEL if math.isnan(level) else level)


def action_from(record: Mapping[str, Any]) -> Action | None:
    """An action from its plain data; None for what is none.

    Example:
        >>> action_from({"kind": "none", "text": "Leave it."}).text, action_from({"kind": "pray"})
        ('Leave it.', None)
    """
    try:
        return _action(record)
    except (KeyError, TypeError, ValueError):
        return None


def number_from(value: Any) -> float:
    """A number; NaN for what is none.

    Example:
        >>> number_from(3), number_from(None), number_from("3")
        (3.0, nan, nan)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # JSON has whole numbers of any length
        return math.nan


def _report(record: Mapping[str, Any]) -> Report:
    counts = record.get("trials") or {}
    logged = record.get("mlflow")
    return Report(
        step=str(record["step"]),
        experiment=str(record["experiment"]),
        metric=_strings(record.get("metric") or _METRIC),
        outcome=_outcome(record["outcome"]),
        headline=str(record["headline"]),
        findings=tuple(_finding(one) for one in _listed(record, "findings")),
        result=dict(record.get("result") or {}),
        trials=TrialCounts(*(int(counts.get(name) or 0) for name in _COUNTS)),
        cost_seconds=float(record.get("cost_seconds") or 0.0),
        mlflow=_strings(logged) if logged else None,
        figures=tuple(map(str, _listed(record, "figures"))),
        notices=tuple(map(str, _listed(record, "notices"))),
        tables=tuple(_table(one) for one in _listed(record, "tables")),
        next_command=str(record.get("next_command") or ""),
        steps=tuple(_report(one) for one in _listed(record, "steps")),
    )


_COUNTS = ("planned", "run", "cached", "failed")


def _finding(record: Mapping[str, Any]) -> Finding:
    action = record.get("action")
    cause = record.get("caused_by")
    return Finding(
        code=str(record["code"]),
        slug=str(record.get("slug") or ""),
        outcome=_outcome(record["outcome"]),
        title=str(record["title"]),
        explanation=str(record.get("explanation") or ""),
        evidence=dict(record.get("evidence") or {}),
        action=None if action is None else _action(action),
        command=str(record.get("command") or ""),
        cost_seconds=float(record.get("cost_seconds") or 0.0),
        caused_by=None if cause is None else str(cause),
    )


def _action(record: Mapping[str, Any]) -> Action:
    if record["kind"] not in get_args(ActionKind):
        raise ValueError(f"unknown kind of action {record['kind']!r}")
    param = record.get("param")
    return Action(
        kind=cast("ActionKind", record["kind"]),
        text=str(record["text"]),
        param=None if param is None else str(param),
        value=record.get("value"),
        gain=interval_from(record.get("gain")),
        cost=str(record.get("cost") or ""),
    )


def _table(record: Mapping[str, Any]) -> Table:
    columns = tuple(map(str, record["columns"]))
    rows = tuple(tuple(map(str, row)) for row in record["rows"])
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"a row of the table {record['title']!r} has another number of cells")
    return Table(str(record["title"]), columns, rows)


def _outcome(word: Any) -> Outcome:
    if word not in OUTCOMES:
        raise ValueError(f"unknown outcome {word!r}")
    return cast("Outcome", word)


def _strings(record: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in record.items()}


def _listed(record: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = record.get(name) or ()
    if not isinstance(found, (list, tuple)):
        raise ValueError(f"{name} is no list")
    return found
