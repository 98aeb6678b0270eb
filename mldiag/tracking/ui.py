"""Opens MLflow's pages on the right store and says where to look: what `mldiag ui` does."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from mldiag.errors import MldiagError
from mldiag.redaction import redacted
from mldiag.tracking import links
from mldiag.tracking.database import prepare_database
from mldiag.tracking.destination import Destination, probe

DEFAULT_PORT = 5000
"""MLflow's own."""

_GUARD = """
import os, signal, subprocess, sys, threading
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the server ends at its ease, and then this
def end_with_the_command():
    os.read(0, 1)  # nothing is ever written: it returns when the command is gone, however it went
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=end_with_the_command, daemon=True).start()
os._exit(server.wait() & 255)
"""
"""A process between the command and the server, so that no server outlives a killed command."""

START_SECONDS = 120.0
"""Longest that the server may take to answer: it imports MLflow twice, also on a busy machine."""


@dataclass(frozen=True)
class Link:
    """A page worth opening."""

    label: str
    url: str


class UserInterface:
    """MLflow's server on a store that no server shows yet; a context manager that ends it.

    Args:
        destination: A store that is no server.
        port: Port on 127.0.0.1; a free one is taken where it is in use, or 0.

    Raises:
        MldiagError: If the store is of another MLflow, or the server does not start.
    """

    def __init__(self, destination: Destination, *, port: int = DEFAULT_PORT) -> None:
        self.destination = destination
        self.port = port if port and _is_free(port) else _free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit

    def __enter__(self) -> Self:
        """Start the server and wait until it answers."""
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        try:
            prepare_database(self.destination)
            self._process = subprocess.Popen(
                [sys.executable, "-c", _GUARD, *self._command()],
                stdin=subprocess.PIPE,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                start_new_session=True,  # its workers are ended with it, and Ctrl-C is ours to handle
            )
            self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the server and its workers."""
        process, self._process = self._process, None
        if process is not None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, number)
                    process.wait(timeout=5)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        self._log.close()

    def wait(self) -> int:
        """Stay until the server ends; returns its exit status."""
        return self._process.wait() if self._process is not None else 0

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "mlflow", "server"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"),
        ]

    def _environment(self) -> dict[str, str]:
        destination = self.destination
        return {
            **os.environ,
            "MLFLOW_BACKEND_STORE_URI": destination.uri,  # here, as `ps` shows a command to everybody
            "MLFLOW_ARTIFACTS_DESTINATION": destination.artifact_location
            or str(Path.cwd() / "mlartifacts"),
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                break
            if not probe(Destination(self.base), seconds=1):
                return
            time.sleep(0.1)
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        raise MldiagError(
            "MLflow's server did not start" + (f": {redacted(lines[-1])[:300]}" if lines else ""),
            expected=f"an answer from {self.base} within {START_SECONDS:g} s",
            hint=f"mlflow server --backend-store-uri {shlex.quote(self.destination.shown)}",
        )


def find_links(base: str, *, experiment: str | None = None) -> list[Link]:
    """Ask a server for the pages worth opening: the experiment, its last run, its comparison.

    Args:
        base: Address of the server.
        experiment: Name of the experiment; that of the last run if None.

    Returns:
        The links, the most wanted first; only the server's own page where nothing was recorded.
    """
    try:
        return _links_of_last_run(base, experiment) or [Link("MLflow", f"{base}/#/?{links.VIEW}")]
    except (OSError, ValueError, KeyError):  # a server that wants a login, or is no MLflow
        return [Link("MLflow", redacted(base))]


def serve_ui(
    destination: Destination,
    *,
    port: int = DEFAULT_PORT,
    experiment: str | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Show the store until Ctrl-C; for a server that runs already, print its links and return.

    Args:
        destination: The store.
        port: Port on 127.0.0.1; a free one is taken where it is in use, or 0.
        experiment: Name of the experiment that the links lead to; that of the last run if None.
        say: Takes the lines to print.

    Returns:
        Exit status.

    Raises:
        MldiagError: If the server is away or does not start.
    """
    if destination.kind == "server":
        trouble = probe(destination)
        if trouble:
            raise MldiagError(f"MLflow at {destination.shown} is away: {trouble}", hint="mldiag ui")
        _tell(destination.uri, experiment, say)
        return 0
    with _terminated_as_interrupted(), UserInterface(destination, port=port) as ui:
        if ui.port != port:
            say(f"port {port} is in use; taking {ui.port}")
        _tell(ui.base, experiment, say)
        say("where the pages look empty: choose 'Model training' at the top left")
        say("Ctrl-C ends it")
        try:
            return ui.wait()
        except KeyboardInterrupt:
            return 0


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Let a plain `kill` end this process as Ctrl-C does, so that it takes the server along."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(base: str, experiment: str | None, say: Callable[[str], None]) -> None:
    found = find_links(base.rstrip("/"), experiment=experiment)
    width = max(len(link.label) for link in found)
    for link in found:
        say(f"{link.label:<{width}}  {link.url}")
    if len(found) == 1:
        say("nothing recorded yet; hint: mldiag learning-curve")


def _links_of_last_run(base: str, experiment: str | None) -> list[Link]:
    known = _ask(base, "experiments/search", {"max_results": 1000}).get("experiments", [])
    chosen = [
        item["experiment_id"]
        for item in known
        if (experiment is None or item["name"] == experiment)
        and any(tag["key"] == "mldiag.experiment" for tag in item.get("tags", []))
    ]
    run = _newest(base, chosen, "tags.`mldiag.complete` = 'yes'", 1) if chosen else []
    if not run:
        return []
    place = run[0]["info"]["experiment_id"], run[0]["info"]["run_id"]
    scored = f"tags.`mlflow.parentRunId` = '{place[1]}' AND attributes.status = 'FINISHED'"
    children = _newest(base, [place[0]], scored, links.COMPARED_RUNS)
    ids = [child["info"]["run_id"] for child in children]
    found = [
        Link("last run", links.run_link(base, *place)),
        Link("its charts", links.charts_link(base, *place)),
        Link("all runs", links.experiment_link(base, place[0])),
    ]
    if len(ids) > 1:
        found.insert(2, Link("its trials", links.compare_link(base, place[0], ids)))
    return found


def _newest(base: str, experiments: list[str], wanted: str, count: int) -> list[dict[str, Any]]:
    answer = _ask(
        base,
        "runs/search",
        {
            "experiment_ids": experiments,
            "filter": wanted,
            "max_results": count,
            "order_by": ["attributes.start_time DESC"],
        },
    )
    return list(answer.get("runs", []))


def _ask(base: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{base}/api/2.0/mlflow/{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


def _is_free(port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        return int(candidate.getsockname()[1])
