"""The writing process: MLflow is imported and waited for here, apart from the training.

It costs about two seconds of import and two of table-building at the first use, it changes warning
filters and logging, and a request may hang: none of it touches the process that runs the trials. When
that process dies, the pipe ends, and the run is marked as interrupted at once. After a command the process
waits for the next one of the same process.
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
from typing import IO, Any, NoReturn

from mldiag.errors import MldiagError
from mldiag.redaction import redacted
from mldiag.tracking import host, messages, session
from mldiag.tracking.writer import RunWriter

IDLE_SECONDS = 900.0
"""How long the process waits for another command; it holds a few hundred megabytes."""


NICENESS = 5
"""The training goes first where cores are short; what is left at its end is written beside the drawing."""


def main() -> NoReturn:
    """Serve commands over stdin and stdout, one after the other, until nobody speaks any more."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the command's to handle: it tells us
        signal.signal(number, signal.SIG_IGN)
    for name, value in session.ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.nice(NICENESS)
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what MLflow prints must not mix with the messages
    inbox = _inbox(sys.stdin.buffer)
    session.IMPORTING.acquire()  # here, so that nothing is served before the thread has begun
    threading.Thread(target=_import_mlflow, name="mldiag-tracking-import", daemon=True).start()

    def say(message: Any) -> None:
        with contextlib.suppress(OSError):  # a command that was killed hears nothing any more
            messages.send(answers, message)

    try:
        while _serve(inbox, say):
            pass
    except Exception as error:  # whatever MLflow raises: the run itself must not notice
        say(messages.Failed(_reason(error)))
    # Everything is written and closed: taking thousands of modules apart would take another second.
    os._exit(0)


def _import_mlflow() -> None:
    """Begin before there is a command; why it fails is told to the one that comes."""
    try:
        import mlflow

        if not os.environ.get("MLFLOW_TRACKING_URI", "").startswith("http"):
            import mlflow.store.tracking.sqlalchemy_store  # noqa: F401 - what a file needs
    except Exception:  # whatever it is, it is met again where MLflow is used
        return
    finally:
        session.IMPORTING.release()


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


def _serve(inbox: queue.SimpleQueue[Any], say: Callable[[Any], None]) -> bool:
    """Serve one command; returns whether there may be another one."""
    try:
        first = inbox.get(timeout=IDLE_SECONDS)
    except queue.Empty:
        return False
    if isinstance(first, messages.Prepare):
        with contextlib.suppress(Exception):  # the command that opens the file is told why
            session.prepare_file(first.destination)
        return True
    if not isinstance(first, messages.Open):
        return False
    writer = session.open_writer(
        first.destination,
        first.context,
        process=host.this_process(),
        notice=lambda text: say(messages.Notice(text)),
    )
    say(messages.Opened(writer.experiment_id, writer.run_id, complete=writer.complete))
    while isinstance(message := inbox.get(), messages.Trial):
        _write_trial(writer, message)
        say(messages.Wrote(writer.written))
    _write_end(writer, message)
    session.close_writer(writer)
    say(messages.Closed(writer.scored_ids))
    return message is not None


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
        writer.abandon("" if message is None else message.error)
    else:
        writer.finish(message.answer, varying=message.varying)


def _reason(error: Exception) -> str:
    if isinstance(error, MldiagError):
        return redacted(str(error))
    if isinstance(error, ImportError):
        return f"MLflow cannot be imported ({error}); hint: pip install mlflow"
    text = " ".join(str(getattr(error, "message", error)).split())
    return redacted(f"{type(error).__name__}: {text[:300]}")
