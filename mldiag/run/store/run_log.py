"""Rows of the store's runs: what each command used and answered, and where it was projected to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from mldiag.run.identity import Identity
from mldiag.run.store.readable import folder_name, readable, seconds, shallow_json
from mldiag.run.store.records import ExperimentSummary, ReserveUse, RunRecord

_COLUMNS = "id, step, experiment, started, seconds, report, figures, tracking"


def save(connection: sqlite3.Connection, record: RunRecord) -> None:
    """Write a run and which attempt of each trial it used: the latest at this moment."""
    connection.execute("DELETE FROM run_trials WHERE run = ?", (record.id,))
    connection.execute(
        f"INSERT OR REPLACE INTO runs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (record.id, record.step, record.experiment, record.started, record.seconds,
         json.dumps(dict(record.report)), json.dumps(list(record.figures)), _text(record.tracking)),
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO run_trials SELECT ?, ?, ?, (SELECT max(id) FROM attempts WHERE key = ?)",
        [(record.id, i, key, key) for i, key in enumerate(record.trial_keys)],
    )


def load(
    connection: sqlite3.Connection,
    experiment: str | None,
    limit: int | None,
    *,
    step: str | None = None,
) -> list[RunRecord]:
    """Runs, newest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE experiment = ifnull(?, experiment) "
        "AND step = ifnull(?, step) ORDER BY started DESC, id DESC LIMIT ?",
        (experiment, step, -1 if limit is None else limit),
    ).fetchall()
    return [_record(connection, row) for row in rows]


def unprojected(connection: sqlite3.Connection) -> list[RunRecord]:
    """Runs without tracking, or with a pending one, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE tracking IS NULL "
        "OR json_extract(tracking, '$.pending') ORDER BY started, id"
    ).fetchall()
    return [_record(connection, row) for row in rows]


def update_tracking(
    connection: sqlite3.Connection, run_id: str, tracking: Mapping[str, Any] | None
) -> None:
    """Replace where a run was projected to."""
    connection.execute("UPDATE runs SET tracking = ? WHERE id = ?", (_text(tracking), run_id))


def summary(connection: sqlite3.Connection) -> list[ExperimentSummary]:
    """Attempts by status, training time and runs of every experiment."""
    trials: dict[str, dict[str, int]] = {}
    spent_by: dict[str, float] = {}
    for name, status, count, spent in connection.execute(
        "SELECT i.experiment, a.status, count(*), sum(a.seconds) FROM attempts a "
        "JOIN identities i ON i.digest = a.identity GROUP BY i.experiment, a.status "
        "ORDER BY i.experiment, a.status"
    ):
        trials.setdefault(name, {})[status] = count
        spent_by[name] = spent_by.get(name, 0.0) + spent
    counts = dict(connection.execute("SELECT experiment, count(*) FROM runs GROUP BY experiment"))
    return [
        ExperimentSummary(
            name, trials.get(name, {}), spent_by.get(name, 0.0), counts.get(name, 0),
            next(iter(load(connection, name, 1)), None),
        )
        for name in sorted(trials.keys() | counts.keys())
    ]  # fmt: skip


def add_reserve_use(
    connection: sqlite3.Connection, identity: Identity, what: str, now: float
) -> None:
    """Record a use of the reserve."""
    connection.execute(
        "INSERT INTO reserve_uses (experiment, data_digest, what, used) VALUES (?, ?, ?, ?)",
        (identity.experiment, identity.data.digest, what, now),
    )


def reserve_uses(connection: sqlite3.Connection, identity: Identity) -> list[ReserveUse]:
    """Uses of the reserve of this experiment on these data, oldest first."""
    rows = connection.execute(
        "SELECT experiment, what, used FROM reserve_uses WHERE experiment = ? AND data_digest = ? "
        "ORDER BY id",
        (identity.experiment, identity.data.digest),
    )
    return [ReserveUse(*row) for row in rows]


def _record(connection: sqlite3.Connection, row: tuple[Any, ...]) -> RunRecord:
    name, step, experiment, started, spent, report, figures, tracking = row
    keys = connection.execute("SELECT key FROM run_trials WHERE run = ? ORDER BY position", (name,))
    with readable(f"the run {name!r}"):
        return RunRecord(
            id=folder_name(name),
            step=str(step),
            experiment=str(experiment),
            started=seconds(started),
            seconds=seconds(spent),
            report=dict(shallow_json(report)),
            trial_keys=tuple(key for (key,) in keys),
            figures=tuple(map(str, shallow_json(figures))),
            tracking=None if tracking is None else dict(shallow_json(tracking)),
        )


def _text(tracking: Mapping[str, Any] | None) -> str | None:
    return None if tracking is None else json.dumps(dict(tracking))
