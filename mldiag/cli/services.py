"""`mldiag ui` and `mldiag sync`: MLflow's pages on the right store, and what they missed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mldiag.errors import MldiagError
from mldiag.report.inert import inert

if TYPE_CHECKING:
    from mldiag.run.store.records import RunRecord
    from mldiag.run.store.trial_store import Store
    from mldiag.tracking.destination import Destination

TargetArgument = Annotated[
    str | None,
    typer.Argument(
        help="The experiment's file or folder; the current folder by default.",
        show_default=False,
        metavar="TARGET",
    ),
]
UriOption = Annotated[
    str | None, typer.Option(help="MLflow server or store.", metavar="URI", show_default=False)
]
StoreOption = Annotated[
    Path | None,
    typer.Option(help="Folder of the store instead of the experiment's .mldiag.", metavar="PATH"),
]


def sync(
    target: TargetArgument = None, tracking_uri: UriOption = None, store: StoreOption = None
) -> None:
    """Log to MLflow the runs that it missed while it was away."""
    from mldiag.run.store.trial_store import Store

    home = home_of(target)
    folder = store or home / ".mldiag"
    if not (folder / "trials.db").is_file():
        raise MldiagError(
            f"there is no store in {folder}",
            expected="the folder of an experiment that mldiag has run",
            hint="mldiag list",
        )
    destination = destination_of(home, tracking_uri)
    with Store.open(folder / "trials.db") as opened:
        missed = opened.unprojected_runs()
        if not missed:
            typer.echo("MLflow has every run already")
            return
        written = sum(_project(opened, run, folder, destination) for run in missed)
    typer.echo(f"{written:,} of {len(missed):,} runs are now in {destination.shown}")
    if written < len(missed):
        raise MldiagError(
            f"{len(missed) - written:,} runs could not be logged",
            expected="the reasons above to be mended; nothing is lost",
            hint="mldiag sync",
        )


def open_ui(
    target: TargetArgument = None,
    tracking_uri: UriOption = None,
    port: Annotated[str, typer.Option(help="Port on this machine.", metavar="N")] = "5000",
) -> None:
    """Open the MLflow UI on the experiment's own store."""
    destination = destination_of(home_of(target), tracking_uri)
    number = _port(port)
    from mldiag.tracking.ui import serve_ui

    if destination.kind != "server":
        typer.echo(f"starting MLflow on {destination.shown}, which takes a while", err=True)
    raise typer.Exit(serve_ui(destination, port=number, say=_say))


def home_of(target: str | None) -> Path:
    """The folder of an experiment, without running its code.

    Raises:
        MldiagError: If the target is a path that does not exist.

    Example:
        >>> home_of(None) == Path.cwd()
        True
    """
    if target is None:
        return Path.cwd()
    path = Path(target if Path(target).exists() else target.rpartition(":")[0] or target)
    if path.is_dir():
        return path.resolve()
    if path.is_file():
        return path.resolve().parent
    if path.suffix == ".py" or "/" in target:
        raise MldiagError(f"there is no {path}", expected="a file or a folder", hint="mldiag list")
    return Path.cwd()  # a module or a built-in name: its store lies where the command runs


def destination_of(home: Path, uri: str | None) -> Destination:
    """The MLflow store of an experiment's folder."""
    from mldiag.adapters.config import configured
    from mldiag.tracking.destination import TrackingSettings, resolve_destination

    destination = resolve_destination(
        TrackingSettings(uri), home, config_uri=configured(home, "tracking_uri")
    )
    assert destination is not None, "only False turns tracking off"
    return destination


def _project(opened: Store, run: RunRecord, folder: Path, destination: Destination) -> bool:
    from mldiag.tracking.projection import project_run, read_projection

    projection = read_projection(folder / "runs" / run.id)
    if projection is None:
        typer.echo(f"{run.id}: its files are gone from {folder / 'runs'}", err=True)
        return False
    mine = f"tracking of {run.id}"
    if not opened.claim([mine]):
        typer.echo(f"{run.id}: another command is logging it at this moment", err=True)
        return False
    try:
        tracked = project_run(
            destination,
            projection,
            opened.run_trials(run.id, with_predictions=False).values(),
            notice=lambda text: typer.echo(inert(text), err=True),
        )
        if tracked is not None:
            opened.update_tracking(run.id, asdict(tracked))
    finally:
        opened.release([mine])
    return tracked is not None


def _port(text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise MldiagError(f"port {text!r}", expected="a number from 1 to 65535", hint="--port 5001")


def _say(text: str) -> None:
    """Print at once: a person waits for the address while the server runs on."""
    print(inert(text), flush=True)
