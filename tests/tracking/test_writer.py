"""What stands in MLflow after a command, read back through MLflow's own client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mldiag.tracking import host
from mldiag.tracking.session import open_writer
from mldiag.tracking.stale import close_stale_runs

from .samples import CONTEXT, HEADLINE, VERDICT, curve_answer, curve_results, failed_result

VARYING = ("train_rows", "repeat", "seed")


@pytest.fixture
def write(destination, client_of):
    """Write a command in this process; returns the writer."""

    def write(results, answer=None, context=CONTEXT, **options):
        notices = []
        writer = open_writer(
            destination, context, process=host.this_process(), notice=notices.append
        )
        writer.notices = notices
        for rank, result in enumerate(results):
            writer.add_child(
                result,
                **{"varying": VARYING, "rank": rank, "cached": False, "finished": 9.0} | options,
            )
        if answer is not None:
            writer.finish(answer, varying=VARYING)
        return writer

    return write


def children_of(writer):
    found = writer.client.search_runs(
        [writer.experiment_id], f"tags.`mlflow.parentRunId` = '{writer.run_id}'"
    )
    return list(found)  # newest first, as the pages show them


def test_a_parent_run_with_verdict_curve_numbers_data_and_files(write, tmp_path):
    results = curve_results()
    writer = write(results, curve_answer(tmp_path, results))
    run = writer.client.get_run(writer.run_id)
    assert (run.info.run_name, run.info.status) == (HEADLINE, "FINISHED")
    assert run.info.end_time - run.info.start_time == 6500
    assert run.data.metrics["best_accuracy"] == pytest.approx(0.9693, abs=1e-4)
    assert run.data.metrics["trials"] == 12
    assert "noise_sd" not in run.data.metrics  # it was NaN
    curve = writer.client.get_metric_history(writer.run_id, "learning_curve/accuracy_mean")
    assert [point.step for point in curve] == [44, 80, 145, 260, 470, 860]
    assert run.data.params == {"metric": "accuracy", "repeats": "2"}
    data = run.inputs.dataset_inputs[0].dataset
    assert (data.name, data.digest, json.loads(data.profile)["num_rows"]) == (
        "digits",
        "d16e57",
        1075,
    )
    assert json.loads(data.schema)["mlflow_colspec"][0] == {"name": "pixel 0", "type": "double"}
    note = run.data.tags["mlflow.note.content"]
    assert note.startswith(f"**{VERDICT}**")
    assert f"get-artifact?path=plot.svg&run_uuid={writer.run_id}" in note
    assert {name: run.data.tags[name] for name in run.data.tags if name.startswith("mldiag.")} == {
        "mldiag.step": "learning-curve",
        "mldiag.outcome": "advice",
        "mldiag.version": "0.1.0",
        "mldiag.run_id": CONTEXT.run_id,
        "mldiag.code_digest": "c0de",
        "mldiag.defaults": '{"lr": 0.01}',
        "mldiag.complete": "yes",
    }


def test_artifacts_lie_in_the_absolute_folder(write, tmp_path):
    results = curve_results()
    writer = write(results, curve_answer(tmp_path, results))
    folder = tmp_path / "mlartifacts" / writer.run_id / "artifacts"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["plot.png", "plot.svg", "report.json", "trials.json"]
    report = json.loads((folder / "report.json").read_text())
    assert report["mlflow"]["run_id"] == writer.run_id
    table = json.loads((folder / "trials.json").read_text())
    assert table["columns"][:2] == ["trial", "train_accuracy"]
    assert len(table["data"]) == 12


def test_children_carry_what_varies_their_metrics_and_their_order(write):
    writer = write(curve_results(repeats=1))
    shown = children_of(writer)
    assert [run.info.run_name for run in shown[:2]] == ["n=44 r0", "n=80 r0"]
    assert shown[0].data.params == {"train_rows": "44", "log10_train_rows": "1.643"}
    assert set(shown[0].data.metrics) == {"accuracy", "train_accuracy", "loss", "seconds"}
    assert shown[0].info.status == "FINISHED"
    assert len(writer.client.get_metric_history(shown[0].info.run_id, "loss")) == 5


def test_a_failed_trial_says_why(write):
    writer = write([failed_result()])
    (run,) = children_of(writer)
    assert run.info.status == "FAILED"
    assert "ValueError: the loader at https://***@host broke" in run.data.tags["mldiag.error"]


def test_no_password_reaches_the_store(write, tmp_path):
    results = [*curve_results(repeats=1), failed_result()]
    writer = write(results, curve_answer(tmp_path, results))
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert writer.run_id.encode() in kept
    assert b"hunter2" not in kept
    assert b":pw@" not in kept


def test_long_histories_go_in_batches(write):
    result = curve_results(repeats=1)[0]
    history = tuple((step, {f"m{k}": float(step) for k in range(5)}) for step in range(400))
    writer = write([replace(result, history=history)])
    (run,) = children_of(writer)
    assert len(writer.client.get_metric_history(run.info.run_id, "m4")) == 300
    assert "300 of 400 steps" in run.data.tags["mldiag.not_shown"]


def test_names_that_mlflow_refuses_are_rewritten(write):
    result = replace(curve_results(repeats=1)[0], metrics={"accuracy": 0.5, "top(5)=%": 0.75})
    writer = write([result])
    (run,) = children_of(writer)
    assert run.data.metrics["top_5_-percent"] == 0.75


def test_a_parameter_that_only_later_trials_move_is_added_to_the_earlier_ones(write, tmp_path):
    results = curve_results(repeats=1)
    writer = write(results, varying=())
    writer.finish(curve_answer(tmp_path, results), varying=("train_rows",))
    assert {run.data.params["train_rows"] for run in children_of(writer)} == {
        "44", "80", "145", "260", "470", "860",
    }  # fmt: skip


def test_a_run_is_written_once(write, tmp_path):
    results = curve_results(repeats=1)
    first = write(results, curve_answer(tmp_path, results))
    second = write(results)
    assert second.complete
    assert second.run_id == first.run_id
    assert len(children_of(first)) == len(results)


def test_a_run_that_was_cut_off_is_completed(write, tmp_path):
    results = curve_results(repeats=1)
    half = write(results[:3])
    half.client.create_run(  # the child during which the writer was killed
        half.experiment_id, tags={"mlflow.parentRunId": half.run_id, "mldiag.trial": "x"}
    )
    whole = write(results, curve_answer(tmp_path, results))
    assert whole.run_id == half.run_id
    assert len(children_of(whole)) == len(results)
    assert whole.client.get_run(whole.run_id).info.run_name == HEADLINE


def test_an_experiment_deleted_in_mlflow_comes_back_and_is_told(write):
    first = write([])
    first.client.delete_experiment(first.experiment_id)
    second = write([], context=replace(CONTEXT, run_id="another"))
    assert second.experiment_id == first.experiment_id
    assert any("restored" in notice for notice in second.notices)


def test_runs_of_dead_processes_are_ended_and_those_of_living_ones_are_not(write):
    living = write([])
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    tag = host.this_process(process.pid)
    assert not host.is_dead(tag)
    process.communicate(b"\n")
    assert host.is_dead(tag)
    dead = living.client.create_run(
        living.experiment_id, tags=tag, run_name="running …"
    ).info.run_id
    foreign = living.client.create_run(
        living.experiment_id, tags={host.TAG: "another/host boot space 1 1"}
    ).info.run_id
    child = living.client.create_run(
        living.experiment_id, tags={"mlflow.parentRunId": dead}
    ).info.run_id
    assert close_stale_runs(living.client, living.experiment_id) == 1
    status = {
        name: living.client.get_run(run_id).info.status
        for name, run_id in (
            ("dead", dead), ("child", child), ("foreign", foreign), ("living", living.run_id),
        )
    }  # fmt: skip
    assert status == {
        "dead": "KILLED",
        "child": "KILLED",
        "foreign": "RUNNING",
        "living": "RUNNING",
    }
    assert living.client.get_run(dead).info.run_name == "interrupted"


def test_a_process_number_that_was_given_away_proves_death():
    ((name, value),) = host.this_process().items()
    another_start = " ".join([*value.split()[:-1], "1"])
    assert host.is_dead({name: another_start})
    another_space = value.split()
    another_space[2] = "1"
    another_space[4] = "1"
    assert not host.is_dead({name: " ".join(another_space)})
    assert value.split()[3] == str(os.getpid())


def test_folders_are_refused_with_the_way_out(tmp_path):
    from mldiag.errors import MldiagError
    from mldiag.tracking.destination import Destination

    with pytest.raises(MldiagError, match=r"sqlite:////runs/mlflow\.db"):
        open_writer(Destination("file:///runs"), CONTEXT, process={}, notice=print)
    assert not Path("/runs").exists()
