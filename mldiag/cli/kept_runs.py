"""The runs that a store has kept, and the one of them that is meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mldiag.errors import MldiagError, unknown_name
from mldiag.steps import COMMANDS

if TYPE_CHECKING:
    from mldiag.run.store.records import RunRecord


def run_and_target(given: str | None, target: str | None) -> tuple[str | None, str | None]:
    """A run's id and a target; what looks like a target was typed as in every other command.

    Example:
        >>> run_and_target("20261123-0006", None), run_and_target("my/experiment.py", None)
        (('20261123-0006', None), (None, 'my/experiment.py'))
    """
    known = {step.name for step in COMMANDS}
    if given is None or target is not None or given in known or re.match(r"\d{8}-", given):
        return given, target
    file = given.split(":")[0]
    is_target = Path(given).exists() or Path(file).is_file() or file.endswith(".py")
    return (None, given) if is_target else (given, target)


def kept_runs(target: str | None, store: Path | None) -> tuple[Path, list[RunRecord]]:
    """The store's folder, and its runs, the one that ended last first; no code of the user is run.

    Args:
        target: The experiment's file or folder; a name behind a colon leaves the other experiments out.
        store: Folder of the store, where it is another than the experiment's `.mldiag`.

    Raises:
        MldiagError: If there is no store.
    """
    from mldiag.cli.services import home_of
    from mldiag.run.store.trial_store import Store

    folder = store or home_of(target) / ".mldiag"
    if store is not None and not (folder / "trials.db").is_file():
        folder = folder / ".mldiag" if (folder / ".mldiag" / "trials.db").is_file() else folder
    if not (folder / "trials.db").is_file():
        raise MldiagError(
            f"there is no store in {folder}",
            expected="the folder of an experiment that mldiag has run: --target or --store",
            hint="mldiag list",
        )
    with Store.open(folder / "trials.db") as opened:
        runs = opened.runs()
    named = (target or "").rpartition(":")[2] if ":" in (target or "") else ""
    runs = [run for run in runs if run.experiment == named] or runs
    # A check-up begins before the steps that it asks; what ended last is the latest answer.
    return folder, sorted(runs, key=lambda run: run.started + run.seconds, reverse=True)


def chosen_run(runs: list[RunRecord], wanted: str | None) -> RunRecord:
    """The run that is meant.

    Args:
        runs: The runs, the latest first.
        wanted: The id, the start of it, or the name of a step or of an experiment for its latest run; None
            for the latest of all.

    Raises:
        MldiagError: If there is none, or more than one.
    """
    if not runs:
        raise MldiagError(
            "no run is in the store yet", expected="a command that has answered", hint="mldiag list"
        )
    if wanted is None:
        return runs[0]
    found = [run for run in runs if run.id == wanted] or [
        run for run in runs if wanted and run.id.startswith(wanted)
    ]
    of_name = [run for run in runs if wanted in (run.step, run.experiment)]
    if len(found) == 1 or (of_name and not found):
        return (found or of_name)[0]
    if found:
        listed = ", ".join(f"{run.id} ({run.step})" for run in found[:10])
        raise MldiagError(
            f"{len(found)} runs begin with {wanted!r}",
            expected=f"more of the id of one: {listed}",
            nearest=found[0].id,
            given=wanted,
        )
    error = unknown_name("run", wanted, [run.id for run in runs])
    latest = ", ".join(f"{run.id} ({run.step})" for run in runs[:5])
    near = error.nearest or runs[0].id
    raise MldiagError(
        error.what, expected=f"the id of a run; the latest: {latest}", nearest=near, given=wanted
    )
