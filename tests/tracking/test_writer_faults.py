"""Writers that are killed, meet each other, or find a database that is not whole."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from mldiag.errors import MldiagError
from mldiag.tracking import database, host
from mldiag.tracking.database import prepare_database, schema_of
from mldiag.tracking.session import open_writer

from .conftest import embedded_in
from .samples import CONTEXT, HEADLINE, curve_answer, curve_results

VARYING = ("train_rows", "repeat", "seed")


@pytest.fixture
def start(destination, client_of):
    """Open a writer in this process."""

    def opened(*, process=None, context=CONTEXT):
        return open_writer(
            destination, context, process=process or host.this_process(), notice=lambda text: None
        )

    return opened


@pytest.fixture
def other():
    """Another process that lives."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()
    process.stdin.close()


def write(writer, results, *, varying=VARYING):
    for rank, result in enumerate(results):
        writer.add_child(result, varying=varying, rank=rank, cached=False, finished=9.0)


def children_of(writer):
    return list(
        writer.client.search_runs(
            [writer.experiment_id], f"tags.`mlflow.parentRunId` = '{writer.run_id}'"
        )
    )


def test_a_trial_that_was_cut_off_after_its_numbers_is_written_anew(start, tmp_path, monkeypatch):
    results = curve_results(repeats=1)
    half = start()
    write(half, results[:2])
    with monkeypatch.context() as patch:
        patch.setattr(half.client, "set_terminated", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write(half, results[2:3])
    whole = start()
    write(whole, results)
    whole.finish(curve_answer(tmp_path, results), varying=VARYING)
    children = children_of(whole)
    assert len(children) == len(results)
    assert {child.info.status for child in children} == {"FINISHED"}
    assert whole.client.get_run(whole.run_id).info.run_name == HEADLINE


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_run_that_a_living_process_writes_is_left_to_it(start, other):
    tag = host.this_process(other.pid)
    first = start(process=tag)
    write(first, curve_results(repeats=1)[:2])
    with pytest.raises(MldiagError, match="another process is writing this run"):
        start()
    other.kill()
    other.wait()
    second = start()  # it is dead now
    assert second.run_id == first.run_id
    write(second, curve_results(repeats=1))
    assert len(children_of(second)) == len(curve_results(repeats=1))


def test_trials_of_an_earlier_attempt_get_late_parameters_too(start, tmp_path):
    results = curve_results(repeats=1)
    write(start(), results[:3], varying=())
    whole = start()
    write(whole, results, varying=VARYING)
    whole.finish(curve_answer(tmp_path, results), varying=VARYING)
    assert {child.data.params.get("train_rows") for child in children_of(whole)} == {
        str(result.train_rows) for result in results
    }


def test_who_is_alive():
    ((name, value),) = host.this_process(os.getppid()).items()
    assert host.is_alive({name: value})
    assert not host.is_alive({name: " ".join([*value.split()[:-1], "1"])})  # number given away
    assert not host.is_alive({name: value.replace(value.split()[0], "elsewhere/1")})
    assert not host.is_alive(host.this_process())
    assert not host.is_alive({})


# The database


def test_of_two_that_make_the_file_at_once_the_second_replaces_nothing(tmp_path, monkeypatch):
    destination = embedded_in(tmp_path)
    path = destination.database_file
    placed = database._put_in_place

    def overtaken(draft, target):
        draft_of_other = target.with_name("other.db")
        draft_of_other.write_bytes(draft.read_bytes() + b"written by the other")
        draft_of_other.replace(target)
        placed(draft, target)

    monkeypatch.setattr(database, "_put_in_place", overtaken)
    prepare_database(destination)
    assert path.read_bytes().endswith(b"written by the other")
    assert [file.name for file in tmp_path.iterdir()] == ["mlflow.db"]


def test_an_empty_file_is_filled(tmp_path, empty_store):
    destination = embedded_in(tmp_path)
    destination.database_file.touch()
    prepare_database(destination)
    assert schema_of(destination.database_file) == schema_of(empty_store)


def test_drafts_of_killed_processes_are_removed(tmp_path):
    for name in (".mlflow-old.db", ".mlflow-old.db-journal", ".mlflow-new.db"):
        (tmp_path / name).touch()
    with (tmp_path / ".mlflow-new.db").open() as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        prepare_database(embedded_in(tmp_path))
        assert sorted(path.name for path in tmp_path.iterdir()) == [".mlflow-new.db", "mlflow.db"]
    prepare_database(embedded_in(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_two_commands_at_once_are_two_runs(start):
    first, second = start(), start(context=replace(CONTEXT, run_id="another"))
    assert first.run_id != second.run_id
    assert first.experiment_id == second.experiment_id
