"""An earlier run found by its id, mldiag's or MLflow's: its scores, and what has changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mldiag.declaration import Experiment
from mldiag.errors import MldiagError, nearest_name
from mldiag.findings import plain
from mldiag.run.environment import environment
from mldiag.run.identity import Identity
from mldiag.run.store.records import RunRecord
from mldiag.run.store.trial_store import Store
from mldiag.steps.reproduce.earlier_run import EarlierRun
from mldiag.steps.reproduce.runs import run_specs
from mldiag.steps.reproduce.settings import Settings
from mldiag.tracking.destination import Destination
from mldiag.tracking.earlier import read_run
from mldiag.tracking.projection import read_projection

MOST_SEEDS = 50
"""Seeds of an earlier run that are looked for."""

SHOWN_RUNS = 5
"""Of the runs that there are, the latest ones are told where an id is unknown."""


def with_earlier_run(
    settings: Any,
    experiment: Experiment,
    store: Store,
    identity: Identity,
    destination: Destination | None,
) -> Any:
    """The settings with the run that they name in the place of its id; others are returned as they are.

    Args:
        settings: The step's settings.
        experiment: The experiment as it is now.
        store: The store.
        identity: The experiment's code and data as they are now.
        destination: MLflow, for runs that the store does not hold.

    Raises:
        MldiagError: If there is no such run, or it holds no full training at the defaults.
    """
    name = getattr(settings, "against", None)
    if not isinstance(name, str):
        return settings
    record = _record_of(store, name)
    found = (
        _from_mlflow(destination, name, experiment, identity)
        if record is None
        else _from_store(store, record, name, experiment, identity)
    )
    if found is None:
        raise _unknown(store, experiment, name)
    if not found.scores:
        raise MldiagError(
            f"run {name} holds no full training at the defaults",
            expected="a run of learning-curve, sweep or reproduce with at least one",
        )
    return replace(settings, against=found)


def _record_of(store: Store, name: str) -> RunRecord | None:
    """A run by mldiag's id or MLflow's; the start of one is enough where it is that of one run only."""
    runs = store.runs()
    ids = [(run, {run.id, str((run.tracking or {}).get("run_id", ""))}) for run in runs]
    exact = [run for run, known in ids if name in known]
    begun = [run for run, known in ids if any(text.startswith(name) for text in known)]
    if exact:
        return exact[0]
    return begun[0] if len(begun) == 1 and len(name) >= 6 else None


def _from_store(
    store: Store, record: RunRecord, name: str, experiment: Experiment, identity: Identity
) -> EarlierRun:
    metric = experiment.metric.name
    trials = store.run_trials(record.id)
    kept = read_projection(Path(record.figures[0]).parent) if record.figures else None
    defaults = experiment.defaults if kept is None else kept.context.defaults
    known = {r.spec.digest: r.score(metric) for r in trials.values() if r.status == "ok"}
    changes = [
        *store.changes_since(identity, next(iter(trials), "")),
        *_moved(defaults, experiment.defaults),
    ]
    before = {} if kept is None else kept.context.environment
    now = environment(experiment.home, identity.code.parts)
    scores = _twins(experiment, defaults, known)
    return EarlierRun(name, scores, (*changes, *_surroundings(before, now)))


def _twins(
    experiment: Experiment, defaults: Mapping[str, Any], known: Mapping[str, float]
) -> dict[str, float]:
    """Scores of the run's full trainings at its own defaults, by the digest of the twin at those of today."""
    many = run_specs(experiment, Settings(repeats=MOST_SEEDS))
    earlier = [replace(spec, params=tuple(sorted(defaults.items()))).digest for spec in many]
    return {
        spec.digest: known[digest]
        for spec, digest in zip(many, earlier, strict=True)
        if digest in known
    }


def _moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Which defaults differ."""
    names = dict.fromkeys((*before, *now))
    shown = {name: (_default(before, name), _default(now, name)) for name in names}
    return [f"parameter {name}: {old} -> {new}" for name, (old, new) in shown.items() if old != new]


def _default(defaults: Mapping[str, Any], name: str) -> str:
    """A default for a person; JSON knows no tuples, so both sides are compared as lists."""
    return json.dumps(plain(defaults[name])) if name in defaults else "not declared"


def _surroundings(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What differs in where it ran; versions of packages are part of the code's differences."""
    if not before:
        return []
    names = [n for n in dict.fromkeys((*before, *now)) if n != "packages"]
    return [
        f"{name.replace('_', ' ')}: {before.get(name, 'none')} -> {now.get(name, 'none')}"
        for name in names
        if before.get(name) != now.get(name)
    ]


def _from_mlflow(
    destination: Destination | None, name: str, experiment: Experiment, identity: Identity
) -> EarlierRun | None:
    """A run that only MLflow holds, such as a colleague's: its children are the trials."""
    if destination is None:
        return None
    read = read_run(destination, name, metric=experiment.metric.name)
    if read is None:
        return None
    now = environment(experiment.home, identity.code.parts)
    defaults = experiment.defaults if read.defaults is None else read.defaults
    differences = [*_moved(defaults, experiment.defaults), *_surroundings(read.environment, now)]
    before, packages = (found.get("packages", "") for found in (read.environment, now))
    if read.code_digest and read.code_digest != identity.code.digest:
        same = before == packages
        told = "the code" if same else "perhaps the code"
        covers = "" if same else ", which covers the packages too,"
        differences.insert(0, f"{told} (only its digest{covers} is known there)")
    if read.data_digest and not identity.data.digest.startswith(read.data_digest):
        differences.insert(0, "the data (only their fingerprint is known there)")
    if before and before != packages:
        differences.append(f"packages: {before} -> {packages}")
    scores = _twins(experiment, defaults, read.scores)
    return EarlierRun(name, scores, tuple(differences))


def _unknown(store: Store, experiment: Experiment, name: str) -> MldiagError:
    runs = store.runs(experiment.name, limit=SHOWN_RUNS)
    shown = ", ".join(f"{run.id} ({run.step})" for run in runs) or "none yet"
    near = nearest_name(name, [run.id for run in store.runs()])
    return MldiagError(
        f"there is no run {name!r} in the store or in MLflow",
        expected=f"the id of a run; the latest here: {shown}",
        nearest=near or (runs[0].id if runs else ""),
        given=name,
    )
