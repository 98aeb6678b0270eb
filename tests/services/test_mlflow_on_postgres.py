"""A tracking server on PostgreSQL with proxied artifacts, and passwords that nobody gets to see."""

import json
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from mldiag.cli.errors import error_text, failure_of
from mldiag.run.store.records import result_from_json
from tests.postgres import postgres_server
from tests.services.command import (
    begun,
    carried_out,
    dumped,
    lines_of_children,
    places_of,
    until,
)
from tests.services.tracking_server import Door, TrackingServer

USER, PASSWORD, TOKEN = "reader", "s3cr3t-pa55word", "t0ken-of-nobody"
STUDY_PASSWORD = "0f/the:search"  # drivers of databases take such signs as they are
WRONG = "wr0ng-pa55word"
SECRETS = (PASSWORD, TOKEN, STUDY_PASSWORD, WRONG)

EXPERIMENT = """
import os, signal, time
from pathlib import Path
import numpy as np
import mldiag

X = np.arange(900.0).reshape(-1, 1) % 7

@mldiag.experiment(data=(X, (X[:, 0] > 3).astype(int)), metric="accuracy",
                   params={"cut": mldiag.Float(0.0, 6.0, default=2.9)})
def threshold(trial):
    cut = trial.params["cut"]
    while cut == 6.0 and "GATE" in os.environ and not Path(os.environ["GATE"]).exists():
        time.sleep(0.02)
    if cut == 6.0 and "FAIL" in os.environ:
        raise ValueError("no luck with " + " ".join(v for k, v in os.environ.items() if "MLFLOW" in k))
    if cut == 1.0 and "FAIL" in os.environ:
        os.kill(os.getpid(), signal.SIGSEGV)
    right = (trial.X_valid[:, 0] > cut).astype(int) == trial.y_valid
    return {"accuracy": float(np.mean(right))}
"""
SWEEP = ("sweep", "--param", "cut=1,2,3,6", "--repeats", "2", "--design", "full")
INLINE = ("--engine", "inline")
SEARCH = ("sweep", "--search", "tpe", "--trials", "4", "--repeats", "2")
RIGHT = {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def databases():
    """One for MLflow and one for searches: their tables do not go together."""
    with postgres_server() as url:
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE search")
        yield SimpleNamespace(mlflow=url, search=url.removesuffix("postgres") + "search")


@pytest.fixture(scope="module")
def server(databases, tmp_path_factory):
    backend = databases.mlflow.replace("postgresql://", "postgresql+psycopg://")
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


def newest(server, folder):
    """The parent run of the folder's latest command, and its children, as the server tells them."""
    from mlflow import MlflowClient

    client = MlflowClient(server.address)
    with sqlite3.connect(folder / ".mldiag" / "trials.db") as store:
        (name,) = store.execute("SELECT id FROM runs ORDER BY id DESC").fetchone()
    experiment = client.get_experiment_by_name("threshold").experiment_id
    runs = client.search_runs([experiment], max_results=1000)
    (parent,) = [run for run in runs if run.data.tags.get("mldiag.run_id") == name
                 and "mlflow.parentRunId" not in run.data.tags]  # fmt: skip
    children = [
        run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id
    ]
    return client, parent, children


def stored(folder):
    """What the store holds of each trial: the value of `cut`, and the score."""
    with sqlite3.connect(folder / ".mldiag" / "trials.db") as store:
        rows = store.execute("SELECT result FROM attempts WHERE status = 'ok'").fetchall()
    results = [result_from_json(text) for (text,) in rows]
    return sorted((dict(one.spec.params)["cut"], one.metrics["accuracy"]) for one in results)


def compared(server, folder):
    """Check that the server has what the store has, each trial once; returns the parent run."""
    client, parent, children = newest(server, folder)
    assert parent.info.status == "FINISHED"
    shown = [(float(run.data.params["cut"]), run.data.metrics["accuracy"]) for run in children]
    assert sorted(shown) == stored(folder)
    assert len(shown) == 10  # four values and the default, two repeats each
    return client, parent


@pytest.mark.parametrize("known", ["password", "token", "address"])
def test_a_run_with_its_trials_figures_and_files_is_on_the_server(server, door, folder, known):
    keys = {"password": RIGHT, "token": {"MLFLOW_TRACKING_TOKEN": TOKEN}, "address": {}}[known]
    who = f"{USER}:{PASSWORD}@" if known == "address" else ""
    code, out, err = carried_out(
        folder, *SWEEP, *INLINE, MLFLOW_TRACKING_URI=f"http://{who}{door.place}", **keys
    )
    assert code == 0, err
    assert "not in MLflow" not in err
    client, parent = compared(server, folder)
    assert parent.info.artifact_uri.startswith("mlflow-artifacts:")
    (here,) = (folder / ".mldiag" / "runs").iterdir()
    (folder / "down").mkdir()
    there = Path(client.download_artifacts(parent.info.run_id, "", str(folder / "down")))
    assert (there / "plot.png").read_bytes() == (here / "plot.png").read_bytes()
    ours, theirs = (json.loads((at / "report.json").read_text()) for at in (here, there))
    assert theirs["findings"] == ours["findings"]
    assert [secret for secret in SECRETS if secret in out + err] == []
    assert places_of(SECRETS, folder) == []


def test_who_is_refused_keeps_the_answer_and_brings_it_later(server, door, folder):
    before, address = door.refused, f"http://{door.place}"
    wrong = RIGHT | {"MLFLOW_TRACKING_PASSWORD": WRONG}
    code, out, err = carried_out(folder, *SWEEP, *INLINE, MLFLOW_TRACKING_URI=address, **wrong)
    assert code == 0
    assert "cut" in out
    assert door.refused > before
    assert len(stored(folder)) == 10
    assert err.count("not in MLflow: ") == err.count("mldiag sync") == 1
    assert "401" in err
    assert "Traceback" not in err
    assert WRONG not in out + err
    code, _, err = carried_out(folder, "sync", MLFLOW_TRACKING_URI=address, **RIGHT)
    assert code == 0, err
    compared(server, folder)


def test_a_server_that_goes_and_comes_back_has_everything_once(server, folder):
    from mlflow import MlflowClient

    client, gate = MlflowClient(server.address), folder / "gate"
    known = len(_all_runs(client))
    uri = server.address
    with begun(folder, *SWEEP, *INLINE, MLFLOW_TRACKING_URI=uri, GATE=str(gate)) as process:
        until(lambda: len(_all_runs(client)) > known + 1, process)  # its own, and that of a trial
        server.kill()
        gate.touch()
        out, err = process.communicate(timeout=180)
    server.start()
    assert process.returncode == 0
    assert "cut" in out
    assert err.count("not in MLflow: ") == 1
    code, _, err = carried_out(folder, "sync", MLFLOW_TRACKING_URI=server.address)
    assert code == 0, err
    compared(server, folder)


def _all_runs(client):
    found = client.get_experiment_by_name("threshold")
    return client.search_runs([found.experiment_id], max_results=1000) if found else []


def test_a_server_that_never_answers_costs_a_line(folder):
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"http://{USER}:{PASSWORD}@127.0.0.1:{silent.getsockname()[1]}"
        code, out, err = carried_out(folder, *SWEEP, *INLINE, "--tracking-uri", address)
    assert code == 0
    assert "cut" in out
    assert len(stored(folder)) == 10
    assert err.count("not in MLflow: ") == 1
    assert "no answer within" in err
    assert PASSWORD not in out + err


def test_no_secret_is_in_what_failing_and_killed_commands_leave(server, databases, door, folder):
    address, lines = f"http://{USER}:{PASSWORD}@{door.place}", []
    words = (*SWEEP, "--engine", "local", "--jobs", "2", "--tracking-uri", address)
    _, *said = carried_out(folder, *words, FAIL="1", MLFLOW_TRACKING_TOKEN=TOKEN, **RIGHT)
    _, parent, children = newest(server, folder)
    assert {run.info.status for run in children} == {"FINISHED", "FAILED"}
    assert "no luck with" in json.dumps([run.to_dictionary() for run in children])
    before = len(stored(folder))
    with begun(folder, *words, "--fresh", GATE=str(folder / "never")) as process:

        def seen():
            lines.extend(lines_of_children(process.pid))
            return len(stored(folder)) > before

        until(seen, process)
        process.send_signal(signal.SIGKILL)
        said += process.communicate(timeout=60)
    assert lines
    assert [line for line in lines if PASSWORD in line] == []
    assert [secret for secret in SECRETS if secret in "".join(said)] == []
    assert places_of(SECRETS, folder, server.folder) == []
    held = dumped(databases.mlflow)
    assert parent.info.run_id in held
    assert [secret for secret in SECRETS if secret in held] == []


def test_no_secret_of_a_study_is_told(server, databases, folder):
    study = databases.search.replace("mldiag@", f"mldiag:{STUDY_PASSWORD}@")
    words = (*SEARCH, "--tracking-uri", server.address, "--json")
    code, *said = carried_out(folder, *words, "--study", study)
    assert code == 0, said
    assert json.loads(said[0])["result"]["points"]
    code, *more = carried_out(folder, *words, "--study", study.replace("/search", "/postgres"))
    assert code == 2
    assert "a database for the search alone" in more[1]
    nobody = f"postgresql://mldiag:{STUDY_PASSWORD}@127.0.0.1:1/search"
    code, *last = carried_out(folder, *SEARCH, "--no-mlflow", "--study", nobody)
    assert code == 2
    assert "cannot be opened" in last[1]
    assert STUDY_PASSWORD not in "".join(said + more + last)
    assert places_of(SECRETS, folder, server.folder) == []
    assert "postgresql://***@127.0.0.1" in dumped(databases.mlflow)
    for url in (databases.mlflow, databases.search):
        assert [secret for secret in SECRETS if secret in dumped(url)] == []


@pytest.mark.parametrize("debug", ["", "1"])
def test_no_secret_is_in_a_fault_of_our_own(debug, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("MLDIAG_DEBUG", debug)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
    try:
        raise RuntimeError(f"http://{USER}:{PASSWORD}@host said no to {TOKEN}")
    except RuntimeError as error:
        told = error_text(failure_of(error, ["sweep", "--tracking-uri", f"http://me:{WRONG}@host"]))
    kept = [file.read_text() for file in tmp_path.glob("mldiag-error-*")]
    told = "".join([told, capsys.readouterr().err, *kept])
    assert len(kept) == (0 if debug else 1)
    assert "Traceback" in told
    assert "http://***@host said no to ***" in told
    assert [secret for secret in SECRETS if secret in told] == []
