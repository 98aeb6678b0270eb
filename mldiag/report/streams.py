"""Consoles that look right in a terminal, in a pipe and in a log."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 100
"""Columns of a report that is piped or logged where no `COLUMNS` says otherwise."""

READING_WIDTH = 110
"""Widest line of a report: longer ones are hard to read."""


def console(*, stderr: bool = False) -> Console:
    """A console on the standard output or the standard error.

    Colours only in a terminal and without `NO_COLOR`; no markup, because users' names hold brackets;
    control characters in them are shown, not sent.
    """
    from mldiag.report.inert_console import InertConsole

    stream: TextIO = sys.stderr if stderr else sys.stdout
    if not stream.isatty():
        stream = cast("TextIO", _Trimmed(stream))
    plain = bool(os.environ.get("NO_COLOR"))
    made = InertConsole(
        file=stream, markup=False, highlight=False, emoji=False, soft_wrap=False,
        no_color=plain or None, color_system=None if plain else "auto",
    )  # fmt: skip
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = PIPE_WIDTH
    made.width = min(made.width, READING_WIDTH)
    return made


class _Trimmed:
    """A stream without blanks at the ends of lines: tables are padded, and files should not be."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(re.sub(r"[ \t]+(?=\n)", "", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def forgive_encodings() -> None:
    """Let a terminal that cannot show a character show a question mark instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


@contextmanager
def printing_to_stderr() -> Iterator[None]:
    """Send what user code prints to the standard error, in this process and in those it starts.

    The standard output is for the verdict alone: `--json` promises one object there.
    """
    sys.stdout.flush()
    kept: int | None = None
    with suppress(OSError, ValueError):  # no such descriptors, as under some servers
        kept = os.dup(1)
        os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)
