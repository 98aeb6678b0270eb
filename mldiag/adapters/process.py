"""Running a program with everything it starts, so that nothing of it outlives the trial."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mldiag.errors import MldiagError

# Waits until its standard input closes, which the end of this process does however it ends, and then
# kills the program's process group and removes the trial's files.
_GUARD = 'read -r _; kill -s KILL -- "-$1" 2>/dev/null; rm -rf -- "$2"'


@dataclass(frozen=True)
class Finished:
    """What a program left.

    Args:
        status: Exit status; negative for the number of the signal that ended it.
        output: What it wrote to standard output.
        errors: What it wrote to standard error.
    """

    status: int
    output: str
    errors: str


def run_program(
    words: Sequence[str], folder: Path, *, environment: Mapping[str, str], scratch: Path
) -> Finished:
    """Run a program in a process group of its own and wait for it.

    When this process ends first, killed or not, the group is killed and `scratch` removed.

    Args:
        words: Program and arguments; no shell sees them.
        folder: Where it runs.
        environment: Its environment.
        scratch: An existing folder for what it writes; the caller removes it.

    Raises:
        MldiagError: If it cannot be started.
    """
    output, errors = scratch / "stdout", scratch / "stderr"
    with output.open("wb") as to_output, errors.open("wb") as to_errors:
        try:
            program = subprocess.Popen(
                list(words),
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=to_output,
                stderr=to_errors,
                start_new_session=True,
            )
        except OSError as error:
            raise MldiagError(
                f"{words[0]} cannot be started: {error.strerror}", expected="a program"
            ) from error
    guard = None
    try:
        guard = _guard(program.pid, scratch)
        status = program.wait()
    finally:
        with suppress(ProcessLookupError, PermissionError):  # what it left running, too
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        if guard is not None:
            _dismiss(guard)
    return Finished(status, _text(output), _text(errors))


def _guard(group: int, scratch: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "mldiag-guard", str(group), str(scratch)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C at the terminal must not end it first
    )


def _dismiss(guard: subprocess.Popen[bytes]) -> None:
    guard.kill()
    guard.wait()
    if guard.stdin is not None:
        guard.stdin.close()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def last_lines(text: str, count: int = 8) -> str:
    r"""The end of an output, indented, for a message.

    Example:
        >>> print(last_lines("a\nb\nc\n", 2))
          b
          c
    """
    lines = [line.rstrip()[:300] for line in text.splitlines() if line.strip()]
    return "\n".join(f"  {line}" for line in lines[-count:]) or "  (nothing)"
