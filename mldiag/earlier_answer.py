"""The same question asked again: its figure and its page in MLflow are there, and are not made twice.

Drawing and MLflow take seconds where the trials come from the store in milliseconds. The diagnosis itself is
made anew, so that an answer which a newer version would give differently is a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mldiag.findings import Report
from mldiag.run.store.records import RunRecord
from mldiag.run.store.trial_store import Store
from mldiag.tracking import projection
from mldiag.tracking.database import holds_run
from mldiag.tracking.destination import Destination

LATEST = 20
"""Runs of a step that are looked through."""

_OF_ONE_RUN = ("mlflow", "figures", "trials", "cost_seconds")
"""Parts of a report that differ between two runs with the same answer."""

_OF_ONE_CHECKUP = (
    "steps", "spent_seconds", "spent_trainings", "training_seconds", "budget_seconds", "history",
)  # fmt: skip
"""The same of what a check-up tells of itself."""


def earlier_answer(store: Store, report: Report, keys: Sequence[str]) -> RunRecord | None:
    """The latest run that has said the same of the same trials, with its files still in place.

    Args:
        store: The store.
        report: The answer, made from stored trials alone.
        keys: Keys of these trials.
    """
    said, used = _said(report.to_dict()), sorted(keys)
    for record in store.runs(report.experiment, step=report.step, limit=LATEST):
        if sorted(record.trial_keys) == used and _has_said(record, said):
            files = [*map(Path, record.figures), _folder(record) / projection.FILE_NAME]
            return record if all(file.is_file() for file in files) else None
    return None


def shown_in_mlflow(
    store: Store,
    record: RunRecord,
    destination: Destination | None,
    *,
    notice: Callable[[str], None],
) -> dict[str, Any] | None:
    """Where an earlier run stands in MLflow; it is written there if it is not.

    Only a SQLite file can be asked without MLflow itself. Elsewhere MLflow finds the run, or makes it.

    Args:
        store: The store.
        record: The run.
        destination: Where runs are shown; None for nowhere.
        notice: Takes a line for the user.
    """
    if destination is None:
        return None
    tracking = dict(record.tracking or {})
    file = destination.database_file
    known = tracking.get("tracking_uri") == destination.shown
    if known and file is not None and holds_run(file, str(tracking.get("run_id"))):
        return tracking
    kept = projection.read_projection(_folder(record))
    if kept is None:
        return None
    trials = store.run_trials(record.id).values()
    tracked = projection.project_run(destination, kept, trials, notice=notice)
    if tracked is None:
        return None
    store.update_tracking(record.id, asdict(tracked))
    return asdict(tracked)


def _has_said(record: RunRecord, said: Mapping[str, Any]) -> bool:
    try:
        return _said(record.report) == said
    except (AttributeError, KeyError, TypeError):  # no report of mldiag's
        return False


def _folder(record: RunRecord) -> Path:
    return Path(record.figures[0]).parent if record.figures else Path()


def _said(report: Any) -> dict[str, Any]:
    """A report without what belongs to one run only."""
    said = {name: part for name, part in report.items() if name not in _OF_ONE_RUN}
    findings = [
        {name: part for name, part in finding.items() if name != "cost_seconds"}
        for finding in said.get("findings", ())
    ]
    if "steps" in said:
        result = {k: v for k, v in said["result"].items() if k not in _OF_ONE_CHECKUP}
        said |= {"steps": [_said(one) for one in said["steps"]], "result": result, "tables": ()}
    return said | {"findings": findings}
