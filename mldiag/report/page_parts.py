"""What the page shows of a report, as plain parts that the template lays out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mldiag.findings import Finding, Outcome, Report, Table
from mldiag.metrics import Metric
from mldiag.report.console import mlflow_link, report_metric, ui_command
from mldiag.report.page_evidence import evidence_rows
from mldiag.report.page_figures import Figures, Shown
from mldiag.report.page_language import Language
from mldiag.report.tables import numeric_columns, without_empty_columns
from mldiag.steps import STEPS

QUIET: tuple[Outcome, ...] = ("passed", "not_applicable", "skipped")
"""Outcomes that ask for nothing: their findings are folded away unless they carry an action."""


class Cell(NamedTuple):
    """A cell of a table: its text, and the number that it is sorted by where it is one."""

    text: str
    number: float | None = None


class ShownTable(NamedTuple):
    """A table with what sorting needs."""

    title: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[Cell, ...], ...]


class ShownFinding(NamedTuple):
    """A finding as the page shows it."""

    outcome: str
    word: str
    code: str
    slug: str
    title: str
    more: str
    explanation: str
    action: str
    cost: str
    follows: str
    evidence: list[tuple[str, str]]


class Section(NamedTuple):
    """A report of one step: what it found and what it showed."""

    anchor: str
    step: str
    number: int | None
    question: str
    outcome: str
    word: str
    headline: str
    figures: tuple[Shown, ...]
    loud: list[ShownFinding]
    quiet: list[ShownFinding]
    quiet_told: str
    tables: list[ShownTable]
    notices: tuple[str, ...]
    trials: str
    command: str
    mlflow_url: str
    mlflow_command: str


def section(
    report: Report,
    figures: Figures,
    language: Language,
    *,
    anchor: str,
    own: bool,
) -> Section:
    """The parts of one report, without those of its steps.

    Args:
        report: The report.
        figures: Reads its figures.
        language: How the page says it.
        anchor: Its name within the page.
        own: Whether it is the page's own report, not that of one of its steps.
    """
    metric = report_metric(report)
    step = next((step for step in STEPS if step.name == report.step), None)
    loud = [f for f in report.findings if f.outcome not in QUIET or f.action is not None]
    quiet = [f for f in report.findings if f.outcome in QUIET and f.action is None]
    return Section(
        anchor=anchor,
        step=report.step,
        number=step.number if step else None,
        question=language.question(step.name, step.question) if step else "",
        outcome=report.outcome,
        word=language.outcome(report.outcome),
        headline=report.headline,
        figures=figures.of(report, own=own),
        loud=[_finding(finding, metric, language) for finding in loud],
        quiet=[_finding(finding, metric, language) for finding in quiet],
        quiet_told=_told(quiet, language.labels),
        tables=[shown_table(table) for table in report.tables],
        notices=report.notices,
        trials=language.trials(report),
        command=_command(report),
        mlflow_url=mlflow_link(report.mlflow) if report.mlflow else "",
        mlflow_command=ui_command(report.mlflow) if report.mlflow else "",
    )


def shown_table(table: Table) -> ShownTable:
    """A table without its empty columns, with the numbers that its columns are sorted by.

    Example:
        >>> shown = shown_table(Table("t", ("rows", "gain"), (("1,150", "+1.8 points (+1 to +2)"),)))
        >>> [cell.number for cell in shown.rows[0]]
        [1150.0, 1.8]
    """
    table = without_empty_columns(table)
    numeric = numeric_columns(table)
    rows = tuple(
        tuple(Cell(text, _number(text) if is_number else None) for text, is_number in pairs)
        for pairs in (zip(row, numeric, strict=True) for row in table.rows)
    )
    return ShownTable(table.title, table.columns, numeric, rows)


def _finding(finding: Finding, metric: Metric, language: Language) -> ShownFinding:
    action = finding.action
    return ShownFinding(
        outcome=finding.outcome,
        word=language.outcome(finding.outcome),
        code=finding.code,
        slug=finding.slug.replace("-", " "),
        title=language.title(finding),
        more=language.more(finding),
        explanation=finding.explanation,
        action=language.action(action, metric) if action else "",
        cost=action.cost if action else "",
        follows=finding.caused_by or "",
        evidence=evidence_rows(finding.evidence),
    )


def _command(report: Report) -> str:
    """The command that asks for the same again; findings may hold others, which go on from there."""
    starts = (f"mldiag {report.step}", f"mldiag.{report.step.replace('-', '_')}(")
    commands = [finding.command for finding in report.findings if finding.command]
    return next((one for one in commands if one.startswith(starts)), "")


def _told(findings: Sequence[Finding], labels: Mapping[str, str]) -> str:
    return ", ".join(_counted(findings, labels))


def _counted(findings: Sequence[Finding], labels: Mapping[str, str]) -> Iterator[str]:
    for outcome in QUIET:
        count = sum(finding.outcome == outcome for finding in findings)
        if count:
            yield labels[f"quiet_{outcome}"].format(n=count)


_FIRST_NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*(?:e[+-]?\d+)?", re.IGNORECASE)


def _number(text: str) -> float | None:
    found = _FIRST_NUMBER.match(text.strip())
    return float(found.group().replace(",", "")) if found else None
