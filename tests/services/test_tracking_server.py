"""Against MLflow's real server: what is written over HTTP, and what a server lost half-way leaves."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace

import pytest

from mldiag.errors import MldiagError
from mldiag.tracking import ui as ui_module
from mldiag.tracking.context import Projection
from mldiag.tracking.destination import Destination
from mldiag.tracking.projection import project_run
from mldiag.tracking.tracker import Tracker
from mldiag.tracking.ui import UserInterface, find_links, serve_ui
from tests.tracking.samples import CONTEXT, HEADLINE, curve_answer, curve_results


def track(uri, context, results, answer, notices):
    tracker = Tracker(Destination(uri), context, notice=notices.append)
    tracker.start()
    tracker.planned(result.spec for result in results)
    for result in results:
        tracker.finished(result)
    return tracker.close(answer)


def runs_of(base, experiment_id):
    found = ui_module._newest(base, [experiment_id], "", 1000)
    return {run["info"]["run_name"]: run for run in found}


def test_a_command_writes_over_http_and_its_figure_is_served(shown, tmp_path):
    results, notices = curve_results(repeats=1), []
    context = replace(CONTEXT, experiment="over http", run_id="over-http")
    tracked = track(shown.base, context, results, curve_answer(tmp_path, results), notices)
    assert notices == []
    assert tracked is not None
    assert tracked.url.startswith(f"{shown.base}/#/experiments/{tracked.experiment_id}/runs/")
    assert tracked.url.endswith("?workflowType=machine_learning")
    runs = runs_of(shown.base, tracked.experiment_id)
    assert set(runs) == {HEADLINE, *(f"n={result.train_rows} r0" for result in results)}
    assert all(
        run["info"]["run_id"] in tracked.compare_url for name, run in runs.items() if "r0" in name
    )
    assert runs[HEADLINE]["info"]["artifact_uri"].startswith("mlflow-artifacts:/")
    address = f"{shown.base}/get-artifact?path=plot.png&run_uuid={tracked.run_id}"
    with urllib.request.urlopen(address) as answer:
        assert answer.read(8) == b"\x89PNG\r\n\x1a\n"


def test_what_a_server_lost_half_way_is_written_later_and_nothing_twice(
    shown, tmp_path, cut_server
):
    results, notices = curve_results(repeats=1), []
    context = replace(CONTEXT, experiment="cut off", run_id="cut-off")
    answer = curve_answer(tmp_path, results)
    assert track(cut_server, context, results, answer, notices) is None
    assert len(notices) == 1
    assert "mldiag sync" in notices[0]

    notices.clear()
    later = project_run(
        Destination(shown.base), Projection(context, answer), results, notice=notices.append
    )
    assert notices == []
    assert later is not None
    runs = ui_module._newest(shown.base, [later.experiment_id], "", 1000)
    names = sorted(run["info"]["run_name"] for run in runs)
    assert names == sorted([HEADLINE, *(f"n={result.train_rows} r0" for result in results)])
    assert {run["info"]["status"] for run in runs} == {"FINISHED"}


def test_links_lead_to_the_last_run_in_the_right_view(shown):
    found = {link.label: link.url for link in find_links(shown.base, experiment="digits")}
    assert list(found) == ["last run", "its charts", "its trials", "all runs"]
    assert shown.tracked.run_id in found["last run"]
    assert all("workflowType=machine_learning" in url for url in found.values())


def test_a_store_without_runs_says_what_to_do(shown):
    said: list[str] = []
    ui_module._tell(shown.base, "no such experiment", said.append)
    assert "mldiag learning-curve" in said[-1]


def test_for_a_server_the_links_are_printed_and_the_command_ends(shown):
    said: list[str] = []
    assert serve_ui(Destination(shown.base), experiment="digits", say=said.append) == 0
    assert shown.tracked.run_id in said[0]


def test_a_server_that_is_away_is_an_error():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        uri = f"http://me:hunter2@127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(MldiagError, match="refused") as caught:
            serve_ui(Destination(uri))
    assert "hunter2" not in str(caught.value)


def test_a_port_in_use_is_not_taken(destination):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        ui = UserInterface(destination, port=port)
        assert ui.port != port
        ui.__exit__(None, None, None)


def test_a_server_that_does_not_start_says_why_and_leaves_no_process(destination, monkeypatch):
    command = ["python", "-c", "raise SystemExit('the disk is full, http://me:pw@host')"]
    monkeypatch.setattr(UserInterface, "_command", lambda self: command)
    with (
        pytest.raises(MldiagError, match=r"the disk is full, http://\*\*\*@host"),
        UserInterface(destination, port=0),
    ):
        pytest.fail("it did start")


@pytest.fixture
def cut_server(shown) -> Iterator[str]:
    """A way to the server that breaks for ever after the third child run was asked for."""
    host, _, port = shown.base.removeprefix("http://").partition(":")
    front = socket.create_server(("127.0.0.1", 0))
    created = 0
    links: list[socket.socket] = []

    def serve(near: socket.socket) -> None:
        nonlocal created
        with closing(near), closing(socket.create_connection((host, int(port)))) as far:
            links.extend((near, far))
            back = threading.Thread(target=copy, args=(far, near))
            back.start()
            with suppress(OSError):
                while data := near.recv(65536):
                    created += data.count(b"/mlflow/runs/create ")
                    if created > 4:  # the parent and three children
                        break
                    far.sendall(data)
            if created > 4:
                close_all()
            back.join()

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def close_all() -> None:
        for link in (front, *links):
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        front.close()

    def accept() -> None:
        threads = []
        while True:
            try:
                near, _ = front.accept()
            except OSError:
                break
            threads.append(threading.Thread(target=serve, args=(near,)))
            threads[-1].start()
        for thread in threads:
            thread.join()

    thread = threading.Thread(target=accept)
    thread.start()
    yield f"http://127.0.0.1:{front.getsockname()[1]}"
    close_all()
    thread.join()
    assert created > 4, json.dumps({"created": created})
