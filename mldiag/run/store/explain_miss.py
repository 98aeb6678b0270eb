"""Why a trial is not in the store: what differs from the nearest earlier one, in words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from mldiag.run.identity import Identity
from mldiag.run.store.readable import readable
from mldiag.trial import reference_family
from mldiag.trial_spec import TrialSpec

CANDIDATES = 300
"""Earlier trials that are compared, latest first: all that a person could mean, read in about 10 ms."""

LONGEST_CHANGE = 100
"""Longer texts are said to have changed, without showing them."""

_KINDS = {
    "function": "function", "class": "class", "constant": "constant", "object": "object",
    "name": "the meaning of the name",
}  # fmt: skip

_SPEC_WORDS = {
    "split": "split", "repeat": "repeat", "size": "training rows", "digest": "row set",
    "seed": "seed", "fidelity": "fidelity",
}  # fmt: skip


@readable("an earlier trial")
def explain_miss(connection: sqlite3.Connection, identity: Identity, spec: TrialSpec) -> list[str]:
    """Reasons why a trial has to run.

    Args:
        connection: The store's connection.
        identity: The experiment as it is now.
        spec: The trial.

    Returns:
        Sentences, the most telling first; empty where the trial is in the store.
    """
    same = connection.execute(
        "SELECT status, answers, result FROM attempts WHERE key = ? ORDER BY answers DESC, id DESC",
        (identity.key(spec),),
    ).fetchone()
    if same is not None:
        return [] if same[1] else [_unsettled(same[0], json.loads(same[2]))]
    earlier = connection.execute(
        "SELECT i.code, i.data FROM attempts a JOIN identities i ON i.digest = a.identity "
        "WHERE i.experiment = ? AND a.spec_digest = ? ORDER BY a.id DESC LIMIT 1",
        (identity.experiment, spec.digest),
    ).fetchone()
    if earlier is not None:
        changes = list(changes_since(identity, *map(json.loads, earlier)))
        # The same description, code and data under another key: only what is in no digest of these.
        left = (
            "the augment function"
            if reference_family(spec) is None
            else "the metric or scikit-learn"
        )
        return changes or [f"{left} changed"]
    return _nearest(connection, identity, spec)


@readable("an earlier trial")
def explain_changes(connection: sqlite3.Connection, identity: Identity, key: str) -> list[str]:
    """What has changed in code and data since the latest trial under a key; empty where there is none."""
    found = connection.execute(
        "SELECT i.code, i.data FROM attempts a JOIN identities i ON i.digest = a.identity "
        "WHERE a.key = ? ORDER BY a.id DESC LIMIT 1",
        (key,),
    ).fetchone()
    return [] if found is None else list(changes_since(identity, *map(json.loads, found)))


def _nearest(connection: sqlite3.Connection, identity: Identity, spec: TrialSpec) -> list[str]:
    """Compare with the trial that differs in the fewest things, of the same code and data if there is one."""
    best: tuple[int, list[str]] | None = None
    rows = connection.execute(
        "SELECT a.identity, i.code, i.data, json_extract(a.result, '$.spec') FROM attempts a "
        "JOIN identities i ON i.digest = a.identity WHERE i.experiment = ? "
        "ORDER BY a.identity = ? DESC, a.id DESC LIMIT ?",
        (identity.experiment, identity.digest, CANDIDATES),
    )
    changes: dict[str, list[str]] = {identity.digest: []}
    for digest, code, data, text in rows:
        if digest not in changes:
            changes[digest] = list(changes_since(identity, json.loads(code), json.loads(data)))
        differs = list(_spec_differences(spec, TrialSpec.from_json(text)))
        distance = len(differs) + (1000 if changes[digest] else 0)
        if best is None or distance < best[0]:
            best = (distance, [*changes[digest], *differs])
    if best is None:
        return [f"never run: the store holds no trial of {identity.experiment!r}"]
    return best[1]


def _unsettled(status: str, result: Mapping[str, Any]) -> str:
    if status == "cut":
        return f"ran before, but was cut at {result['fidelity_reached']:.0%} of the training"
    if status == "failed":
        return "failed once before; the same exception twice would settle it"
    return f"ran before, but ended in {status.replace('_', ' ')}, which is tried again"


def changes_since(
    identity: Identity, code: Mapping[str, str], data: Mapping[str, str]
) -> Iterator[str]:
    """What differs in code and data from those of an earlier trial, the most telling first.

    Args:
        identity: The experiment as it is now.
        code: Parts of the code's digest then.
        data: Parts of the data's fingerprint then.
    """
    now = identity.code.parts
    for name in sorted(code.keys() | now.keys(), key=lambda n: (_rank(n, code, now), n)):
        before, after = code.get(name), now.get(name)
        if before != after:
            yield _code_change(name, before, after)
    pieces = identity.data.parts
    for name in sorted(data.keys() | pieces.keys()):
        if data.get(name) != pieces.get(name):
            yield _data_change(name, data.get(name), pieces.get(name))


def _rank(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> int:
    """Changed parts before new and vanished ones, which mostly follow from them."""
    return 0 if name in before and name in after else 1


def _code_change(name: str, before: str | None, after: str | None) -> str:
    kind = (after or before or "").partition(" ")[0]
    if kind not in _KINDS:  # a version or another plain text
        if before is None or after is None:
            return f"{name} is {'now' if after else 'no longer'} used"
        shown = f"{name} {before} -> {after}"
        return shown if len(shown) <= LONGEST_CHANGE else f"{name} changed"
    file, _, thing = name.rpartition(":")
    where = f"{_KINDS[kind]} {thing} in {file}" if file else f"{_KINDS[kind]} {thing}"
    if before is None or after is None:
        return f"{where} is {'now' if after else 'no longer'} used"
    old, new = (text.split(" ", 2)[2:] for text in (before, after))
    return f"{where} changed: {old[0]} -> {new[0]}" if old and new else f"{where} changed"


def _data_change(name: str, before: str | None, after: str | None) -> str:
    if name in ("rows", "stratify"):
        return f"data: {name} {before} -> {after}"
    if before is None or after is None:
        return f"data: {name} is {'new' if after else 'gone'}"
    return f"data: {name} changed"


def _spec_differences(spec: TrialSpec, other: TrialSpec) -> Iterator[str]:
    new, old = dict(spec.params), dict(other.params)
    for name in sorted(new.keys() | old.keys()):
        if name not in old or name not in new or repr(new[name]) != repr(old[name]):
            yield f"never run with {name}={new.get(name, 'unset')} (nearest: {old.get(name, 'unset')})"
    mine, theirs = _flat(spec), _flat(other)
    for field, word in _SPEC_WORDS.items():
        if mine[field] != theirs[field]:
            shown = [("all" if v is None else v) for v in (mine[field], theirs[field])]
            yield f"never run with {word} {shown[0]} (nearest: {shown[1]})"
    if spec.interventions != other.interventions:
        kinds = ", ".join(item.kind for item in spec.interventions) or "no intervention"
        yield f"never run with {kinds} on the data"


def _flat(spec: TrialSpec) -> dict[str, Any]:
    rows = spec.rows
    return {
        "split": rows.split, "repeat": rows.repeat, "size": rows.size, "digest": rows.digest,
        "seed": spec.seed, "fidelity": spec.fidelity,
    }  # fmt: skip
