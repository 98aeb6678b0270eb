"""Opens a store: checks it, finds or makes the experiment, ends dead runs, hands out the writer."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from mldiag.errors import MldiagError
from mldiag.tracking.context import RunContext
from mldiag.tracking.database import prepare_database, wait_less
from mldiag.tracking.destination import Destination, probe
from mldiag.tracking.stale import close_stale_runs
from mldiag.tracking.writer import RunWriter

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "8",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Set in the writing process alone, unless the user set them: no telemetry, no printing, and no
request that outlives a hanging server by much (by default one takes up to 246 s)."""


IMPORTING = threading.Lock()
"""Held while a thread imports MLflow: its modules import one another in circles, which two threads at
once would meet half made."""


def open_writer(
    destination: Destination,
    context: RunContext,
    *,
    process: Mapping[str, str],
    notice: Callable[[str], None],
) -> RunWriter:
    """Reach the store and open the run in it.

    Raises:
        MldiagError: If the store is away, is refused by MLflow, or belongs to another version of it.
    """
    refusal = _refusal(destination) or probe(destination)
    if refusal:
        raise MldiagError(f"MLflow at {destination.shown} cannot be used: {refusal}")
    with IMPORTING:
        import mlflow

    prepare_database(destination)
    wait_less(destination)
    client = mlflow.MlflowClient(destination.uri)
    experiment_id = find_experiment(client, destination, context, notice=notice)
    ended = close_stale_runs(client, experiment_id, own=context.run_id)
    if ended:
        notice(f"{ended} earlier runs of killed commands were marked as such in MLflow")
    writer = RunWriter(client, experiment_id, context, process=process)
    writer.open()
    return writer


def prepare_file(destination: Destination) -> None:
    """Make the SQLite file of a store that has none yet, while the command looks at its data."""
    if destination.kind == "sqlite" and not _refusal(destination):
        with IMPORTING:
            import mlflow  # noqa: F401 - before its parts
        prepare_database(destination)


def close_writer(writer: RunWriter) -> None:
    """Let go of the database: a SQLite file without readers is one file again, and may be moved."""
    engine = getattr(writer.client._tracking_client.store, "engine", None)
    if engine is not None:
        engine.dispose()


def find_experiment(
    client: Any,
    destination: Destination,
    context: RunContext,
    *,
    notice: Callable[[str], None],
) -> str:
    """MLflow's id of the experiment, which is made if it is new and restored if it was deleted."""
    found = client.get_experiment_by_name(context.experiment)
    if found is None:
        found = _create_experiment(client, destination, context)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
        notice(f"the experiment {context.experiment!r} had been deleted in MLflow: restored")
    return str(found.experiment_id)


def _create_experiment(client: Any, destination: Destination, context: RunContext) -> Any:
    from mlflow.exceptions import MlflowException

    tags = {
        "mlflow.experimentKind": "custom_model_development",
        "mlflow.experiment.primaryMetric.name": context.metric,
        "mlflow.experiment.primaryMetric.greaterIsBetter": str(context.maximize),
        "mldiag.experiment": context.experiment,
    }
    try:
        client.create_experiment(
            context.experiment, artifact_location=destination.artifact_location, tags=tags
        )
    except MlflowException:  # another command made it just now
        if client.get_experiment_by_name(context.experiment) is None:
            raise
    return client.get_experiment_by_name(context.experiment)


def _refusal(destination: Destination) -> str:
    allowed = os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() in ("1", "true")
    if destination.kind != "file" or allowed:
        return ""
    return (
        "MLflow no longer keeps runs in plain folders; "
        f"use --tracking-uri sqlite:///{destination.uri.removeprefix('file://').rstrip('/')}/mlflow.db"
    )
