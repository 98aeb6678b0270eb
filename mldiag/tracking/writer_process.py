"""The process that writes to MLflow, as a command sees it; kept for the next command.

Importing MLflow takes seconds. A process that has done it waits for the next command of this one, a
notebook's next cell say, for as long as `process.IDLE_SECONDS`, and ends with this process at the latest.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import IO, Any

from mldiag.kept_process import Kept
from mldiag.tracking import messages
from mldiag.tracking.destination import Destination

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
_START += "from mldiag.tracking.process import main; main()"


class WriterProcess:
    """A started process with a thread for each direction: no message is ever waited for here.

    Attributes:
        pid: Its number.

    Raises:
        OSError: If it cannot be started.
    """

    def __init__(self) -> None:
        self._made_in = _surroundings()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, json.dumps(sys.path)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            )  # fmt: skip
        except OSError:
            self._errors.close()
            raise
        self.pid = self._process.pid
        self._hear: Callable[[Any], None] = _ignore
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads = (
            threading.Thread(target=self._send_all, name="mldiag-tracking-out", daemon=True),
            threading.Thread(target=self._hear_all, name="mldiag-tracking-in", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    @property
    def suits(self) -> bool:
        """Whether it lives and was started in surroundings like the present ones."""
        return self._process.poll() is None and self._made_in == _surroundings()

    def listen(self, hear: Callable[[Any], None]) -> None:
        """Hand every further message to `hear`, from another thread; None when the process has ended."""
        self._hear = hear

    def send(self, message: Any) -> None:
        """Queue a message; returns at once."""
        self._outbox.put(message)

    def last_error(self) -> str:
        """The last line that it has written to stderr, in parentheses of a sentence; else empty."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1][:300]}" if lines else ""

    def end(self) -> None:
        """End the process at once; what it has not written stays unwritten."""
        self._process.kill()
        self._process.wait()
        self._outbox.put(None)  # wakes the sending thread, should it wait
        for thread in self._threads:
            thread.join()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                with contextlib.suppress(OSError):  # unsent bytes for a process that is gone
                    pipe.close()

    def _send_all(self) -> None:
        pipe = self._process.stdin
        while pipe is not None and (message := self._outbox.get()) is not None:
            try:
                messages.send(pipe, message)
            except (OSError, ValueError):  # the writer is gone: the listening thread knows why
                return

    def _hear_all(self) -> None:
        pipe = self._process.stdout
        while pipe is not None:
            try:
                message = messages.receive(pipe)
            except (OSError, ValueError):
                message = None
            self._hear(message)
            if message is None:
                return


IDLE: Kept[WriterProcess] = Kept()
"""The process that waits for the next command."""


def prepare() -> None:
    """Start a process now for the command that is about to begin, so that it imports MLflow meanwhile."""
    with contextlib.suppress(OSError):  # the command itself will say so
        keep(take())


def prepare_store(destination: Destination | None) -> None:
    """Let the process that waits, if there is one, make what a store lacks; returns at once."""
    process = None if destination is None else IDLE.take()
    if process is not None and destination is not None:
        process.send(messages.Prepare(destination))
        keep(process)


def take() -> WriterProcess:
    """The process that waits, if it suits, else a new one; it is the caller's own from now on.

    Raises:
        OSError: If none can be started.
    """
    return IDLE.take() or WriterProcess()


def keep(process: WriterProcess) -> None:
    """Let a process wait for the next command."""
    process.listen(_ignore)
    IDLE.keep(process)


def _surroundings() -> tuple[str, dict[str, str], list[str]]:
    """What a new process would inherit: passwords for MLflow, for one, are in the environment."""
    return _START, dict(os.environ), list(sys.path)


def _ignore(message: Any) -> None:
    """Nobody listens between two commands."""
