"""The command's side of the tracking: never in the way, never a reason for a run to fail."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import IO, Any

from mldiag.tracking import host, links, messages
from mldiag.tracking.context import RunAnswer, RunContext
from mldiag.tracking.destination import Destination
from mldiag.tracking.layout import Varying, display_order
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

PATIENCE_SECONDS = 40.0
"""Longest silence of the writing process before it is given up: above two timeouts of a request."""

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
_START += "from mldiag.tracking.process import main; raise SystemExit(main())"


@dataclass(frozen=True)
class Tracked:
    """Where a run stands in MLflow.

    Args:
        tracking_uri: The store, without user name and password.
        experiment_id: MLflow's id of the experiment.
        run_id: MLflow's id of the parent run.
        url: Page of the run; empty for a store that no server shows yet (`mldiag ui` does).
        compare_url: Page that compares the children; empty likewise.
    """

    tracking_uri: str
    experiment_id: str
    run_id: str
    url: str = ""
    compare_url: str = ""


class Tracker:
    """Sends a command's trials and its answer to MLflow through a process of its own.

    No method raises because of MLflow, and only `close` waits. What could not be written is said once
    through `notice` and can be written later by `project_run`.

    Args:
        destination: Where to write; None for nowhere.
        context: What is known of the command.
        notice: Takes a line for the user; may be called from another thread.
    """

    def __init__(
        self,
        destination: Destination | None,
        context: RunContext,
        *,
        notice: Callable[[str], None],
    ) -> None:
        self.destination, self.context = destination, context
        self._notice = notice
        self._varying = Varying()
        self._ranks: dict[str, int] = {}
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        if destination is not None:
            self._outbox.put(messages.Open(destination, context, host.this_process()))
        self._changed = threading.Condition()
        self._heard = time.monotonic()
        self._opened: messages.Opened | None = None
        self._closed: messages.Closed | None = None
        self._failure: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._threads: tuple[threading.Thread, ...] = ()

    def start(self) -> None:
        """Start the writing process; MLflow's import and set-up then overlap the training.

        `close` starts it too, if there is an answer to write.
        """
        if self.destination is None or self._process is not None:
            return
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, json.dumps(sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
            )
        except OSError as error:
            self._fail(f"the process that writes to MLflow could not be started: {error}")
            return
        self._threads = (
            threading.Thread(target=self._send_all, name="mldiag-tracking-out", daemon=True),
            threading.Thread(target=self._hear_all, name="mldiag-tracking-in", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def planned(self, specs: Iterable[TrialSpec]) -> None:
        """Take note of the trials to come: they say which parameters vary, and the order in lists."""
        specs = list(specs)
        self._varying.add(specs)
        for spec in display_order(specs):
            self._ranks.setdefault(spec.digest, len(self._ranks))

    def finished(self, result: TrialResult, cached: bool = False) -> None:
        """Queue one trial; returns at once."""
        if self.destination is None or self._failure is not None:
            return
        rank = self._ranks.setdefault(result.spec.digest, len(self._ranks))
        light = replace(result, predictions=None)
        self._outbox.put(
            messages.Trial(light, self._varying.names, rank, cached, finished=time.time())
        )

    def close(self, answer: RunAnswer | None) -> Tracked | None:
        """Write the rest and wait for it as long as there are signs of life.

        Args:
            answer: What the command found; None if it was interrupted.

        Returns:
            Where the run stands, or None if it could not be written; then a notice has said why.
        """
        if answer is not None:
            self.start()
        if self._process is None:
            return None
        self._outbox.put(messages.Close(answer, self._varying.names))
        self._heard = time.monotonic()
        try:
            with self._changed:
                while self._closed is None and self._failure is None:
                    silent = time.monotonic() - self._heard
                    if silent > PATIENCE_SECONDS:
                        break
                    self._changed.wait(PATIENCE_SECONDS - silent)
            if self._closed is None:
                self._fail(f"no sign of life for {PATIENCE_SECONDS:g} s")
        finally:
            self._end_process()
        return self._tracked() if answer is not None else None

    def _tracked(self) -> Tracked | None:
        if self._closed is None or self._opened is None or self.destination is None:
            return None
        place, ids = self._opened, (self._opened.experiment_id, self._opened.run_id)
        if self.destination.kind != "server":
            return Tracked(self.destination.shown, *ids)
        base = self.destination.shown.replace("***@", "")
        return Tracked(
            self.destination.shown,
            *ids,
            url=links.run_link(base, *ids),
            compare_url=links.compare_link(base, place.experiment_id, self._closed.scored_ids),
        )

    def _send_all(self) -> None:
        pipe = self._process.stdin if self._process else None
        message: Any = None
        while pipe is not None and not isinstance(message, messages.Close):
            message = self._outbox.get()
            try:
                messages.send(pipe, message)
            except (OSError, ValueError):  # the writer is gone: the listening thread knows why
                return

    def _hear_all(self) -> None:
        pipe = self._process.stdout if self._process else None
        while pipe is not None:
            try:
                message = messages.receive(pipe)
            except (OSError, ValueError):
                message = None
            with self._changed:
                self._heard = time.monotonic()
                self._take(message)
                self._changed.notify_all()
            if message is None:
                return

    def _take(self, message: Any) -> None:
        match message:
            case messages.Opened():
                self._opened = message
            case messages.Notice(text):
                self._notice(text)
            case messages.Closed():
                self._closed = message
            case messages.Failed(reason):
                self._fail(reason)
            case None if self._closed is None:
                self._fail(f"the writing process ended early{self._last_error()}")

    def _fail(self, reason: str) -> None:
        if self._failure is None:
            self._failure = reason
            self._notice(f"not in MLflow: {reason}\nEvery result is kept; later: mldiag sync")

    def _last_error(self) -> str:
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1][:300]}" if lines else ""

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if self._closed is None:
            process.kill()
        process.wait()
        self._outbox.put(messages.Close(None, ()))  # wakes the sending thread, should it wait
        for thread in self._threads:
            thread.join()
        for pipe in (process.stdin, process.stdout, self._errors):
            if pipe is not None:
                with contextlib.suppress(OSError):  # unsent bytes for a process that is gone
                    pipe.close()
