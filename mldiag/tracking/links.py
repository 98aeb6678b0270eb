"""Links into MLflow's web pages that open in the view where runs are shown.

The pages open in a view made for language-model traces, in which an experiment of ours looks empty;
`workflowType=machine_learning` in the address chooses the other one (seen on MLflow 3.17).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

VIEW = "workflowType=machine_learning"

COMPARED_RUNS = 60
"""Most runs in a compare link: each takes 41 characters of its address."""


def experiment_link(base: str, experiment_id: str) -> str:
    """The list of an experiment's runs.

    Example:
        >>> experiment_link("http://127.0.0.1:5000/", "1")
        'http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning'
    """
    return f"{base.rstrip('/')}/#/experiments/{experiment_id}/runs?{VIEW}"


def run_link(base: str, experiment_id: str, run_id: str) -> str:
    """The page of one run: verdict, figure, table, child runs."""
    return f"{base.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}?{VIEW}"


def charts_link(base: str, experiment_id: str, run_id: str) -> str:
    """The charts of one run: the curve."""
    path = f"/#/experiments/{experiment_id}/runs/{run_id}/model-metrics"
    return f"{base.rstrip('/')}{path}?{VIEW}"


def compare_link(base: str, experiment_id: str, run_ids: Sequence[str]) -> str:
    """The comparison of runs: the first children of a command, or several commands.

    Example:
        >>> compare_link("http://127.0.0.1:5000", "1", ["a", "b"])
        'http://127.0.0.1:5000/#/compare-runs?runs=%5B%22a%22%2C%22b%22%5D&experiments=%5B%221%22%5D&workflowType=machine_learning'
    """
    runs = quote(json.dumps(list(run_ids[:COMPARED_RUNS]), separators=(",", ":")), safe="")
    experiments = quote(json.dumps([experiment_id]), safe="")
    return f"{base.rstrip('/')}/#/compare-runs?runs={runs}&experiments={experiments}&{VIEW}"
