"""Any script: its line, its rows, its score, its failure, and its end."""

import os
import shlex
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mldiag.adapters.command_line import CommandLine
from mldiag.adapters.process import Finished
from mldiag.adapters.script_scores import ScorePattern, from_json, from_mlflow
from mldiag.adapters.targets import load_experiment
from mldiag.data.view import TrialView
from mldiag.errors import MldiagError, UserCodeError
from mldiag.trial import Trial
from mldiag.trial_spec import Intervention

PYTHON = shlex.quote(sys.executable)
METRIC = r"metric = { name = 'val_loss', regex = 'val loss: (\S+)', minimize = true }"


@pytest.fixture
def declare(tmp_path):
    def made(script, arguments="", *, head="", metric=METRIC, files="", params=""):
        (tmp_path / "train.py").write_text(textwrap.dedent(script))
        run = f"{PYTHON} -S train.py {arguments}".strip()
        (tmp_path / "pyproject.toml").write_text(
            f"[tool.mldiag]\n{head}\n[tool.mldiag.params]\n{params}\n"
            f"[tool.mldiag.command]\nrun = '''{run}'''\n{metric}\n{files}\n"
        )
        return load_experiment(folder=tmp_path)

    return made


def trial_of(exp, params=None, *, interventions=(), **where):
    spec = exp.spec(params, interventions=interventions, **where)
    train, valid = exp.splits.rows(spec.rows)
    view = None if exp.dataset is None else TrialView(exp.dataset, interventions, train, valid)
    return Trial(spec, train, valid, view=view)


LR = "lr = { low = 1e-4, high = 1.0, default = 0.1, log = true }"


def test_the_last_match_is_the_score_and_all_are_the_history(declare):
    exp = declare(
        """
        import sys
        lr, seed = float(sys.argv[1]), int(sys.argv[2])
        for epoch in range(3):
            print(f"epoch {epoch} val loss: {lr + seed + epoch},")
        """,
        "{lr} {seed}",
        params=LR,
    )
    assert exp.name == "train"
    assert "no {rows_file}" in exp.fixed_rows
    trial = trial_of(exp, {"lr": 0.5}, seed=4)
    assert exp(trial) == {"val_loss": 6.5}
    assert [values["val_loss"] for _, values in trial.history] == [4.5, 5.5, 6.5]
    assert exp.spec(repeat=1).rows.repeat == 0  # nothing is drawn
    assert exp.spec(repeat=1).seed == 1


@pytest.mark.parametrize(("text", "value"), [("nan", np.nan), ("-inf", -np.inf), ("1e-3%", 1e-3)])
def test_odd_numbers_are_numbers(text, value):
    finished = Finished(0, f"val loss: {text}\n", "")
    scores, _ = ScorePattern("val_loss", r"val loss: (\S+)").read(finished, Path("no"), Path("no"))
    assert scores["val_loss"] == value or np.isnan(value)


def test_the_score_may_be_on_stderr_and_the_training_score_beside_it():
    finished = Finished(0, "starting\n", "acc 0.5 train 0.7\nacc 0.6 train 0.9\n")
    pattern = ScorePattern("accuracy", r"acc (\S+)", r"train (\S+)")
    scores, history = pattern.read(finished, Path("no"), Path("no"))
    assert scores == {"accuracy": 0.6, "train_accuracy": 0.9}
    assert history[0] == {"accuracy": 0.5, "train_accuracy": 0.7}


def test_a_regex_that_never_matches_shows_the_end_of_the_output(declare):
    exp = declare("print('loss = 0.5')")
    with pytest.raises(UserCodeError, match=r"(?s)matched nothing.*  loss = 0\.5") as caught:
        exp(trial_of(exp))
    assert caught.value.exit_code == 3


def test_a_match_that_is_no_number_is_told():
    finished = Finished(0, "val loss: high\n", "")
    with pytest.raises(UserCodeError, match="found 'high'"):
        ScorePattern("val_loss", r"val loss: (\S+)").read(finished, Path("no"), Path("no"))


def test_a_failing_script_shows_the_end_of_its_stderr(declare):
    exp = declare("print('val loss: 1')\nraise ValueError('no data')")
    with pytest.raises(UserCodeError, match=r"(?s)exit status 1.*ValueError: no data"):
        exp(trial_of(exp))


def test_a_script_ended_by_a_signal_says_so(declare):
    exp = declare("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)")
    with pytest.raises(UserCodeError, match="ended by signal 15"):
        exp(trial_of(exp))


def test_a_result_file(declare):
    exp = declare(
        """
        import json, os
        with open(os.environ["MLDIAG_RESULT"], "w") as file:
            json.dump({"val_loss": float("inf"), "train_val_loss": 0.25, "note": "fine"}, file)
        """,
        metric='metric = "val_loss"',
    )
    assert exp(trial_of(exp)) == {"val_loss": np.inf, "train_val_loss": 0.25}


def test_a_result_file_may_hold_one_number_and_must_hold_one(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("0.5")
    assert from_json(path, "loss") == {"loss": 0.5}
    for text, told in (("{", "no JSON"), ('{"loss": "low"}', "expected: a number")):
        path.write_text(text)
        with pytest.raises(UserCodeError, match=told):
            from_json(path, "loss")


def test_a_script_that_leaves_nothing_is_told_the_ways(declare):
    exp = declare("print('done')", metric='metric = "val_loss"')
    with pytest.raises(
        UserCodeError, match=r"(?s)left no 'val_loss'.*MLDIAG_RESULT.*log_metric.*  done"
    ):
        exp(trial_of(exp))


@pytest.mark.filterwarnings("ignore")  # MLflow's own
def test_a_run_that_was_logged_to_mlflow(tmp_path):
    import mlflow
    from mlflow.entities import Metric

    store = tmp_path / "mlflow.db"
    client = mlflow.MlflowClient(f"sqlite:///{store}")
    experiment = client.create_experiment("theirs", artifact_location=str(tmp_path / "artifacts"))
    for value in (3.0, 1.0):
        run = client.create_run(experiment, start_time=int(value))
        losses = [Metric("val_loss", value / (step + 1), 0, step) for step in range(3)]
        odd = [Metric("odd", float("nan"), 0, 0), Metric("large", float("inf"), 0, 0)]
        client.log_batch(run.info.run_id, metrics=[*losses, *odd])
    scores, history = from_mlflow(store, "val_loss")
    assert scores["val_loss"] == 1.0  # the run that started last, at its last step
    assert np.isnan(scores["odd"])
    assert scores["large"] == np.inf
    assert [step["val_loss"] for step in history] == [3.0, 1.5, 1.0]
    assert from_mlflow(tmp_path / "none.db", "val_loss") == ({}, [])


def test_a_script_gets_a_store_and_a_folder_of_its_own(declare, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "ours")
    exp = declare(
        """
        import os
        assert "MLFLOW_RUN_ID" not in os.environ
        assert os.environ["MLFLOW_TRACKING_URI"].startswith("sqlite:///")
        with open("seen", "w") as file:
            file.write(os.environ["MLFLOW_TRACKING_URI"].removeprefix("sqlite:///"))
        print("val loss: 1")
        """
    )
    exp(trial_of(exp))
    seen = Path((tmp_path / "seen").read_text())
    assert seen.parent != tmp_path
    assert not seen.parent.exists()  # the trial's own files are gone


TABLE = "data = 'data.csv'\ntarget = 'label'\ngroups = 'person'"
READS_ROWS = """
    import sys
    from pathlib import Path
    Path("rows").write_bytes(Path(sys.argv[1]).read_bytes())
    Path("valid").write_bytes(Path(sys.argv[2]).read_bytes())
    Path("names").write_text(" ".join(sys.argv[1:]))
    print("val loss: 1")
"""


def write_csv(folder):
    lines = [f"{i:03d};NA;{'ab'[i % 2]};{i // 4}" for i in range(60)]
    (folder / "data.csv").write_text("code;note;label;person\n" + "\n".join(lines) + "\n")
    return lines


def test_rows_arrive_in_the_tables_own_words(declare, tmp_path):
    lines = write_csv(tmp_path)
    exp = declare(READS_ROWS, "{rows_file} {valid_file}", head=TABLE)
    assert not exp.fixed_rows
    trial = trial_of(exp, size=20)
    exp(trial)
    for name, rows in (("rows", trial.train), ("valid", trial.valid)):
        header, *found = (tmp_path / name).read_text().splitlines()
        assert header == "code;note;label;person"
        assert found == [lines[row] for row in rows]
    assert all(name.endswith(".csv") for name in (tmp_path / "names").read_text().split())


def test_interventions_change_what_arrives(declare, tmp_path):
    write_csv(tmp_path)
    exp = declare(READS_ROWS, "{rows_file} {valid_file}", head=TABLE)
    changes = (
        Intervention("drop_columns", (("columns", ("code",)),)),
        Intervention("permute_labels"),
    )
    trial = trial_of(exp, interventions=changes)
    exp(trial)
    arrived = pd.read_csv(tmp_path / "rows", sep=";")
    assert list(arrived.columns) == ["note", "label", "person"]
    assert arrived["label"].tolist() == list(trial.y_train)
    assert arrived["person"].tolist() == [row // 4 for row in trial.train]
    original = ["ab"[row % 2] for row in trial.train]
    assert arrived["label"].tolist() != original
    assert sorted(arrived["label"]) == sorted(original)


def test_parquet_rows_and_declared_validation(declare, tmp_path):
    frame = pd.DataFrame({"x": np.arange(30.0), "label": np.arange(30) % 2})
    frame.to_parquet(tmp_path / "train.parquet")
    frame.iloc[:12].assign(x=-1.0).to_parquet(tmp_path / "valid.parquet")
    head = "data = 'train.parquet'\nvalid = 'valid.parquet'\ntarget = 'label'"
    exp = declare(READS_ROWS, "{rows_file} {valid_file}", head=head)
    trial = trial_of(exp, size=10)
    exp(trial)
    arrived = pd.read_parquet(tmp_path / "rows")
    pd.testing.assert_frame_equal(arrived, frame.iloc[trial.train].reset_index(drop=True))
    assert (pd.read_parquet(tmp_path / "valid")["x"] == -1).all()


def test_row_numbers_where_only_their_number_is_known(declare, tmp_path):
    exp = declare(READS_ROWS, "{rows_file} {valid_file}", head="rows = 50")
    trial = trial_of(exp, size=12)
    exp(trial)
    assert (tmp_path / "rows").read_text().split() == [str(row) for row in trial.train]
    assert not set(trial.train) & {int(row) for row in (tmp_path / "valid").read_text().split()}


def test_no_shell_sees_the_line(declare, tmp_path):
    exp = declare(
        "import sys, json\nprint('val loss:', len(sys.argv))\njson.dump(sys.argv[1:], open('seen', 'w'))",
        "'{text}' \"$HOME\" {{literal}} 'two words' ; touch pwned",
        params='text = { choices = ["a b; touch pwned", "$(touch pwned)"], default = "$(touch pwned)" }',
    )
    exp(trial_of(exp))
    assert (tmp_path / "seen").read_text() == (
        '["$(touch pwned)", "$HOME", "{literal}", "two words", ";", "touch", "pwned"]'
    )
    assert not (tmp_path / "pwned").exists()


def test_values_are_written_plainly():
    line = CommandLine.parse("f {a} {b} {c:.3f} {d}", ["a", "b", "c", "d"])
    values = {"a": 1e-05, "b": 64, "c": 0.25, "d": (8, 4)}
    assert line.filled(values) == ["f", "1e-05", "64", "0.250", "8,4"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("{lrr}", r"(?s)unknown placeholder 'lrr'.*nearest: lr"),
        ("--lr {lr} --c '{\"a\": 1}'", "write {{ and }}"),
        ("--lr {lr} {", "cannot read the braces"),
        ("--lr {lr} {}", "cannot read the braces"),
        ("--lr {lr} 'open", "closed quotes"),
        ("", "'lr' stands nowhere on the line"),
        ("{lr} {rows_file}", "neither data nor rows is declared"),
        ("{lr} {valid_file}", r"no \{rows_file\}"),
    ],
)
def test_a_slip_on_the_line_is_told(declare, arguments, told):
    with pytest.raises(MldiagError, match=told):
        declare("", arguments, params=LR)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"metric": ""}, "metric is missing"),
        ({"metric": "metric = { regex = 'x' }"}, "name is missing"),
        ({"metric": "metric = { name = 'val_loss', regx = 'x' }"}, "nearest: regex"),
        ({"metric": "metric = { name = 'val_loss', regex = '(' }"}, "the regex '\\(' is wrong"),
        ({"metric": "metric = { name = 'val_loss', regex = '(a)(b)' }"}, "2 groups"),
        ({"metric": "metric = { name = 'my_score', regex = 'x' }"}, "or its direction"),
        ({"files": "files = ['trian.py']"}, r"nearest: train\.py"),
        ({"files": "file = ['train.py']"}, "nearest: files"),
        ({"head": "rows = 0"}, "rows is 0"),
        ({"head": "estimator = 'x:y'"}, "unknown key"),
        ({"params": "seed = { low = 1, high = 3, default = 1 }"}, "a parameter is named 'seed'"),
        ({"params": "lr = { low = 1, high = 3 }"}, "'lr' has no default"),
    ],
)
def test_a_slip_in_the_table_is_told(declare, options, told):
    with pytest.raises(MldiagError, match=told):
        declare("print('val loss: 1')", "{rows_file}" if "head" in options else "", **options)


def test_a_program_that_is_not_there_names_the_nearest_file(tmp_path):
    (tmp_path / "train.sh").write_text("#!/bin/sh\n")
    config = tmp_path / "pyproject.toml"
    for run, told in (
        ("trian.sh", r"nearest: train\.sh"),
        ("./train.sh", r"chmod \+x ./train\.sh"),
    ):
        config.write_text(f"[tool.mldiag.command]\nrun = '{run}'\n{METRIC}\n")
        with pytest.raises(MldiagError, match=told):
            load_experiment(str(config))


def test_the_digest_follows_the_files_on_the_line_and_those_named(declare, tmp_path):
    (tmp_path / "settings.json").write_text("{}")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "model.py").write_text("A = 1\n")
    options = {"files": "files = ['package/**/*.py']"}
    exp = declare("print('val loss: 1')", "--config=settings.json --seed {seed}", **options)
    before = exp.train.digest_parts()
    assert {"file train.py", "file settings.json", "file package/model.py"} <= set(before)
    for name in ("train.py", "settings.json", "package/model.py"):
        path = tmp_path / name
        kept = path.read_text()
        path.write_text(kept + "\n")
        assert exp.train.digest_parts() != before
        path.write_text(kept)
    assert exp.train.digest_parts() == before


def test_a_line_without_a_seed_says_what_that_means(declare):
    exp = declare("print('val loss: 1')")
    assert any("no {seed}" in notice for notice in exp.notices)


def _alive(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def _until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_killed_worker_takes_the_script_and_its_children_along(declare, tmp_path):
    declare(
        """
        import os, subprocess, time
        child = subprocess.Popen(["sleep", "600"])
        with open("pids.part", "w") as file:
            file.write(f"{os.getpid()} {child.pid} {os.environ['MLDIAG_RESULT']}")
        os.rename("pids.part", "pids")
        time.sleep(600)
        """
    )
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from mldiag.adapters.targets import load_experiment\nfrom mldiag.trial import Trial\n"
            "exp = load_experiment()\nspec = exp.spec()\nexp(Trial(spec, *exp.splits.rows(spec.rows)))\n",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        _until((tmp_path / "pids").exists)
    finally:
        worker.kill()
        worker.wait()
    script, child, result = (tmp_path / "pids").read_text().split()
    _until(lambda: not _alive(script) and not _alive(child))
    _until(lambda: not Path(result).parent.exists())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_what_a_script_leaves_running_ends_with_it(declare, tmp_path):
    exp = declare(
        """
        import subprocess
        child = subprocess.Popen(["sleep", "600"])
        with open("pid", "w") as file:
            file.write(str(child.pid))
        print("val loss: 1")
        """
    )
    assert exp(trial_of(exp)) == {"val_loss": 1}
    _until(lambda: not _alive((tmp_path / "pid").read_text()))


def test_a_key_of_the_command_in_the_outer_table_is_sent_to_its_place(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.mldiag]\nmetric = 'loss'\n[tool.mldiag.command]\nrun = 'python train.py'\n"
    )
    with pytest.raises(MldiagError, match="metric is in") as told:
        load_experiment(str(tmp_path / "pyproject.toml"))
    assert told.value.expected == "it in [tool.mldiag.command], beside run"
    assert "[tool.mldiag.command]\nmetric = {" in told.value.hint
