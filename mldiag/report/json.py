"""Strict JSON for programs: one object, no NaN."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mldiag.findings import plain
from mldiag.report.inert import inert_json

if TYPE_CHECKING:
    from mldiag.errors import MldiagError
    from mldiag.findings import Report

SCHEMA = "mldiag/1"


def report_json(report: Report) -> str:
    """The report as `--json` prints it.

    Example:
        >>> from mldiag.findings import Report, TrialCounts
        >>> report = Report("sweep", "digits", {"name": "accuracy", "direction": "maximize"}, "passed",
        ...                 "flat", (), {"best": float("nan")}, TrialCounts(), 0.0)
        >>> '"best": null' in report_json(report)
        True
    """
    return strict_json(report.to_dict())


def error_json(error: MldiagError, *, kind: str, exit_code: int) -> str:
    """An error as a program reads it, so that `--json` always prints one object.

    Args:
        error: The error.
        kind: `usage`, `user_code`, `interrupted` or `internal`.
        exit_code: The exit code of the command.

    Example:
        >>> from mldiag.errors import MldiagError
        >>> error_json(MldiagError("no such file"), kind="usage", exit_code=2)
        '{"schema": "mldiag/1", "error": {"kind": "usage", "exit_code": 2, "what": "no such file"}}'
    """
    parts = {name: getattr(error, name) for name in ("what", "expected", "nearest", "hint")}
    told = {name: text for name, text in parts.items() if text}
    body = {"schema": SCHEMA, "error": {"kind": kind, "exit_code": exit_code, **told}}
    return strict_json(body)


def strict_json(data: Mapping[str, Any]) -> str:
    """One line of strict JSON; dataclasses and arrays become plain data, NaN and infinities null."""
    return inert_json(json.dumps(plain(data), allow_nan=False, ensure_ascii=False))
