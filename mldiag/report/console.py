"""The report of a command as a person reads it in a terminal."""

from __future__ import annotations

import shlex
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import set_cell_size
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from mldiag.metrics import Metric, named_metric
from mldiag.report.folding import folded
from mldiag.report.inert_console import InertConsole
from mldiag.report.languages.findings import told_of
from mldiag.report.languages.lines import text_of
from mldiag.report.languages.sentences import (
    action_text,
    figures_notice,
    more_of,
    subject_text,
    trials_text,
    verdict_text,
)
from mldiag.report.languages.words import words
from mldiag.report.narrow import GAP, fitting, row_pairs
from mldiag.report.tables import numeric_columns, without_empty_columns
from mldiag.wording import duration, gain, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from mldiag.findings import Action, Finding, Outcome, Report, Table

OUTCOME_WORDS: dict[Outcome, tuple[str, str]] = {
    "problem": ("problem", "bold red"),
    "advice": ("advice", "bold yellow"),
    "passed": ("passed", "bold green"),
    "inconclusive": ("inconclusive", "bold magenta"),
    "not_applicable": ("not applicable", "dim"),
    "skipped": ("skipped", "dim"),
}
"""Word and colour of every outcome; the word stands alone where there is no colour."""

NARROW = 72
"""Below this width the outcome of a finding stands above it, not beside it."""

_LABEL_WIDTH = 6


def print_report(report: Report, console: Console, lang: str = "en") -> None:
    """Print verdict, findings, tables and where to look next.

    Args:
        report: The report.
        console: Where it goes; its width is kept to.
        lang: One of `mldiag.report.languages.LANGUAGES`.
    """
    _, style = OUTCOME_WORDS[report.outcome]
    subject = _subject(report, lang)
    console.print(text_of(lang).assemble((report.headline, style), ("  ", ""), (subject, "dim")))
    if lang != "en":
        console.print(text_of(lang)(verdict_text(report, lang), style=style))
    if report.findings:
        console.print()
        _print_findings(report, console, lang)
    for table in report.tables:
        console.print()
        print_table(table, console)
    console.print()
    notices = (*report.notices, *(figures_notice(lang) if report.figures else ()))
    notes = [(words(lang)["note"], notice) for notice in notices]
    print_pairs(notes, console, width=_LABEL_WIDTH, lang=lang)
    _print_links(report, console, lang)


def report_text(report: Report, width: int = 100, lang: str = "en") -> str:
    """The same as plain text, for `print(report)`.

    Args:
        report: The report.
        width: Characters on a line.
        lang: One of `mldiag.report.languages.LANGUAGES`.
    """
    text = StringIO()
    console = InertConsole(
        file=text, width=width, color_system=None, highlight=False, markup=False, emoji=False
    )
    print_report(report, console, lang)
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())


def report_metric(report: Report) -> Metric:
    """The metric of a report, with the bounds that its name is known for."""
    return named_metric(report.metric["name"], maximize=report.metric["direction"] == "maximize")


def action_line(action: Action, metric: Metric) -> str:
    """An action with its gain, positive being better.

    Example:
        >>> from mldiag.findings import Action, Interval
        >>> tune = Action("tune", "Set lr = 0.028.", gain=Interval(0.018, 0.011, 0.026))
        >>> action_line(tune, named_metric("accuracy"))
        'Set lr = 0.028: +1.8 points (+1.1 to +2.6)'
        >>> action_line(tune, named_metric("rmse"))
        'Set lr = 0.028: rmse improves by +0.018 (+0.011 to +0.026)'
        >>> action_line(Action("tune", "Set lr = 1.", gain=Interval(-0.02, -0.03, 0.01)), named_metric("r2"))
        'Set lr = 1: no gain was measured, -0.02 (-0.03 to +0.01)'
    """
    if action.gain is None:
        return action.text
    told = gain(metric, action.gain)
    if action.gain.estimate <= 0:
        told = f"no gain was measured, {told}"
    elif not metric.as_points():
        told = f"{metric.name} improves by {told}"
    return f"{action.text.rstrip('. ')}: {told}"


def trials_line(report: Report) -> str:
    """What the answer cost: trials trained and taken from the store.

    Example:
        >>> from mldiag.findings import Report, TrialCounts
        >>> base = ("sweep", "digits", {}, "passed", "flat", (), {})
        >>> trials_line(Report(*base, TrialCounts(planned=4, cached=4), 0.0))
        '4 trials, all from the store: nothing was trained'
        >>> trials_line(Report(*base, TrialCounts(planned=4, run=3, cached=1, failed=1), 65.0))
        '4 trials: 3 trained, 1 from the store, 1 without a score; 1 min 5 s of training in all'
    """
    trials = report.trials
    if report.steps:
        every = [one.trials for one in (report, *report.steps)]
        run = sum(one.run for one in every)
        if run:
            return f"{plural(run, 'trial')} trained, over all steps"
        return "nothing was trained" + ": all is stored" * any(one.cached for one in every)
    if not trials.planned:
        return "none were needed"
    failed = f"{trials.failed:,} without a score" if trials.failed else ""
    if trials.cached and not trials.run:
        told = f"{plural(trials.cached, 'trial')}, all from the store: nothing was trained"
        return ", ".join(filter(None, (told, failed)))
    missing = trials.planned - trials.run - trials.cached
    parts = (
        f"{trials.run:,} trained",
        f"{trials.cached:,} from the store" if trials.cached else "",
        failed,
        f"{missing:,} not run" if missing > 0 else "",
    )
    spent = f"; {duration(report.cost_seconds)} of training in all" if trials.run else ""
    return f"{plural(trials.planned, 'trial')}: {', '.join(filter(None, parts))}{spent}"


def mlflow_link(logged: Mapping[str, str]) -> str:
    """The page of a run on a tracking server; empty for a store that no server shows yet.

    Example:
        >>> mlflow_link({"tracking_uri": "sqlite:///mlflow.db", "run_id": "a", "url": ""})
        ''
    """
    url = logged.get("url", "")
    return url if url.startswith(("http://", "https://")) else ""


def ui_command(logged: Mapping[str, str]) -> str:
    """The command that shows a run which no server shows yet."""
    uri = logged.get("tracking_uri", "")
    here = f"sqlite:///{Path.cwd() / 'mlflow.db'}"
    return "mldiag ui" if uri in ("", here) else f"mldiag ui --tracking-uri {shlex.quote(uri)}"


def print_table(table: Table, console: Console, *, indent: int = 0) -> None:
    """Print a table of ready text without boxes; columns of numbers stand to the right."""
    console.print(Padding(Text(table.title, style="bold"), (0, 0, 0, indent)))
    table = without_empty_columns(table)
    numeric = numeric_columns(table)  # asked before cells are broken over lines
    shown = fitting(table, console.width - indent - 2)
    if shown is None:
        _print_rows(table, console, indent=indent + 2)
        return
    grid = Grid(box=None, padding=(0, GAP, 0, 0), header_style="dim", pad_edge=False)
    for name, right in zip(shown.columns, numeric, strict=True):
        grid.add_column(Text(name), justify="right" if right else "left", vertical="top")
    for row in shown.rows:
        grid.add_row(*map(Text, row))
    console.print(Padding(grid, (0, 0, 0, indent + 2)))


def _print_rows(table: Table, console: Console, *, indent: int) -> None:
    """Rows below one another, where the columns do not fit beside one another."""
    for head, pairs in row_pairs(table, console.width - indent - 2):
        console.print(Padding(Text(head), (0, 0, 0, indent)))
        print_pairs(pairs, console, indent=indent + 2)


def print_pairs(
    pairs: Sequence[tuple[str, str]],
    console: Console,
    *,
    indent: int = 0,
    width: int | None = None,
    lang: str = "en",
) -> None:
    """Print labels with their texts; the texts wrap beside the labels."""
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True, width=width)
    grid.add_column(overflow="fold")
    for label, text in pairs:
        grid.add_row(label, text_of(lang)(text))
    console.print(Padding(grid, (0, 0, 0, indent)))


def _subject(report: Report, lang: str) -> str:
    metric = report_metric(report)
    if lang != "en":
        return subject_text(report, metric, lang)
    better = "" if metric.maximize else " (lower is better)"
    return f"{report.step} of {report.experiment}, {metric.name}{better}"


def _print_findings(report: Report, console: Console, lang: str) -> None:
    """Outcome word, then title, reasons and action below one another; in a narrow terminal below the word."""
    metric, labels = report_metric(report), words(lang)
    findings = folded(report.findings, labels["checks"])
    if console.width < NARROW:
        for finding in findings:
            _, style = OUTCOME_WORDS[finding.outcome]
            console.print(Text(labels[finding.outcome], style=style))
            console.print(Padding(_finding(finding, metric, lang), (0, 0, 0, 2)))
        return
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    for finding in findings:
        _, style = OUTCOME_WORDS[finding.outcome]
        grid.add_row(Text(labels[finding.outcome], style=style), _finding(finding, metric, lang))
    console.print(grid)


def _finding(finding: Finding, metric: Metric, lang: str) -> Text:
    """A finding as text; what is written in English where it is made, and stays so, is dim."""
    quiet, (title, line) = finding.outcome in ("not_applicable", "skipped"), told_of(finding, lang)
    body = (
        text_of(lang).assemble((title, "" if quiet else "bold"), (f"  {finding.code}", "dim"))
        if finding.code
        else text_of(lang)(title)
    )
    if line:
        body.append(f"\n{line}", style="dim" if line == finding.title else "")
    if finding.explanation:
        body.append(f"\n{finding.explanation}", style="" if lang == "en" else "dim")
    action = finding.action
    if action is not None:
        english = lang == "en"
        told = action_line(action, metric) if english else action_text(action, metric, lang)
        body.append(f"\n-> {told}", style="cyan")
        if action.cost:
            body.append(f" ({words(lang)['cost'].format(cost=action.cost)})", style="dim")
        if not english and more_of(action):
            body.append(f"\n{more_of(action)}", style="dim")
    return body


def _print_links(report: Report, console: Console, lang: str) -> None:
    """Paths and commands are never broken over lines: they are there to be copied."""
    pairs = [("trials", trials_line(report) if lang == "en" else trials_text(report, lang))]
    pairs += [("figure", path) for path in report.figures if path.endswith(".png")]
    if report.mlflow is not None:
        pairs.append(("mlflow", mlflow_link(report.mlflow) or ui_command(report.mlflow)))
    if report.next_command:
        pairs.append(("next", report.next_command))
    for name, text in pairs:
        label = set_cell_size(words(lang)[name], _LABEL_WIDTH)
        console.print(Text.assemble((f"{label}  ", "dim"), text), soft_wrap=True)
