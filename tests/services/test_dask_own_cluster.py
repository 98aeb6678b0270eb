"""The cluster that `--engine dask` starts on this machine: it trains as the others do, and leaves nothing."""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import numpy as np
import pytest

import mldiag
from mldiag.run.engines.dask.engine import DaskEngine
from tests.processes import eventually
from tests.services.dask_cluster import started

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")

MARK = "MLDIAG_TEST_MARK"


@pytest.fixture
def mark(monkeypatch):
    """The value of a variable by which processes are known that this test has started."""
    value = uuid.uuid4().hex
    monkeypatch.setenv(MARK, value)
    return value


def living(mark):
    """Numbers of the processes with that variable."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and f"{MARK}={mark}".encode() in (entry / "environ").read_bytes()
            ):
                found.append(int(entry.name))
        except OSError:  # gone, or somebody else's
            continue
    return found


SCRIPT = """
import os, sys, time
print("main runs", file=sys.stderr)
import mldiag
from mldiag.run.engines.dask.engine import DaskEngine

@mldiag.experiment(rows=20, metric="accuracy")
def plain(trial):
    print("from the train function")
    if trial.seed > 2:
        open(f"begun-{trial.seed}", "w").close()
        time.sleep(300)
    time.sleep(0.2)  # long enough to be sent alone
    return trial.seed / 10

engine = DaskEngine(plain, workers=2, threads=1)
results = engine.run([plain.spec(seed=seed) for seed in range(3)])
print(sorted(result.metrics["accuracy"] for result in results), flush=True)
list(engine.run([plain.spec(seed=seed) for seed in (3, 4)]))
"""


def test_a_script_without_a_guard_runs_once_and_nothing_is_left_when_it_is_killed(tmp_path, mark):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        assert started(lambda: len(list(tmp_path.glob("begun-*"))) == 2)
    finally:
        command.kill()
        # Ends when nobody has the pipes open any more.
        out, err = command.communicate(timeout=60)
    assert (out, err) == ("[0.0, 0.1, 0.2]\n", "main runs\n")
    assert eventually(lambda: not living(mark))


def test_ctrl_c_ends_a_command_with_gpus_and_all_of_its_cluster(tmp_path, mark, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    (tmp_path / "experiment.py").write_text(
        "import os, pathlib, time, mldiag\n"
        "here = pathlib.Path(__file__).parent\n"
        "@mldiag.experiment(rows=40, metric='accuracy')\n"
        "def endless(trial):\n"
        "    (here / f'begun-{trial.device}').touch()\n"
        "    time.sleep(300)\n"
    )
    command = subprocess.Popen(
        [sys.executable, "-m", "mldiag", "learning-curve", "--engine", "dask", "--jobs", "4", "--gpus", "1",
         "--no-mlflow"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert started(lambda: len(list(tmp_path.glob("begun-*"))) == 2)
        os.killpg(command.pid, signal.SIGINT)  # as the terminal does
        _, told = command.communicate(timeout=60)
    finally:
        command.kill()
    assert {path.name for path in tmp_path.glob("begun-*")} == {"begun-cuda:0", "begun-cuda:1"}
    assert command.returncode == 130, told
    assert "Traceback" not in told
    assert eventually(lambda: not living(mark))


def test_data_are_mapped_and_a_lost_worker_is_replaced_and_closing_leaves_nothing(
    tmp_path, mark, monkeypatch
):
    monkeypatch.setattr("mldiag.run.engines.dask.cluster.Cluster.send", pytest.fail)
    big = np.arange(60 * 5000.0).reshape(60, 5000)

    def measured(trial):
        killed = tmp_path / "killed"
        if trial.seed == 5 and not killed.exists():
            killed.touch()
            worker = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1]
            os.kill(int(worker), signal.SIGKILL)
        time.sleep(0.05)
        return float(trial.X_train[0, 0] >= 0)

    experiment = mldiag.experiment(data=(big, np.arange(60) % 2), metric="accuracy")(measured)
    engine = DaskEngine(experiment, workers=2, threads=1)
    try:
        results = list(engine.run(experiment.spec(seed=seed) for seed in range(30)))
        assert living(mark)
    finally:
        engine.close()
    assert [result.error for result in results if result.error] == []
    assert len(results) == 30
    assert {result.metrics["accuracy"] for result in results} == {1.0}
    assert {result.attempts for result in results} == {1, 2}
    assert eventually(lambda: not living(mark))
