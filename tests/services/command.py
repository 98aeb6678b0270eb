"""Commands as a person gives them, each a process of its own, and all that they leave behind."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import programs

PATIENCE = 90.0


def environment(**more):
    """This machine's, without what it knows of MLflow."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    place = {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(Path(__file__).parents[2])}
    return kept | place | more


@contextmanager
def begun(folder, *words, **more):
    """A command that has been started in a folder; `more` are variables of its environment."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mldiag", *words], cwd=folder, env=environment(**more),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def carried_out(folder, *words, **more):
    """Exit code, stdout and stderr of a command."""
    with begun(folder, *words, **more) as process:
        out, err = process.communicate(timeout=180)
        return process.returncode, out, err


def until(condition, process):
    """Wait for something that happens while a process still runs."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def lines_of_children(pid):
    """Command lines of all processes below one, as `ps` shows them to every user of the machine."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            try:
                found.append(Path(f"/proc/{child}/cmdline").read_bytes().decode(errors="replace"))
            except OSError:  # it has ended meanwhile
                continue
            found += lines_of_children(child)
    return found


def places_of(secrets, *folders):
    """Files below folders in which a secret stands; the experiment itself is the user's."""
    files = [file for folder in folders for file in Path(folder).rglob("*") if file.is_file()]
    kept = {file: file.read_bytes() for file in files if file.name != "experiment.py"}
    assert kept, "nothing to look through"
    return [str(file) for file, text in kept.items() for one in secrets if one.encode() in text]


def dumped(url):
    """Everything that a PostgreSQL database holds, as text."""
    command = [programs() / "pg_dump", "--data-only", "--inserts", "--dbname", url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
