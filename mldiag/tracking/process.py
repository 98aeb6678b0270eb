"""The writing process: MLflow is imported and waited for here, apart from the training.

It costs about two seconds of import and two of table-building at the first use, it changes warning
filters and logging, and a request may hang: none of it touches the process that runs the trials. When
that process dies, the pipe ends, and the run is marked as interrupted at once.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from typing import IO, Any

from mldiag.errors import MldiagError
from mldiag.tracking import messages, session
from mldiag.tracking.destination import redacted
from mldiag.tracking.writer import RunWriter


def main() -> int:
    """Serve one command over stdin and stdout; returns the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's to handle; it tells us
    for name, value in session.ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what MLflow prints must not mix with the messages
    inbox = _inbox(sys.stdin.buffer)

    def say(message: Any) -> None:
        with contextlib.suppress(OSError):  # a command that was killed hears nothing any more
            messages.send(answers, message)

    try:
        _serve(inbox, say)
    except Exception as error:  # whatever MLflow raises: the run itself must not notice
        say(messages.Failed(_reason(error)))
        return 1
    return 0


def _inbox(pipe: IO[bytes]) -> queue.SimpleQueue[Any]:
    """Read at once what the command says, so that it never waits for MLflow."""
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def pump() -> None:
        message: Any = True
        while message is not None:
            message = messages.receive(pipe)
            inbox.put(message)

    threading.Thread(target=pump, name="mldiag-tracking-inbox", daemon=True).start()
    return inbox


def _serve(inbox: queue.SimpleQueue[Any], say: Callable[[Any], None]) -> None:
    first = inbox.get()
    if not isinstance(first, messages.Open):
        return
    writer = session.open_writer(
        first.destination,
        first.context,
        process=first.process,
        notice=lambda text: say(messages.Notice(text)),
    )
    say(messages.Opened(writer.experiment_id, writer.run_id, complete=writer.complete))
    while True:
        message = inbox.get()
        if isinstance(message, messages.Trial):
            _write_trial(writer, message)
            say(messages.Wrote(writer.written))
        else:
            _write_end(writer, message)
            say(messages.Closed(writer.scored_ids))
            return


def _write_trial(writer: RunWriter, trial: messages.Trial) -> None:
    if not writer.complete:
        writer.add_child(
            trial.result,
            varying=trial.varying,
            rank=trial.rank,
            cached=trial.cached,
            finished=trial.finished,
        )


def _write_end(writer: RunWriter, message: messages.Close | None) -> None:
    if writer.complete:
        return
    if message is None or message.answer is None:
        writer.abandon()
    else:
        writer.finish(message.answer, varying=message.varying)


def _reason(error: Exception) -> str:
    if isinstance(error, MldiagError):
        return redacted(str(error))
    if isinstance(error, ImportError):
        return f"MLflow cannot be imported ({error}); hint: pip install mlflow"
    text = " ".join(str(getattr(error, "message", error)).split())
    return redacted(f"{type(error).__name__}: {text[:300]}")
