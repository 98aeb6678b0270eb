"""A store that has no file yet gets one while the command still looks at its data."""

from __future__ import annotations

import queue

from mldiag.tracking import messages, process, writer_process
from mldiag.tracking.destination import Destination

from .samples import CONTEXT


def served(*said):
    inbox, answers = queue.SimpleQueue(), []
    for message in said:
        inbox.put(message)
    return process._serve(inbox, answers.append), answers


def test_the_file_is_made_and_the_process_serves_on(tmp_path):
    file = tmp_path / "mlflow.db"
    assert served(messages.Prepare(Destination(f"sqlite:///{file}"))) == (True, [])
    assert file.stat().st_size > 0


def test_what_cannot_be_made_is_told_by_the_command_that_opens_it(tmp_path):
    nowhere = Destination(f"sqlite:///{tmp_path / 'a file' / 'mlflow.db'}")
    (tmp_path / "a file").write_text("in the way")
    assert served(messages.Prepare(nowhere)) == (True, [])
    assert served(messages.Prepare(Destination("http://localhost:1"))) == (True, [])


def test_the_process_that_waits_makes_it_and_writes_the_run(tmp_path):
    destination = Destination(f"sqlite:///{tmp_path / 'mlflow.db'}", str(tmp_path / "artifacts"))
    writer_process.prepare()
    writer_process.prepare_store(destination)
    waiting = writer_process.take()
    answers = queue.SimpleQueue()
    waiting.listen(answers.put)
    waiting.send(messages.Open(destination, CONTEXT))
    assert isinstance(answers.get(timeout=60), messages.Opened)
    waiting.end()


def test_without_a_store_or_a_process_nothing_is_started(tmp_path):
    writer_process.IDLE.end()
    writer_process.prepare_store(None)
    writer_process.prepare_store(Destination(f"sqlite:///{tmp_path / 'mlflow.db'}"))
    assert writer_process.IDLE.take() is None
