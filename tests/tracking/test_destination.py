"""Which store is chosen, how it is named, and how long an absent one is waited for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mldiag.redaction import redacted
from mldiag.tracking.destination import (
    Destination,
    TrackingSettings,
    probe,
    resolve_destination,
)

SERVER = "http://server:5000"


@pytest.mark.parametrize(
    ("uri", "environ", "config_uri", "expected"),
    [
        ("http://flag:1", {"MLFLOW_TRACKING_URI": SERVER}, "http://config:1", "http://flag:1"),
        (None, {"MLFLOW_TRACKING_URI": SERVER}, "http://config:1", SERVER),
        (None, {}, "http://config:1", "http://config:1"),
        (None, {}, None, "sqlite:////home/me/mlflow.db"),
    ],
)
def test_flag_then_environment_then_configuration_then_embedded(uri, environ, config_uri, expected):
    found = resolve_destination(
        TrackingSettings(uri), Path("/home/me"), config_uri=config_uri, environ=environ
    )
    assert found is not None
    assert found.uri == expected
    assert found.embedded == expected.startswith("sqlite")


def test_false_turns_tracking_off_whatever_the_environment_says():
    environ = {"MLFLOW_TRACKING_URI": SERVER}
    assert resolve_destination(TrackingSettings(False), Path(), environ=environ) is None


def test_embedded_artifacts_have_an_absolute_place(tmp_path):
    found = resolve_destination(TrackingSettings(), tmp_path, environ={})
    assert found == Destination(
        f"sqlite:///{tmp_path}/mlflow.db", f"{tmp_path}/mlartifacts", embedded=True
    )


def test_relative_sqlite_of_the_configuration_counts_from_home(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    found = resolve_destination(
        TrackingSettings(), tmp_path, config_uri="sqlite:///runs/all.db?timeout=3", environ={}
    )
    assert found is not None
    assert found.uri == f"sqlite:///{tmp_path}/runs/all.db?timeout=3"
    assert found.database_file == tmp_path / "runs" / "all.db"


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("https://host/path", "server"),
        ("postgresql+psycopg2://me:pw@host/runs", "database"),
        ("file:///tmp/mlruns", "file"),
        ("./mlruns", "file"),
        ("databricks", "other"),
        ("databricks://profile", "other"),
    ],
)
def test_kinds(uri, kind):
    assert Destination(uri).kind == kind


def test_passwords_are_never_shown():
    destination = Destination("postgresql://me:secret@host/runs")
    assert destination.shown == "postgresql://***@host/runs"
    assert "secret" not in redacted("open https://a:secret@b and https://token-secret@c")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("postgresql://me:se/cr@et?#@host/base", "postgresql://***@host/base"),
        ("http://me:se/cret@host", "http://***@host"),
        ("postgresql+psycopg://me@host/base", "postgresql+psycopg://me@host/base"),
        ("postgresql://host/b?user=me&password=secret&x=1", "postgresql://host/b?user=me&password=***&x=1"),
        ("http://host:5000/a@b", "http://host:5000/a@b"),
        ("http://host/a:b@c", "http://host/a:b@c"),
        ('{"a":"http://t:s@host","b":"c@d"}', '{"a":"http://***@host","b":"c@d"}'),
        ("sqlite:////home/me:x@y/study.db", "sqlite:////home/me:x@y/study.db"),
    ],
)  # fmt: skip
def test_odd_passwords_are_hidden_and_nothing_else(told, shown):
    assert redacted(told) == shown


def test_what_mlflow_keeps_in_the_environment_is_never_shown(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "pa55word")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
    assert redacted("401 for pa55word and t0ken") == "401 for *** and ***"
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "a")  # would be found in any text
    assert redacted("a word") == "a word"


def test_a_port_that_nobody_listens_on_is_known_at_once():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening: connections are refused
        port = taken.getsockname()[1]
        assert "refused" in probe(Destination(f"http://127.0.0.1:{port}"))
        assert "refused" in probe(Destination(f"postgresql://me@127.0.0.1:{port}/runs"))


def test_a_server_that_never_answers_is_given_up(silent_port):
    reason = probe(Destination(f"http://127.0.0.1:{silent_port}"), seconds=0.2)
    assert "no answer" in reason


def test_a_server_that_drips_bytes_is_given_up(dripping_port):
    reason = probe(Destination(f"http://127.0.0.1:{dripping_port}"), seconds=0.5)
    assert "no answer" in reason


def test_an_unkind_answer_is_an_answer(refusing_port):
    assert probe(Destination(f"http://me:pw@127.0.0.1:{refusing_port}/")) == ""


@pytest.fixture
def silent_port() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture
def dripping_port() -> Iterator[int]:
    yield from _serve(lambda link, stop: _drip(link, stop))


@pytest.fixture
def refusing_port() -> Iterator[int]:
    yield from _serve(
        lambda link, stop: link.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
    )


def _drip(link: socket.socket, stop: threading.Event) -> None:
    link.sendall(b"HTTP/1.1 200 OK\r\n")
    while not stop.wait(0.1):
        link.sendall(b"X")


def _serve(answer) -> Iterator[int]:
    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            with closing(link):
                try:
                    link.recv(4096)
                    answer(link, stop)
                except OSError:
                    continue

    thread = threading.Thread(target=loop)
    thread.start()
    yield server.getsockname()[1]
    stop.set()
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
