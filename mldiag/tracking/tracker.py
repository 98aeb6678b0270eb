"""The command's side of the tracking: never in the way, never a reason for a run to fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from mldiag.redaction import redacted
from mldiag.tracking import links, messages, writer_process
from mldiag.tracking.context import RunAnswer, RunContext
from mldiag.tracking.destination import Destination
from mldiag.tracking.layout import Varying, display_order
from mldiag.tracking.writer_process import WriterProcess
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

PATIENCE_SECONDS = 40.0
"""Longest silence of the writing process before it is given up: above two timeouts of a request."""


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
        self._early: list[messages.Trial] = []
        self._changed = threading.Condition()
        self._heard = time.monotonic()
        self._opened: messages.Opened | None = None
        self._closed: messages.Closed | None = None
        self._failure: str | None = None
        self._process: WriterProcess | None = None

    def start(self) -> None:
        """Begin to write; MLflow's import and set-up then overlap the training.

        `close` does it too, if there is an answer to write.
        """
        if self.destination is None or self._process is not None or self._failure is not None:
            return
        try:
            self._process = writer_process.take()
        except OSError as error:
            self._fail(f"the process that writes to MLflow could not be started: {error}")
            return
        self._process.listen(self._hear)
        self._process.send(messages.Open(self.destination, self.context))
        for trial in self._early:
            self._process.send(trial)
        self._early.clear()

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
        trial = messages.Trial(light, self._varying.names, rank, cached, finished=time.time())
        if self._process is None:
            self._early.append(trial)
        else:
            self._process.send(trial)

    def close(self, answer: RunAnswer | None, error: str = "") -> Tracked | None:
        """Write the rest and wait for it as long as there are signs of life.

        Args:
            answer: What the command found; None if it was interrupted, or ended with an error.
            error: That error, without secrets.

        Returns:
            Where the run stands, or None if it could not be written; then a notice has said why.
        """
        if answer is not None:
            self.start()
        if self._process is None:
            return None
        self._process.send(messages.Close(answer, self._varying.names, error))
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
            self._let_go(self._process)
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

    def _hear(self, message: Any) -> None:
        with self._changed:
            self._heard = time.monotonic()
            self._take(message)
            self._changed.notify_all()

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
                reason = self._process.last_error() if self._process else ""
                self._fail(f"the writing process ended early{reason}")

    def _fail(self, reason: str) -> None:
        if self._failure is None:
            self._failure = redacted(reason)  # the last words of a process may be anything
            self._notice(
                f"not in MLflow: {self._failure}\nEvery result is kept; later: mldiag sync"
            )

    def _let_go(self, process: WriterProcess) -> None:
        self._process = None
        if self._closed is not None:
            writer_process.keep(process)
        else:
            process.end()
