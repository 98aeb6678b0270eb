"""`mldiag list`: the experiments at a place, and what the store holds of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mldiag.cli.completion import completion_of

if TYPE_CHECKING:
    from rich.console import Console

    from mldiag.declaration import Experiment
    from mldiag.run.store.records import ExperimentSummary, RunRecord

LAST_RUNS = 3
"""Runs that are shown of each experiment."""


def list_experiments(
    target: Annotated[
        str | None,
        typer.Argument(
            help="A file, a folder or a module; the current folder by default.",
            show_default=False,
            metavar="TARGET",
            autocompletion=completion_of("target"),
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the store instead of the experiment's .mldiag.", metavar="PATH"
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Experiments, their parameters, and what the store holds."""
    from mldiag.adapters import targets
    from mldiag.report.streams import console, printing_to_stderr

    with printing_to_stderr():
        found = targets.list_experiments(target)
    folders = {experiment.home / ".mldiag" for experiment in found.values()} or {Path(".mldiag")}
    kept = _kept([store] if store else sorted(folders))
    if json:
        from mldiag.report.json import SCHEMA, strict_json

        listed = [_data(place, experiment, kept) for place, experiment in found.items()]
        typer.echo(strict_json({"schema": SCHEMA, "experiments": listed}))
        return
    out = console()
    for place, experiment in found.items():
        _print_experiment(place, experiment, out)
        _print_kept(kept.get(experiment.name), out)
        out.print()
    declared = {experiment.name for experiment in found.values()}
    for name, one in kept.items():
        if name not in declared:
            out.print(name, style="bold")
            _print_kept(one, out)
            out.print()
    if not found:
        _print_built_in(out)


Kept = Mapping[str, tuple["ExperimentSummary", Sequence["RunRecord"]]]


def _kept(folders: Sequence[Path]) -> Kept:
    """What the stores hold by experiment; a folder without a store is not given one."""
    from mldiag.run.store.trial_store import Store

    found = {}
    for folder in folders:
        if not (folder / "trials.db").is_file():
            continue
        with Store.open(folder / "trials.db") as opened:
            for summary in opened.summary():
                runs = opened.runs(summary.experiment, limit=LAST_RUNS)
                found[summary.experiment] = (summary, runs)
    return found


def _print_experiment(place: str, experiment: Experiment, out: Console) -> None:
    from rich.text import Text

    from mldiag.report.console import print_table
    from mldiag.report.listing import parameter_table

    out.print(
        Text.assemble((experiment.name, "bold"), f"  {_shown(place)}", style=""), soft_wrap=True
    )
    out.print(f"  metric      {experiment.metric.name} ({experiment.metric.direction})")
    if experiment.params:
        print_table(parameter_table(experiment), out, indent=2)


def _print_kept(kept: tuple[ExperimentSummary, Sequence[RunRecord]] | None, out: Console) -> None:
    from mldiag.wording import duration, plural

    if kept is None:
        out.print("  in store    nothing yet")
        return
    summary, runs = kept
    counts = ", ".join(f"{count:,} {status}" for status, count in summary.trials.items())
    out.print(
        f"  in store    trials: {counts or 'none'}; {duration(summary.seconds)} of training; "
        f"{plural(summary.runs, 'command')}"
    )
    for run in runs:
        out.print(
            f"  {_when(run.started)}  {run.step}: {run.report.get('headline', '')} "
            f"({str(run.report.get('outcome', 'unknown')).replace('_', ' ')})",
            soft_wrap=True,
        )


def _print_built_in(out: Console) -> None:
    from mldiag.demo import DEMOS
    from mldiag.report.console import print_pairs

    out.print("No experiment here: mldiag init writes one. Built in are")
    print_pairs(list(DEMOS.items()), out, indent=2)


def _data(place: str, experiment: Experiment, kept: Kept) -> dict[str, Any]:
    summary, runs = kept.get(experiment.name, (None, ()))
    return {
        "target": place,
        "name": experiment.name,
        "metric": {"name": experiment.metric.name, "direction": experiment.metric.direction},
        "params": dict(experiment.params),
        "trials": dict(summary.trials) if summary else {},
        "runs": [
            {
                "id": run.id,
                "step": run.step,
                "started": run.started,
                "outcome": run.report.get("outcome"),
                "headline": run.report.get("headline"),
            }
            for run in runs
        ],
    }


def _shown(place: str) -> str:
    """A path below the current folder as it would be typed."""
    return place.removeprefix(f"{Path.cwd()}/")


def _when(started: float) -> str:
    from datetime import datetime

    return f"{datetime.fromtimestamp(started):%Y-%m-%d %H:%M}"
