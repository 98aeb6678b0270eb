"""A tracking server on PostgreSQL with proxied artifacts, and a password that nobody gets to see."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.postgres import postgres_server
from tests.services.tracking_server import Door, TrackingServer

USER, PASSWORD, TOKEN = "reader", "s3cr3t-pa55word", "t0ken-of-nobody"
SECRETS = (PASSWORD, TOKEN)

EXPERIMENT = """
import os, time
import numpy as np
import mldiag

X = np.arange(900.0).reshape(-1, 1) % 7

@mldiag.experiment(data=(X, (X[:, 0] > 3).astype(int)), metric="accuracy",
                   params={"cut": mldiag.Float(0.0, 6.0, default=2.9)})
def threshold(trial):
    time.sleep(float(os.environ.get("SLOW", "0")))
    if trial.params["cut"] == 6.0 and "FAIL" in os.environ:
        raise ValueError(f"no luck with {os.environ['MLFLOW_TRACKING_URI']}")
    right = (trial.X_valid[:, 0] > trial.params["cut"]).astype(int) == trial.y_valid
    return {"accuracy": float(np.mean(right))}
"""
SWEEP = (
    "sweep",
    "--param",
    "cut=1,2,3,6",
    "--repeats",
    "2",
    "--design",
    "full",
    "--engine",
    "inline",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with postgres_server() as url:
        backend = url.replace("postgresql://", "postgresql+psycopg://")
        running = TrackingServer(backend, tmp_path_factory.mktemp("artifacts"))
        try:
            yield running
        finally:
            running.kill()


@pytest.fixture(scope="module")
def door(server):
    with Door(server, user=USER, password=PASSWORD, token=TOKEN) as door:
        yield door
        door.shutdown()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "experiment.py").write_text(EXPERIMENT)
    return tmp_path


def environment(**more):
    """This machine's, without what it knows of MLflow."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return (
        kept
        | {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(Path(__file__).parents[2])}
        | more
    )


def begun(folder, *words, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "mldiag", *words], cwd=folder, env=environment(**more),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def carried_out(folder, *words, **more):
    process = begun(folder, *words, **more)
    out, err = process.communicate(timeout=180)
    return process.returncode, out, err


def on_the_server(server, name="threshold"):
    """Parent runs with their children, as anybody sees them who asks the server."""
    from mlflow import MlflowClient

    client = MlflowClient(server.address)
    experiment = client.get_experiment_by_name(name)
    runs = client.search_runs([experiment.experiment_id], max_results=1000) if experiment else []
    return client, {
        run: [r for r in runs if r.data.tags.get("mlflow.parentRunId") == run.info.run_id]
        for run in runs
        if "mlflow.parentRunId" not in run.data.tags
    }


def newest(server, folder):
    """The parent run of the folder's latest command, and its children."""
    with sqlite3.connect(folder / ".mldiag" / "trials.db") as store:
        (name,) = store.execute("SELECT id FROM runs ORDER BY id DESC").fetchone()
    client, runs = on_the_server(server)
    (parent,) = [run for run in runs if run.data.tags["mldiag.run_id"] == name]
    return client, parent, runs[parent]


def scores_of(folder):
    with sqlite3.connect(folder / ".mldiag" / "trials.db") as store:
        rows = store.execute("SELECT result FROM attempts WHERE answers = 1").fetchall()
    return sorted(json.loads(text)["metrics"]["accuracy"] for (text,) in rows)


def all_text(folder):
    """Every file below a folder, as it lies there."""
    for file in sorted(Path(folder).rglob("*")):
        if file.is_file() and file.name != "experiment.py":
            yield file, file.read_bytes().decode("utf-8", errors="replace")


@pytest.mark.parametrize("known", ["password", "token", "address"])
def test_a_run_with_its_trials_figures_and_files_is_on_the_server(server, door, folder, known):
    keys = {"password": {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": PASSWORD},
            "token": {"MLFLOW_TRACKING_TOKEN": TOKEN}, "address": {}}[known]  # fmt: skip
    who = f"{USER}:{PASSWORD}@" if known == "address" else ""
    code, out, err = carried_out(
        folder, *SWEEP, MLFLOW_TRACKING_URI=f"http://{who}{door.place}", **keys
    )
    assert code == 0, err
    assert "not in MLflow" not in err
    client, parent, children = newest(server, folder)
    assert parent.info.status == "FINISHED"
    assert sorted(child.data.metrics["accuracy"] for child in children) == scores_of(folder)
    files = {item.path for item in client.list_artifacts(parent.info.run_id)}
    assert {"plot.png", "report.json"} <= files
    assert parent.info.artifact_uri.startswith("mlflow-artifacts:")
    for secret in SECRETS:
        assert secret not in out + err
        for file, text in all_text(folder):
            assert secret not in text, file
        for run in (parent, *children):
            assert secret not in json.dumps(run.to_dictionary())
        report = Path(client.download_artifacts(parent.info.run_id, "", str(folder / "down")))
        for file, text in all_text(report):
            assert secret not in text, file


def test_who_is_refused_keeps_the_answer_and_brings_it_later(server, door, folder):
    before = door.refused
    wrong = {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": "wr0ng-pa55word"}
    address = f"http://{door.place}"
    code, out, err = carried_out(folder, *SWEEP, MLFLOW_TRACKING_URI=address, **wrong)
    assert code == 0
    assert out
    assert door.refused > before
    assert "mldiag sync" in err
    assert "Traceback" not in err
    assert "wr0ng-pa55word" not in out + err
    right = {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    code, _, err = carried_out(folder, "sync", MLFLOW_TRACKING_URI=address, **right)
    assert code == 0, err
    _, parent, children = newest(server, folder)
    assert parent.info.status == "FINISHED"
    assert sorted(child.data.metrics["accuracy"] for child in children) == scores_of(folder)


def test_a_server_that_goes_and_comes_back_has_everything_once(server, folder):
    process = begun(folder, *SWEEP, MLFLOW_TRACKING_URI=server.address, SLOW="0.4")
    deadline = time.monotonic() + 60
    while not (folder / ".mldiag" / "trials.db").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    server.kill()
    out, _ = process.communicate(timeout=180)
    server.start()
    assert process.returncode == 0
    assert out
    code, _, err = carried_out(folder, "sync", MLFLOW_TRACKING_URI=server.address)
    assert code == 0, err
    _, parent, children = newest(server, folder)
    assert parent.info.status == "FINISHED"
    assert sorted(child.data.metrics["accuracy"] for child in children) == scores_of(folder)


def test_no_secret_is_in_what_failing_and_killed_commands_leave(door, folder):
    address = f"http://{USER}:{PASSWORD}@{door.place}"
    code, out, err = carried_out(folder, *SWEEP, MLFLOW_TRACKING_URI=address, FAIL="1")
    said = [out, err]
    assert code in (0, 1)
    process = begun(folder, *SWEEP, "--tracking-uri", address, "--fresh", SLOW="0.3")
    time.sleep(3.0)
    lines = [line for line in _lines_of_children(process.pid) if PASSWORD in line]
    process.send_signal(signal.SIGKILL)
    said += process.communicate(timeout=60)
    assert lines == []  # `ps` shows those to every user of the machine
    study = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:1/none"
    code, out, err = carried_out(
        folder, "sweep", "--search", "tpe", "--trials", "4", "--study", study, "--no-mlflow"
    )
    said += [out, err]
    assert code == 2
    assert "cannot be opened" in err
    assert PASSWORD not in "".join(said)
    for file, text in all_text(folder):
        assert PASSWORD not in text, file


def _lines_of_children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found.append(Path(f"/proc/{child}/cmdline").read_bytes().decode(errors="replace"))
            found += _lines_of_children(child)
    return found
