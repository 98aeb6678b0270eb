"""The commands on real experiments, with tiny settings."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mldiag.run.store.trial_store import Store

CURVE = ("learning-curve", "--no-mlflow", "--repeats", "2", "--points", "2", "--engine", "inline")
SWEEP = ("sweep", "--no-mlflow", "--repeats", "2", "-n", "2", "--engine", "inline")

EXPERIMENT = """
import mldiag
import numpy as np

X = np.arange(400.0).reshape(-1, 1) % 7
y = (X[:, 0] > 3).astype(int)

@mldiag.experiment(data=(X, y), metric="accuracy",
                   params={"cut": mldiag.Float(0.0, 6.0, default=2.5)})
def threshold(trial):
    print("user output")
    right = (trial.X_valid[:, 0] > trial.params["cut"]).astype(int) == trial.y_valid
    noise = np.random.default_rng(trial.seed).random(len(right)) < 0.05
    return {"accuracy": float(np.mean(right & ~noise)), "train_accuracy": 1.0}
"""


@pytest.fixture
def experiment(tmp_path):
    file = tmp_path / "experiment.py"
    file.write_text(EXPERIMENT)
    return file


def test_a_learning_curve_prints_verdict_table_figure_and_next(mldiag, experiment):
    answer = mldiag(*CURVE)
    assert answer.code == 0
    assert "learning-curve of threshold, accuracy" in answer.out
    assert "MD201" in answer.out
    assert "validation" in answer.out
    assert "4 trials" in answer.err
    assert "user output" not in answer.out
    figure = next(line.split()[1] for line in answer.out.splitlines() if line.startswith("figure"))
    assert Path(figure).is_file()
    assert "next    mldiag sweep" in answer.out
    assert max(map(len, answer.out.splitlines())) <= max(80, len(figure) + 8)


def test_the_second_run_trains_nothing_and_says_so(mldiag, experiment):
    mldiag(*CURVE)
    answer = mldiag(*CURVE)
    assert "4 trials, all cached: nothing to train" in answer.err
    assert "4 trials, all from the store: nothing was trained" in answer.out
    told = json.loads(mldiag(*CURVE, "--json").out)
    assert told["trials"] == {"planned": 4, "run": 0, "cached": 4, "failed": 0}


def test_fresh_trains_again(mldiag, experiment):
    mldiag(*CURVE)
    assert json.loads(mldiag(*CURVE, "--fresh", "--json").out)["trials"]["run"] == 4


def test_a_sweep_finds_the_better_value_and_reuses_the_full_trials(mldiag, experiment):
    mldiag(*CURVE)
    answer = mldiag(*SWEEP, "--repeats", "5", "--param", "cut=2.5,3.5")
    assert answer.code == 0
    assert "2 cached" in answer.err
    assert "cut = 3.5" in answer.out
    assert "points" in answer.out


def test_json_is_one_strict_object_alone_on_the_standard_output(mldiag, experiment):
    answer = mldiag(*SWEEP, "--param", "cut=2.5,3.5", "--json")
    report = json.loads(answer.out, parse_constant=pytest.fail)
    assert set(report) >= {
        "schema", "step", "experiment", "metric", "outcome", "findings", "result", "trials",
        "cost_seconds", "mlflow", "figures",
    }  # fmt: skip
    assert report["schema"] == "mldiag/1"
    assert report["mlflow"] is None
    assert "user output" in answer.err


def test_a_finding_fails_the_command_only_where_asked(mldiag, experiment):
    arguments = (*SWEEP, "--repeats", "5", "--param", "cut=2.5,3.5")
    assert mldiag(*arguments).code == 0
    assert mldiag(*arguments, "--fail-on", "advice").code == 1


def test_why_names_what_changed(mldiag, experiment):
    mldiag(*CURVE)
    experiment.write_text(EXPERIMENT.replace("< 0.05", "< 0.06"))
    answer = mldiag(*CURVE, "--why")
    assert "why: " in answer.err
    assert "threshold" in answer.err
    assert "why: every trial is in the store" in mldiag(*CURVE, "--why").err


def test_a_plan_runs_nothing(mldiag, experiment):
    answer = mldiag("plan", *CURVE[:1], *CURVE[2:6])
    assert answer.code == 0
    for part in (
        "4 trials",
        "rows",
        "repeats",
        "train",
        "validate",
        "reserve",
        "fingerprint",
        "cut",
    ):
        assert part in answer.out
    with Store.open(experiment.parent / ".mldiag" / "trials.db") as store:
        assert store.summary() == []
    assert "user output" not in answer.text


def test_a_plan_of_every_step_needs_no_choice(mldiag, experiment):
    answer = mldiag("plan")
    assert "learning-curve of threshold" in answer.out
    assert "sweep of threshold" in answer.out
    told = json.loads(mldiag("plan", "sweep", "--param", "cut", "--json").out)
    assert told["plans"]["sweep"]["trials"] == len(told["plans"]["sweep"]["specs"])


def test_list_shows_experiments_and_what_the_store_holds(mldiag, experiment):
    assert "nothing yet" in mldiag("list").out
    mldiag(*CURVE)
    answer = mldiag("list")
    for part in ("threshold  experiment.py:threshold", "accuracy (maximize)", "0 to 6", "4 ok"):
        assert part in answer.out
    assert "learning-curve: " in answer.out
    (told,) = json.loads(mldiag("list", "--json").out)["experiments"]
    assert told["trials"] == {"ok": 4}
    assert told["params"]["cut"]["default"] == 2.5
    assert told["runs"][0]["step"] == "learning-curve"


def test_list_in_an_empty_folder_names_the_built_in_experiments(mldiag, tmp_path):
    answer = mldiag("list")
    assert "mldiag init" in answer.out
    assert "digits" in answer.out
    assert list(tmp_path.iterdir()) == []


def test_the_written_experiment_runs_as_it_is_with_worker_processes(mldiag):
    mldiag("init")
    answer = mldiag(
        "learning-curve", "--no-mlflow", "--repeats", "2", "--points", "2", "--jobs", "2"
    )
    assert answer.code == 0
    assert "4 trials: 4 trained" in answer.out
    assert "without a score" not in answer.out


def test_without_an_experiment_the_demo_is_announced(mldiag):
    answer = mldiag("plan", "learning-curve")
    assert "mldiag init" in answer.err
    assert "digits" in answer.out


SLOW = EXPERIMENT.replace(
    'print("user output")',
    """import pathlib, time
    pathlib.Path(f"started-{trial.spec.rows.repeat}-{trial.spec.rows.size}").touch()
    while trial.seed > 0 and not pathlib.Path("go").exists():
        time.sleep(0.01)""",
)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_a_stopped_run_goes_on_where_it_was(mldiag, tmp_path, how):
    (tmp_path / "experiment.py").write_text(SLOW)
    command = [sys.executable, "-m", "mldiag", *CURVE[:-2], "--jobs", "1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    finished = wait_until(lambda: stored_trials(tmp_path) and list(tmp_path.glob("started-1-*")))
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    assert finished, err
    (tmp_path / "go").touch()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "mldiag learning-curve" in out + err
        assert "Traceback" not in err
    kept = stored_trials(tmp_path)
    told = json.loads(mldiag(*CURVE, "--json").out)
    assert told["trials"]["cached"] == kept >= 1
    assert told["trials"]["run"] == 4 - kept


def stored_trials(folder):
    file = folder / ".mldiag" / "trials.db"
    if not file.is_file():
        return 0
    with Store.open(file) as store:
        return sum(one.trials.get("ok", 0) for one in store.summary())


def wait_until(happened, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.02)
    return False
