"""Reads a run that only MLflow holds, in a process of its own, as MLflow's import and settings are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from mldiag.tracking.destination import Destination
from mldiag.tracking.session import ENVIRONMENT

SECONDS = 60.0
"""A server that takes longer to tell of one run is taken to be away."""

MOST_CHILDREN = 1000


@dataclass(frozen=True)
class ReadRun:
    """What MLflow tells of a run.

    Args:
        scores: Score of each trial, by the digest of its description.
        environment: Where it ran.
        code_digest: Digest of its code; empty where it is no run of mldiag's.
        defaults: Default value of every parameter; None where it is no run of mldiag's.
        data_digest: Beginning of the fingerprint of its data; empty where none was logged.
    """

    scores: dict[str, float] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    code_digest: str = ""
    data_digest: str = ""
    defaults: dict[str, Any] | None = None


def read_run(destination: Destination, run_id: str, *, metric: str) -> ReadRun | None:
    """A run and its trials; None where MLflow has no such run, or cannot be reached.

    Args:
        destination: The store.
        run_id: MLflow's id of the run.
        metric: Name of the metric.
    """
    task = {"uri": destination.uri, "run_id": run_id, "metric": metric}
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "mldiag.tracking.earlier"],
            input=json.dumps(task),  # not as an argument: the URI may hold a password
            capture_output=True,
            text=True,
            env=ENVIRONMENT | os.environ,
            timeout=SECONDS,
            check=False,
        )
        found = json.loads(ended.stdout.splitlines()[-1]) if ended.returncode == 0 else None
        return None if found is None else _checked(found)
    except (subprocess.TimeoutExpired, LookupError, RecursionError, TypeError, ValueError):
        return None


def _checked(found: Any) -> ReadRun:
    """What a server told, whose tags anybody who can write there may have changed.

    Raises:
        TypeError: If a part is of another kind than those of mldiag's runs.
    """
    read = ReadRun(**found)
    tables = (read.scores, read.environment, {} if read.defaults is None else read.defaults)
    if not all(isinstance(table, dict) for table in tables):
        raise TypeError("a tag holds no table")
    if not all(isinstance(score, (int, float)) for score in read.scores.values()):
        raise TypeError("a score is no number")
    texts = (*read.environment.values(), read.code_digest, read.data_digest)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a tag holds no text")
    return read


def _read(task: dict[str, str]) -> dict[str, object] | None:
    import mlflow
    from mlflow.exceptions import MlflowException

    from mldiag.tracking.names import key

    client = mlflow.MlflowClient(task["uri"])
    try:
        parent = client.get_run(task["run_id"])
    except MlflowException:
        return None
    children = client.search_runs(
        [parent.info.experiment_id],
        filter_string=f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'",
        max_results=MOST_CHILDREN,
    )
    name = key(task["metric"])
    scores = {
        child.data.tags["mldiag.trial"]: child.data.metrics[name]
        for child in children
        if "mldiag.trial" in child.data.tags and name in child.data.metrics
    }
    datasets = parent.inputs.dataset_inputs if parent.inputs else []
    tags = parent.data.tags
    surroundings = json.loads(tags.get("mldiag.environment", "{}"))
    return {
        "scores": scores,
        "environment": surroundings,
        "code_digest": tags.get("mldiag.code_digest", ""),
        "defaults": json.loads(tags["mldiag.defaults"]) if "mldiag.defaults" in tags else None,
        "data_digest": datasets[0].dataset.digest if datasets else "",
    }


if __name__ == "__main__":
    print(json.dumps(_read(json.load(sys.stdin))))
