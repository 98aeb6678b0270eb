"""Rows of the store's attempts: one for every training that ended, however it ended."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mldiag.run.identity import Identity
from mldiag.run.store.records import (
    answers,
    predictions_to_bytes,
    recording_to_bytes,
    result_from_json,
    result_to_json,
)
from mldiag.trial_result import TrialResult

CHUNK_KEYS = 200
"""Results read at once: enough to be fast, few enough to stream thousands with their predictions."""

Row = tuple[str, str, bytes | None, bytes | None]
"""Key, result as text, predictions, recording."""


@dataclass(frozen=True)
class EncodedAttempt:
    """An attempt ready to be written; encoding happens before the file is locked."""

    key: str
    identity: str
    result: TrialResult
    text: str
    predictions: bytes | None
    recording: bytes | None = None


def encoded(key: str, identity: Identity, result: TrialResult) -> EncodedAttempt:
    """Encode a result."""
    data = None if result.predictions is None else predictions_to_bytes(result.predictions)
    seen = None if result.recording is None else recording_to_bytes(result.recording)
    return EncodedAttempt(key, identity.digest, result, result_to_json(result), data, seen)


def add_identity(connection: sqlite3.Connection, identity: Identity, now: float) -> None:
    """Keep the parts of an identity once, so that a later miss can be explained."""
    connection.execute(
        "INSERT OR IGNORE INTO identities VALUES (?, ?, ?, ?, ?, ?, ?)",
        (identity.digest, identity.experiment, json.dumps(dict(identity.code.parts)),
         json.dumps(dict(identity.data.parts)), identity.data.digest, identity.data.covers, now),
    )  # fmt: skip


def add(connection: sqlite3.Connection, row: EncodedAttempt, now: float) -> None:
    """Add an attempt."""
    result = row.result
    settles = answers(result)
    if result.status == "failed" and not settles:
        earlier = connection.execute(
            "SELECT json_extract(result, '$.error') FROM attempts "
            "WHERE key = ? AND status = 'failed' ORDER BY id DESC LIMIT 1",
            (row.key,),
        ).fetchone()
        settles = answers(result, failed_before=earlier[0] if earlier else None)
    cursor = connection.execute(
        "INSERT INTO attempts (key, identity, spec_digest, status, answers, seconds, result, created) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (row.key, row.identity, result.spec.digest, result.status, int(settles),
         result.wall_seconds if math.isfinite(result.wall_seconds) else 0.0, row.text, now),
    )  # fmt: skip
    if row.predictions is not None:
        connection.execute(
            "INSERT INTO predictions VALUES (?, ?)", (cursor.lastrowid, row.predictions)
        )
    if row.recording is not None:
        connection.execute(
            "INSERT INTO recordings VALUES (?, ?)", (cursor.lastrowid, row.recording)
        )


def settled(
    connection: sqlite3.Connection, keys: Sequence[str], with_predictions: bool, accept_cut: bool
) -> list[Row]:
    """Latest settling attempt of each key."""
    marks = ", ".join("?" * len(keys))
    settling = "(answers = 1 OR status = 'cut')" if accept_cut else "answers = 1"
    data, join = _predictions(with_predictions)
    return connection.execute(
        f"SELECT a.key, a.result, {data} FROM attempts a {join} WHERE a.id IN "
        f"(SELECT max(id) FROM attempts WHERE key IN ({marks}) AND {settling} GROUP BY key)",
        tuple(keys),
    ).fetchall()


def of_run(connection: sqlite3.Connection, run_id: str, with_predictions: bool) -> list[Row]:
    """The attempts that a run used, in its order."""
    data, join = _predictions(with_predictions)
    return connection.execute(
        f"SELECT r.key, a.result, {data} FROM run_trials r JOIN attempts a ON a.id = r.attempt {join} "
        f"WHERE r.run = ? ORDER BY r.position",
        (run_id,),
    ).fetchall()


def decoded(keys: Iterable[str], rows: Sequence[Row]) -> Iterator[tuple[str, TrialResult]]:
    """Results in the order of the keys."""
    found = {row[0]: row for row in rows}
    for key in dict.fromkeys(keys):
        if key in found:
            yield key, result_from_json(*found[key][1:])


def chunks(keys: Sequence[str]) -> Iterator[list[str]]:
    """Different keys in portions."""
    different = list(dict.fromkeys(keys))
    for start in range(0, len(different), CHUNK_KEYS):
        yield different[start : start + CHUNK_KEYS]


def release(connection: sqlite3.Connection, token: str, keys: Iterable[str]) -> None:
    """End the holder's claims on keys."""
    connection.executemany(
        "DELETE FROM claims WHERE key = ? AND token = ?", [(key, token) for key in keys]
    )


def release_all(connection: sqlite3.Connection, token: str) -> None:
    """End every claim of the holder."""
    connection.execute("DELETE FROM claims WHERE token = ?", (token,))


def _predictions(wanted: bool) -> tuple[str, str]:
    if wanted:
        return "p.data, s.data", (
            "LEFT JOIN predictions p ON p.attempt = a.id LEFT JOIN recordings s ON s.attempt = a.id"
        )
    return "NULL, NULL", ""
