import json
from pathlib import Path

import pytest

from mldiag.cli.services import destination_of, home_of
from mldiag.errors import MldiagError
from mldiag.run.store.records import RunRecord
from mldiag.run.store.trial_store import Store
from mldiag.tracking.context import Projection, RunAnswer, RunContext
from mldiag.tracking.tracker import Tracked


@pytest.fixture
def missed(tmp_path):
    """A store with one run that MLflow has not seen."""
    folder = tmp_path / ".mldiag"
    context = RunContext("run-1", "digits", "sweep", "mldiag sweep", "accuracy", True, 0.0)
    (folder / "runs" / "run-1").mkdir(parents=True)
    (folder / "runs" / "run-1" / "projection.json").write_text(
        json.dumps(Projection(context, RunAnswer({"outcome": "passed"})).to_dict())
    )
    with Store.open(folder / "trials.db") as store:
        store.save_run(RunRecord("run-1", "sweep", "digits", 0.0, 1.0))
    return folder


@pytest.fixture
def projected(monkeypatch):
    """What would be written to MLflow; None as the answer means that it is away."""
    calls = []
    answers = {"tracked": Tracked("sqlite:///mlflow.db", "1", "abc")}

    def project(destination, projection, results, *, notice):
        calls.append((destination.uri, projection.context.run_id, list(results)))
        if answers["tracked"] is None:
            notice("the server is away")
        return answers["tracked"]

    monkeypatch.setattr("mldiag.tracking.projection.project_run", project)
    return calls, answers


def test_a_missed_run_is_logged_once(mldiag, missed, projected, tmp_path):
    calls, _ = projected
    answer = mldiag("sync")
    assert answer.code == 0
    assert "1 of 1 runs" in answer.out
    assert calls == [(f"sqlite:///{tmp_path}/mlflow.db", "run-1", [])]
    assert "has every run already" in mldiag("sync").out
    assert len(calls) == 1


def test_a_run_that_could_not_be_logged_is_tried_again(mldiag, missed, projected):
    calls, answers = projected
    answers["tracked"] = None
    answer = mldiag("sync", "--tracking-uri", "http://away:1")
    assert answer.code == 2
    assert "the server is away" in answer.err
    assert "1 runs could not be logged" in answer.err
    mldiag("sync")
    assert calls[0][0] == "http://away:1"
    assert len(calls) == 2


def test_a_run_whose_files_are_gone_is_named(mldiag, missed, projected):
    (missed / "runs" / "run-1" / "projection.json").unlink()
    answer = mldiag("sync")
    assert answer.code == 2
    assert "run-1: its files are gone" in answer.err


def test_without_a_store_there_is_nothing_to_log(mldiag):
    answer = mldiag("sync")
    assert answer.code == 2
    assert "there is no store" in answer.err


@pytest.mark.parametrize("port", ["x", "0", "70000", "-1"])
def test_a_wrong_port(mldiag, port):
    answer = mldiag("ui", "--port", port)
    assert answer.code == 2
    assert "port" in answer.err


def test_the_ui_opens_on_the_store_beside_the_target(mldiag, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(
        "mldiag.tracking.ui.serve_ui", lambda destination, **_: opened.append(destination.uri) or 0
    )
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "experiment.py").touch()
    assert mldiag("ui", "folder/experiment.py:digits").code == 0
    assert mldiag("ui", "folder", "--tracking-uri", "http://host:1").code == 0
    assert opened == [f"sqlite:///{tmp_path}/folder/mlflow.db", "http://host:1"]


def test_the_folder_of_a_target_is_found_without_running_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("raise SystemExit")
    assert home_of("a.py:name") == tmp_path
    assert home_of("a.py") == tmp_path
    assert home_of("digits") == tmp_path
    assert destination_of(Path("/x"), "sqlite:////y/m.db").uri == "sqlite:////y/m.db"
    with pytest.raises(MldiagError, match=r"nope\.py"):
        home_of("nope.py")
