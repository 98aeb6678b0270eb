"""The report as a small self-contained HTML fragment, for notebooks."""

from __future__ import annotations

import base64
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldiag.report.console import (
    OUTCOME_WORDS,
    action_line,
    mlflow_link,
    report_metric,
    trials_line,
)
from mldiag.report.folding import folded
from mldiag.report.tables import numeric_columns, without_empty_columns

if TYPE_CHECKING:
    from mldiag.findings import Report

FIGURE_LIMIT_BYTES = 3_000_000
"""Larger figures are named, not inlined: a notebook keeps every byte for ever."""


def report_html(report: Report) -> str:
    """Render verdict, findings, tables and the figure; every text from outside is escaped.

    Args:
        report: The report; its first PNG figure is inlined.

    Example:
        >>> from mldiag.findings import Report, TrialCounts
        >>> metric = {"name": "accuracy", "direction": "maximize"}
        >>> html = report_html(Report("sweep", "<b>", metric, "passed", "FLAT", (), {}, TrialCounts(), 0.0))
        >>> "&lt;b&gt;" in html, "<b>" in html
        (True, False)
    """
    metric = report_metric(report)
    findings: list[dict[str, Any]] = [
        {
            "outcome": finding.outcome,
            "word": OUTCOME_WORDS[finding.outcome][0],
            "code": finding.code,
            "title": finding.title,
            "explanation": finding.explanation,
            "action": action_line(finding.action, metric) if finding.action else "",
        }
        for finding in folded(report.findings)
    ]
    rendered: str = _template().render(
        report=report,
        findings=findings,
        tables=[
            (table, numeric_columns(table)) for table in map(without_empty_columns, report.tables)
        ],
        figure=_figure(report.figures),
        trials=trials_line(report),
        link=mlflow_link(report.mlflow) if report.mlflow else "",
    )
    return rendered


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined,
    )  # fmt: skip
    return environment.get_template("report.html.j2")


def _figure(figures: tuple[str, ...]) -> str:
    """The first PNG as a data URI; empty where there is none, or it is gone or too large."""
    for path in map(Path, figures):
        with suppress(OSError, ValueError):  # a name that is too long, or none of a file
            if path.suffix == ".png" and 0 < path.stat().st_size <= FIGURE_LIMIT_BYTES:
                return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
    return ""
