"""The command's side, with the real writing process: what is told, what is never lost or waited for."""

from __future__ import annotations

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from mldiag.tracking import tracker as tracker_module
from mldiag.tracking import writer_process
from mldiag.tracking.context import Projection
from mldiag.tracking.destination import Destination
from mldiag.tracking.projection import project_run
from mldiag.tracking.tracker import Tracker

from .samples import CONTEXT, HEADLINE, curve_answer, curve_results


def run_tracker(destination, results, answer, notices, *, context=CONTEXT):
    tracker = Tracker(destination, context, notice=notices.append)
    tracker.start()
    tracker.planned(result.spec for result in results)
    for result in results:
        tracker.finished(result, cached=False)
    return tracker.close(answer)


def test_a_command_and_its_later_sync_make_one_run(destination, client_of, tmp_path):
    results, notices = curve_results(), []
    answer = curve_answer(tmp_path, results)
    tracked = run_tracker(destination, results, answer, notices)
    assert notices == []
    assert tracked is not None
    assert (tracked.tracking_uri, tracked.url) == (destination.uri, "")
    client = client_of(destination.uri)
    assert client.get_run(tracked.run_id).info.run_name == HEADLINE
    children = client.search_runs(
        [tracked.experiment_id], f"tags.`mlflow.parentRunId` = '{tracked.run_id}'"
    )
    assert len(children) == len(results)
    assert children[0].info.run_name == "n=44 r0"

    again = project_run(destination, Projection(CONTEXT, answer), results, notice=notices.append)
    assert again == tracked
    assert len(client.search_runs([tracked.experiment_id])) == 1 + len(results)


def test_tracking_off_does_nothing(tmp_path):
    results = curve_results()
    assert run_tracker(None, results, curve_answer(tmp_path, results), []) is None


def test_a_server_that_is_down_is_said_once_and_costs_nothing_else(tmp_path):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # not listening
        destination = Destination(f"http://me:hunter2@127.0.0.1:{taken.getsockname()[1]}")
        results, notices = curve_results(), []
        answer = curve_answer(tmp_path, results)
        assert run_tracker(destination, results, answer, notices) is None
    assert len(notices) == 1
    assert "refused" in notices[0]
    assert "mldiag sync" in notices[0]
    assert "hunter2" not in notices[0]


def test_a_server_that_hangs_is_given_up(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        destination = Destination(f"http://127.0.0.1:{silent.getsockname()[1]}")
        notices = []
        assert (
            run_tracker(destination, [], curve_answer(tmp_path, curve_results()), notices) is None
        )
    assert "no answer within 2 s" in notices[0]


def test_a_server_that_dies_after_the_first_answer_is_given_up(tmp_path, one_answer_port):
    destination = Destination(f"http://127.0.0.1:{one_answer_port}")
    results, notices = curve_results(), []
    answer = curve_answer(tmp_path, results)
    assert run_tracker(destination, results, answer, notices) is None
    assert len(notices) == 1
    assert "mldiag sync" in notices[0]


def test_a_database_of_another_version_is_left_alone(tmp_path):
    path = tmp_path / "mlflow.db"
    path.write_bytes(b"not a database at all, but a file of the user's")
    notices = []
    destination = Destination(f"sqlite:///{path}", str(tmp_path))
    assert run_tracker(destination, [], curve_answer(tmp_path, curve_results()), notices) is None
    assert "no MLflow database" in notices[0]
    assert "hint: --tracking-uri" in notices[0]


def test_the_next_command_takes_the_same_process_in_the_same_surroundings(
    destination, client_of, tmp_path, monkeypatch
):
    results, notices, processes = curve_results(repeats=1), [], []
    for name, variable in (("first", "1"), ("second", "1"), ("third", "2")):
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", variable)
        context = replace(CONTEXT, run_id=name)
        answer = curve_answer(tmp_path, results)
        assert run_tracker(destination, results, answer, notices, context=context) is not None
        processes.append(writer_process.IDLE._waiting.pid)
        assert not list(tmp_path.glob("mlflow.db-*"))  # closed between two commands
    assert processes[0] == processes[1] != processes[2]
    assert notices == []
    runs = client_of(destination.uri).search_runs(["1"], "tags.`mldiag.complete` = 'yes'")
    assert {run.data.tags["mldiag.run_id"] for run in runs} == {"first", "second", "third"}
    writer_process.IDLE.end()


def test_a_process_that_died_while_it_waited_is_replaced(destination, tmp_path):
    results, notices = curve_results(repeats=1), []
    writer_process.prepare()
    waiting = writer_process.IDLE._waiting
    os.kill(waiting.pid, signal.SIGKILL)
    waiting._process.wait()
    assert run_tracker(destination, results, curve_answer(tmp_path, results), notices) is not None
    assert notices == []
    writer_process.IDLE.end()


def test_an_interrupted_command_is_marked(destination, client_of):
    assert run_tracker(destination, curve_results(repeats=1), None, []) is None
    client = client_of(destination.uri)
    (run,) = client.search_runs(["1"], f"tags.`mldiag.run_id` = '{CONTEXT.run_id}'")
    assert (run.info.run_name, run.info.status) == ("interrupted", "KILLED")


def test_a_writing_process_that_dies_is_said(destination, tmp_path):
    results, notices = curve_results(), []
    tracker = Tracker(destination, CONTEXT, notice=notices.append)
    tracker.start()
    os.kill(tracker._process.pid, signal.SIGKILL)
    for result in results:
        tracker.finished(result)
    assert tracker.close(curve_answer(tmp_path, results)) is None
    assert "ended early" in notices[0]


def test_a_writing_process_that_says_nothing_is_ended(destination, tmp_path, monkeypatch):
    monkeypatch.setattr(writer_process, "_START", "import time; time.sleep(600)")
    monkeypatch.setattr(tracker_module, "PATIENCE_SECONDS", 0.2)
    notices = []
    tracker = Tracker(destination, CONTEXT, notice=notices.append)
    tracker.start()
    process = tracker._process._process
    assert tracker.close(curve_answer(tmp_path, curve_results())) is None
    assert process.returncode == -signal.SIGKILL
    assert "no sign of life" in notices[0]


def test_mlflow_missing_is_said_with_the_remedy(destination, tmp_path, monkeypatch):
    hide = "import sys; sys.modules['mlflow'] = None; "
    start = writer_process._START.replace("from mldiag", hide + "from mldiag")
    monkeypatch.setattr(writer_process, "_START", start)
    notices = []
    assert run_tracker(destination, [], curve_answer(tmp_path, curve_results()), notices) is None
    assert "pip install mlflow" in notices[0]


KILLED = """
import os, signal, sys, threading
sys.path[:0] = [{tests!r}]
from tracking.samples import CONTEXT, curve_results
from mldiag.tracking.destination import Destination
from mldiag.tracking.tracker import Tracker
from mldiag.tracking import messages

tracker = Tracker(Destination({uri!r}, {artifacts!r}), CONTEXT, notice=print)
tracker.start()
results = curve_results(repeats=1)
tracker.planned(result.spec for result in results)
for result in results:
    tracker.finished(result)
with tracker._changed:
    tracker._changed.wait_for(lambda: tracker._opened is not None)
print(tracker._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_command_is_marked_by_the_process_that_outlives_it(destination, client_of):
    script = KILLED.format(
        tests=str(Path(__file__).parents[1]),
        uri=destination.uri,
        artifacts=destination.artifact_location,
    )
    killed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    _wait_for_end(int(killed.stdout))
    client = client_of(destination.uri)
    (run,) = client.search_runs(["1"], f"tags.`mldiag.run_id` = '{CONTEXT.run_id}'")
    assert (run.info.run_name, run.info.status) == ("interrupted", "KILLED")
    children = client.search_runs(["1"], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")
    assert len(children) == 6
    assert {child.info.status for child in children} == {"FINISHED"}


def test_two_commands_at_once_on_a_new_store_both_arrive(tmp_path, client_of):
    home = tmp_path / "new"
    home.mkdir()
    destination = Destination(f"sqlite:///{home}/mlflow.db", str(home / "mlartifacts"))
    results = curve_results(repeats=1)
    answer = curve_answer(tmp_path, results)
    notices: list[str] = []
    threads = [
        threading.Thread(
            target=run_tracker,
            args=(destination, results, answer, notices),
            kwargs={"context": replace(CONTEXT, run_id=name)},
        )
        for name in ("first", "second")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notices == []
    found = client_of(destination.uri).search_runs(["1"], "tags.`mldiag.complete` = 'yes'")
    assert {run.data.tags["mldiag.run_id"] for run in found} == {"first", "second"}
    assert sorted(path.name for path in home.iterdir() if "db" in path.name)[0] == "mlflow.db"
    shutil.rmtree(home)


@pytest.fixture
def one_answer_port() -> Iterator[int]:
    """A server that shows that it is there, and then closes every connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        answered = False
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            with closing(link):
                if not answered:
                    link.recv(4096)
                    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
                    answered = True

    thread = threading.Thread(target=loop)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def _wait_for_end(pid: int) -> None:
    """Wait for a process that is nobody's child any more."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([handle], [], [])
    os.close(handle)
