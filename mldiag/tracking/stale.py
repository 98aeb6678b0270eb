"""Ends the runs that killed commands left RUNNING."""

from __future__ import annotations

import time
from typing import Any

from mldiag.tracking import host
from mldiag.tracking.writer import INTERRUPTED_NAME


def close_stale_runs(client: Any, experiment_id: str, *, own: str = "") -> int:
    """End every run of this machine whose process is gone; returns how many.

    Runs of other machines, and runs that mldiag did not make, stay as they are.

    Args:
        client: An `MlflowClient`.
        experiment_id: MLflow's id of the experiment.
        own: mldiag's id of a run that is about to be taken up again.
    """
    parents = client.search_runs(
        [experiment_id],
        filter_string=f"attributes.status = 'RUNNING' AND tags.`{host.TAG}` LIKE '{host.this_host()} %'",
        max_results=1000,
    )
    dead = [
        run
        for run in parents
        if host.is_dead(run.data.tags) and run.data.tags.get("mldiag.run_id") != own
    ]
    for run in dead:
        _end(client, experiment_id, run.info.run_id)
    return len(dead)


def _end(client: Any, experiment_id: str, run_id: str) -> None:
    children = client.search_runs(
        [experiment_id],
        filter_string=f"attributes.status = 'RUNNING' AND tags.`mlflow.parentRunId` = '{run_id}'",
        max_results=1000,
    )
    now = int(time.time() * 1000)
    for child in children:
        client.set_terminated(child.info.run_id, status="KILLED", end_time=now)
    client.update_run(run_id, name=INTERRUPTED_NAME)
    client.set_terminated(run_id, status="KILLED", end_time=now)
