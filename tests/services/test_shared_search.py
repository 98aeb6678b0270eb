"""One search shared by several processes: nothing trained twice, nothing lost, the dead replaced."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgres import postgres_server

EXPERIMENT = """
import os, time
from pathlib import Path
import numpy as np
import mldiag

@mldiag.experiment(rows=400, metric="accuracy", params={
    "lr": mldiag.Float(1e-4, 1, default=1e-3, log=True), "width": mldiag.Int(4, 64, default=8, log=True)})
def shared(trial):
    line = f"{trial.spec.digest} {os.getpid()}\\n"
    with open(os.environ["TRAINED"], "a") as log:
        log.write(line)
    time.sleep(0.15)
    p = trial.params
    near = -0.05 * (np.log10(p["lr"]) + 1) ** 2 - 0.02 * (np.log2(p["width"]) - 4) ** 2
    return float(0.9 + near + np.random.default_rng([trial.seed, p["width"]]).normal(0, 0.003))
"""
BEGUN = []
ARGUMENTS = ["--search", "tpe", "--trials", "14", "--repeats", "2", "--no-mlflow", "--json"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "experiment.py").write_text(EXPERIMENT)
    yield tmp_path
    while BEGUN:
        process = BEGUN.pop()
        process.kill()
        process.communicate()


def begun(folder, *more, name="trained.txt", store=None):
    log = folder / name
    environment = {
        **os.environ, "TRAINED": str(log), "PYTHONPATH": str(Path(__file__).parents[2]),
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    place = ["--store", str(store)] if store else []
    process = subprocess.Popen(
        [sys.executable, "-m", "mldiag", "sweep", "experiment.py", *ARGUMENTS, *place, *more],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    BEGUN.append(process)
    return process


def answered(process):
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    return json.loads(out)


def trained(folder, name="trained.txt"):
    file = folder / name
    return (
        [line.split()[0] for line in file.read_text().split("\n") if line] if file.exists() else []
    )


def stored(folder):
    with sqlite3.connect(folder / ".mldiag" / "trials.db") as connection:
        return [row[0] for row in connection.execute("SELECT key FROM attempts")]


def until(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_two_processes_share_a_search_and_give_one_answer(folder):
    answers = [answered(process) for process in [begun(folder), begun(folder)]]
    first, second = (answer["result"] for answer in answers)
    assert len(first["points"]) == 14
    assert first == second
    keys = stored(folder)
    assert len(keys) == len(set(keys))
    assert sorted(trained(folder)) == sorted(set(trained(folder)))


def test_one_that_is_killed_leaves_nothing_behind_but_its_trial(folder):
    whole = begun(folder)
    victim = begun(folder)
    until(lambda: len(trained(folder)) >= 6)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    answer = answered(whole)
    again = answered(begun(folder))
    keys = stored(folder)
    assert len(keys) == len(set(keys))
    assert len(answer["result"]["points"]) == 14
    assert again["trials"]["run"] == 0
    assert again["result"] == answer["result"]
    assert len(trained(folder)) <= len(keys) + 2  # only what the dead one had in flight ran again


def finished(connection):
    found = connection.execute(
        "SELECT k.value_json FROM trial_user_attributes k JOIN trial_user_attributes r "
        "ON r.trial_id = k.trial_id AND r.key = 'mldiag_result' WHERE k.key = 'mldiag_key'"
    )
    return sorted(key for (key,) in found.fetchall())


def finished_in_the_file(folder):
    with closing(sqlite3.connect(folder / "study.db")) as connection:
        return finished(connection)


def machines(folder, url, count):
    """Processes without a common store, as on several machines."""
    shared = ("--study", url, "--jobs", "1", "--engine", "inline")
    return [begun(folder, *shared, name=f"log{n}", store=folder / f"s{n}") for n in range(count)]


def shared_answers(folder, url, count):
    """What all processes trained: nothing twice, and each of them has the whole answer."""
    answers = [answered(process) for process in machines(folder, url, count)]
    everything = [digest for n in range(count) for digest in trained(folder, f"log{n}")]
    assert len(everything) == len(set(everything))
    assert all(answer["result"] == answers[0]["result"] for answer in answers)
    assert len(answers[0]["result"]["points"]) == 14
    assert sum(answer["trials"]["run"] for answer in answers) == len(everything)
    return answers[0]["result"], everything


def test_machines_without_a_common_store_share_a_search_through_a_study(folder):
    _, everything = shared_answers(folder, f"sqlite:///{folder}/study.db", 3)
    found = finished_in_the_file(folder)
    assert found == sorted(set(found))
    assert len(found) == len(everything)


def test_a_killed_machine_is_replaced(folder):
    url = f"sqlite:///{folder}/study.db"
    whole, victim = machines(folder, url, 2)
    until(lambda: len(trained(folder, "log1")) >= 2)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    answer = answered(whole)
    assert len(answer["result"]["points"]) == 14
    found = finished_in_the_file(folder)
    assert found == sorted(set(found))


def test_a_study_that_cannot_be_opened_is_told(folder):
    process = begun(folder, "--study", "sqlite:////nowhere/at/all/study.db")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "cannot be opened" in errors
    assert "Traceback" not in errors


@pytest.fixture
def postgres():
    with postgres_server() as url:
        yield url


def test_four_machines_share_a_search_through_postgresql(folder, postgres):
    psycopg = pytest.importorskip("psycopg")
    result, everything = shared_answers(folder, postgres, 4)
    assert sum(bool(trained(folder, f"log{n}")) for n in range(4)) > 1
    with closing(psycopg.connect(postgres)) as connection:
        found = finished(connection)
    assert found == sorted(set(found))
    assert len(found) == len(everything)
    alone = answered(begun(folder, name="log4", store=folder / "s4"))
    assert alone["result"] == result
    assert sorted(trained(folder, "log4")) == sorted(everything)  # four cost no more than one
