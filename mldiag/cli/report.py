"""`mldiag report`: what a run has answered, as text, page, JSON or JUnit XML; how predictions came true."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from mldiag.cli.completion import completion_of
from mldiag.cli.explain import LangOption
from mldiag.cli.flags import FAIL_LEVELS
from mldiag.cli.kept_runs import chosen_run, kept_runs, run_and_target
from mldiag.cli.services import StoreOption
from mldiag.cli.written_file import check_free, write_whole
from mldiag.errors import MldiagError, unknown_name
from mldiag.report.inert import inert

if TYPE_CHECKING:
    from mldiag.findings import Report
    from mldiag.run.store.records import RunRecord

FORMATS = ("text", "html", "json", "junit")

ENDINGS = {".html": "html", ".htm": "html", ".json": "json", ".xml": "junit", ".txt": "text"}
"""What is written where only the name of the file says so."""

PAGE = "report.html"
"""The page in a run's folder."""


RunArgument = Annotated[
    str | None,
    typer.Argument(
        help="A run's id, the start of it, or a step for its latest run; the latest of all by default.",
        show_default=False,
        metavar="RUN_ID",
    ),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        help="The experiment's file or folder; the current folder by default.",
        metavar="TARGET",
        autocompletion=completion_of("target"),
    ),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="text, html, json or junit; by default what the name of --output says, else text.",
        metavar="FORMAT",
        autocompletion=completion_of("format", FORMATS),
    ),
]
FailOption = Annotated[
    str | None,
    typer.Option(
        help="Exit 1 from this outcome on: problem, advice or inconclusive (then 4).",
        metavar="OUTCOME",
        autocompletion=completion_of("fail_on", FAIL_LEVELS),
    ),
]
OutputOption = Annotated[
    Path | None, typer.Option(help="Write it to this file.", metavar="FILE", show_default=False)
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")]
Open = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]
History = Annotated[
    bool, typer.Option("--history", help="What earlier check-ups predicted, and what came.")
]
Json = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


def show_report(
    run_id: RunArgument = None,
    target: TargetOption = None,
    store: StoreOption = None,
    shape: FormatOption = None,
    output: OutputOption = None,
    overwrite: Overwrite = False,
    browser: Open = False,
    history: History = False,
    fail_on: FailOption = None,
    json: Json = False,
    lang: LangOption = None,
) -> None:
    """What a run has answered: as text, as one HTML page, as JSON, or as JUnit XML for CI."""
    from mldiag.report.languages import chosen_language

    kind, language = _format(shape, output, json=json), chosen_language(lang)
    if fail_on is not None and fail_on not in FAIL_LEVELS:
        raise unknown_name("outcome for --fail-on", fail_on, FAIL_LEVELS, hint="--fail-on problem")
    check_free(output, overwrite=overwrite)
    run_id, target = run_and_target(run_id, target)
    folder, runs = kept_runs(target, store)
    if history:
        _show_history(runs, run_id, kind, output)
        return
    record = chosen_run(runs, run_id)
    shown = _shown(record, folder, language)
    page = _page(shown, needed=kind in ("text", "html") or browser)
    _deliver(shown, kind, output, page, to_look_at=browser or sys.stdout.isatty())
    if browser:
        _open(output if kind == "html" and output is not None else shown.folder / PAGE)
    from mldiag.cli.step_command import exit_code

    answered = replace(shown.report, result={})  # an interruption then is none of this command
    raise typer.Exit(exit_code(answered, fail_on))


class Shown(NamedTuple):
    """A run's report with what is known of the run."""

    record: RunRecord
    report: Report
    folder: Path
    lang: str


def _format(shape: str | None, output: Path | None, *, json: bool) -> str:
    if shape is not None and shape not in FORMATS:
        raise unknown_name("format", shape, FORMATS, hint="--format html")
    if json and shape not in (None, "json"):
        raise MldiagError(
            f"--json and --format {shape}", expected="one of the two", hint=f"--format {shape}"
        )
    if json:
        return "json"
    return shape or (ENDINGS.get(output.suffix.lower(), "text") if output else "text")


def _shown(record: RunRecord, folder: Path, lang: str) -> Shown:
    """A run with its report, and with where MLflow shows it, which was not known when it was kept."""
    from mldiag.report.from_record import report_from

    logged = {name: str(value) for name, value in (record.tracking or {}).items()}
    report = report_from(record.report)
    if logged.get("run_id"):
        report = replace(report, mlflow=logged)
    own = folder / "runs" / record.id
    moved = [str(own / Path(path).name) for path in report.figures]
    there = [
        new if Path(new).is_file() else old for new, old in zip(moved, report.figures, strict=True)
    ]
    return Shown(record, replace(report, figures=tuple(there)), own, lang)


def _page(shown: Shown, *, needed: bool) -> str:
    """The run's page, made anew, so that it has the link to MLflow; its folder keeps it."""
    if not needed:
        return ""
    from mldiag.report.page import report_page

    page = report_page(
        shown.report,
        figures_in=shown.folder,
        run_id=shown.record.id,
        started=shown.record.started,
        lang=shown.lang,
    )
    if shown.folder.is_dir():
        with suppress(MldiagError):  # a store that may only be read is told as any other
            write_whole(shown.folder / PAGE, page)
    return page


def _deliver(shown: Shown, kind: str, output: Path | None, page: str, *, to_look_at: bool) -> None:
    if kind == "text" and output is None:
        from rich.cells import set_cell_size

        from mldiag.report.console import print_report
        from mldiag.report.languages.words import words
        from mldiag.report.streams import console

        out = console()
        out.print(_told(shown.record), style="dim")
        print_report(shown.report, out, shown.lang)
        if (shown.folder / PAGE).is_file():
            label = set_cell_size(words(shown.lang)["page"], 6)
            out.print(f"{label}  {shown.folder / PAGE}", soft_wrap=True)
        return
    text = _text(shown, kind, page)
    if output is None and kind == "html" and to_look_at:
        typer.echo(shown.folder / PAGE)
        return
    if output is None:
        typer.echo(text if kind == "html" else inert(text), nl=not text.endswith("\n"))
        return
    write_whole(output, text if text.endswith("\n") else text + "\n")
    typer.echo(f"wrote {output}")


def _text(shown: Shown, kind: str, page: str) -> str:
    if kind == "html":
        return page
    if kind == "json":
        from mldiag.report.json import report_json

        return report_json(shown.report)
    if kind == "junit":
        from mldiag.report.junit import report_junit

        return report_junit(shown.report, started=shown.record.started)
    from mldiag.report.console import report_text

    return report_text(shown.report, lang=shown.lang)


def _told(record: RunRecord) -> str:
    from mldiag.report.page_predictions import date_of

    return f"run {record.id}, {date_of(record.started)}"


def _open(page: Path) -> None:
    import webbrowser

    if not page.is_file():
        raise MldiagError(
            f"there is no page {page}: the run's folder is gone",
            expected="a file for it",
            hint=f"--output {PAGE}",
        )
    address = page.absolute().as_uri()
    if not webbrowser.open(address):
        typer.echo(f"no browser could be started; the page is {address}", err=True)


def _show_history(
    runs: list[RunRecord], wanted: str | None, kind: str, output: Path | None
) -> None:
    """Every check-up of the experiment of the latest one, or of the run that was named."""
    if kind not in ("text", "json"):
        raise MldiagError(
            f"--history as {kind}", expected="text or json", hint="mldiag report --history"
        )
    from mldiag.report.from_record import report_from
    from mldiag.report.history import history_data, history_of

    checkups = [run for run in runs if run.step == "checkup"]
    experiment = (
        chosen_run(runs, wanted).experiment if wanted or not checkups else checkups[0].experiment
    )
    own = [run for run in checkups[::-1] if run.experiment == experiment]
    reports = [report_from(run.report) for run in own]
    if kind == "json":
        from mldiag.report.json import SCHEMA, strict_json

        told: dict[str, Any] = {"schema": SCHEMA, "experiment": experiment}
        _said(strict_json(told | history_data(reports)), output)
        return
    table, line = history_of(reports)
    if output is None:
        from mldiag.report.console import print_table
        from mldiag.report.streams import console

        out = console()
        if table.rows:
            print_table(table, out)
        out.print(line)
        return
    _said("\n".join(["\t".join(row) for row in (table.columns, *table.rows)] + [line]), output)


def _said(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text)
        return
    write_whole(output, text + "\n")
    typer.echo(f"wrote {output}")
