"""Whole commands that are killed, meet each other, or run out of disk; every training leaves a line."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mldiag.run.store.trial_store import Store

EXPERIMENT = """
import os, time
import mldiag
import numpy as np

X = np.arange(400.0).reshape(-1, 1) % 7
y = (X[:, 0] > 3).astype(int)

def tell(word, trial):
    log = os.open(os.path.join(os.path.dirname(__file__), "log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, f"{word} {trial.spec.digest}\\n".encode())
    os.close(log)

@mldiag.experiment(data=(X, y), metric="accuracy", params={"cut": mldiag.Float(0.0, 6.0, default=2.5)})
def work(trial):
    tell("begin", trial)
    time.sleep(0.01)
    right = (trial.X_valid[:, 0] > trial.params["cut"]).astype(int) == trial.y_valid
    tell("end", trial)
    return {"accuracy": float(np.mean(right)), "train_accuracy": 1.0}
"""
SWEEP = (
    "sweep",
    "--param",
    "cut=1.5,2.5,3.5",
    "--repeats",
    "10",
    "--engine",
    "local",
    "--jobs",
    "2",
    "--design",
    "full",
)
TRIALS = 30


@pytest.fixture
def home(tmp_path):
    (tmp_path / "experiment.py").write_text(EXPERIMENT)
    return tmp_path


def start(home, *arguments, **options):
    environment = {name: text for name, text in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    return subprocess.Popen(
        [sys.executable, "-m", "mldiag", *arguments], cwd=home, text=True, start_new_session=True,
        env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


def done(process, code=0):
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    return out, err


def log(home, word):
    file = home / "log"
    lines = file.read_text().splitlines() if file.exists() else []
    return Counter(line.split()[1] for line in lines if line.startswith(word))


def stored(home):
    with Store.open(home / ".mldiag" / "trials.db") as store:
        return sum(one.trials.get("ok", 0) for one in store.summary())


def until(process, happened):
    deadline = time.monotonic() + 60
    while not happened() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)


def test_a_command_killed_at_random_moments_resumes_and_trains_nothing_that_was_stored(home):
    draw, before = random.Random(3), 0
    for moment in sorted(draw.sample(range(1, TRIALS - 8), 2)):
        process = start(home, *SWEEP, "--no-mlflow")
        until(process, lambda moment=moment: sum(log(home, "end").values()) >= moment)
        process.kill()
        _, err = process.communicate()
        assert "leaked" not in err
        earlier, before = before, stored(home)
        assert earlier <= before < TRIALS
        begun = sum(log(home, "begin").values())
    told = json.loads(done(start(home, *SWEEP, "--no-mlflow", "--json"))[0])["trials"]
    assert told == {"planned": TRIALS, "run": TRIALS - before, "cached": before, "failed": 0}
    assert sum(log(home, "begin").values()) == begun + TRIALS - before
    assert len(log(home, "end")) == TRIALS
    assert stored(home) == TRIALS  # none of them twice


def test_two_commands_at_once_share_the_trials(home):
    both = [start(home, *SWEEP, "--no-mlflow", "--json") for _ in range(2)]
    told = [json.loads(done(process)[0]) for process in both]
    assert set(log(home, "end").values()) == {1}
    assert len(log(home, "end")) == TRIALS
    assert sum(one["trials"]["run"] for one in told) == TRIALS
    assert told[0]["result"] == told[1]["result"]


@pytest.fixture
def small_disk(tmp_path):
    """A disk of two megabytes, where this system lets us mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("cannot mount here")
    (disk / "experiment.py").write_text(EXPERIMENT)
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk):
    file = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while os.write(file, bytes(4096)):
            pass
    os.close(file)


def test_a_disk_that_fills_up_is_an_error_and_the_next_command_goes_on(small_disk):
    process = start(small_disk, *SWEEP, "--no-mlflow")
    until(process, lambda: (small_disk / ".mldiag" / "runs").exists())
    fill(small_disk)
    _, err = done(process, 2)
    assert "the report cannot be written" in err
    assert "hint: " in err
    assert list(small_disk.glob(".mldiag/runs/*")) == []
    (small_disk / "filler").unlink()
    again = json.loads(done(start(small_disk, *SWEEP, "--no-mlflow", "--json"))[0])["trials"]
    assert (again["cached"], again["run"]) == (TRIALS, 0)


@pytest.fixture
def broken_server():
    """A server that answers every request with an error, the first question whether it is there too."""

    class Broken(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_a_broken_server_missed_is_synced_later_also_when_that_is_killed(home, broken_server):
    few = (*SWEEP[:4], "2", *SWEEP[5:])
    out, err = done(start(home, *few, "--tracking-uri", broken_server, "--json"))
    assert json.loads(out)["mlflow"] is None
    assert "not in MLflow" in err
    assert "mldiag sync" in err
    killed = start(home, "sync")
    until(killed, lambda: in_mlflow(home)[0] >= 3)
    os.killpg(killed.pid, 9)  # with the process that writes
    killed.communicate()
    assert "1 of 1 runs" in done(start(home, "sync"))[0]
    assert in_mlflow(home) == (7, {"FINISHED"})  # the command's and its trials', none of them twice
    assert "has every run already" in done(start(home, "sync"))[0]
    assert in_mlflow(home) == (7, {"FINISHED"})


def in_mlflow(home):
    """How many runs stand there, and how they ended."""
    import sqlite3
    from contextlib import closing

    if not (home / "mlflow.db").exists():
        return 0, set()
    with closing(sqlite3.connect(f"file:{home}/mlflow.db?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT status FROM runs WHERE lifecycle_stage = 'active'"
        ).fetchall()
    return len(rows), {status for (status,) in rows}
