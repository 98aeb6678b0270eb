"""A check-up that is stopped in the middle goes on: what was trained is not trained again."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.processes import eventually

EXPERIMENT = """
import pathlib, time
import mldiag
import numpy as np
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import scale

data = load_wine()

@mldiag.experiment(
    data=(scale(data.data), data.target), metric="accuracy", stratify=True,
    params={"C": mldiag.Float(1e-6, 1e3, default=1e-5, log=True, role="regularization", increases=False)})
def wine(trial):
    started = pathlib.Path("started")
    if started.exists() and len(started.read_text().split()) >= HELD and not pathlib.Path("go").exists():
        pathlib.Path("held").touch()
        time.sleep(600)
    with started.open("a") as file:
        file.write(trial.spec.digest + "\\n")
    model = LogisticRegression(C=trial.params["C"]).fit(trial.X_train, trial.y_train)
    trial.predictions(model.predict(trial.X_valid))
    return {"accuracy": model.score(trial.X_valid, trial.y_valid),
            "train_accuracy": model.score(trial.X_train, trial.y_train)}
"""

CHECKUP = ("checkup", "--no-mlflow", "--jobs", "1", "--steps", "reproduce,sweep", "--budget", "20s")


def trained(folder):
    return (folder / "started").read_text().split()


@pytest.mark.parametrize(
    ("how", "held"),
    [(signal.SIGINT, 14), (signal.SIGKILL, 4)],
    ids=["Ctrl-C in a later step", "killed in its first step"],
)
def test_a_stopped_checkup_goes_on_where_it_was(mldiag, tmp_path, how, held):
    (tmp_path / "experiment.py").write_text(EXPERIMENT.replace("HELD", str(held)))
    process = subprocess.Popen(
        [sys.executable, "-m", "mldiag", *CHECKUP],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert eventually((tmp_path / "held").exists)
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "to go on: mldiag checkup" in out + err
        assert "Traceback" not in err
    before = trained(tmp_path)
    assert len(before) == held
    (tmp_path / "go").touch()
    told = json.loads(mldiag(*CHECKUP, "--json").out)
    again = trained(tmp_path)[held:]
    assert len(set(before[:-1]) & set(again)) == 0  # the one in flight alone may run again
    assert again, "the rest is trained now"
    assert told["findings"][0]["action"]["kind"] in ("less_regularization", "tune")
