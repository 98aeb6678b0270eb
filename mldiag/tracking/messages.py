"""What the command and its writing process say to each other: pickles with their length in front."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import IO, Any

from mldiag.tracking.context import RunAnswer, RunContext
from mldiag.tracking.destination import Destination
from mldiag.trial_result import TrialResult

_LENGTH = struct.Struct("!Q")


@dataclass(frozen=True)
class Prepare:
    """Before the first word: a file of MLflow's that will be needed."""

    destination: Destination


@dataclass(frozen=True)
class Open:
    """First word: where to write, and about what."""

    destination: Destination
    context: RunContext


@dataclass(frozen=True)
class Trial:
    """A trial that came back."""

    result: TrialResult
    varying: tuple[str, ...]
    rank: int
    cached: bool
    finished: float


@dataclass(frozen=True)
class Close:
    """The answer, after the last trial; None where the command was interrupted, or ended with an error."""

    answer: RunAnswer | None
    varying: tuple[str, ...]
    error: str = ""


@dataclass(frozen=True)
class Opened:
    """The run exists in MLflow; `complete` if it was all there before."""

    experiment_id: str
    run_id: str
    complete: bool


@dataclass(frozen=True)
class Wrote:
    """A sign of life: so many children are written."""

    children: int


@dataclass(frozen=True)
class Notice:
    """Something for the user to know."""

    text: str


@dataclass(frozen=True)
class Closed:
    """Everything is written; the ids of the children worth comparing, in the order of lists."""

    scored_ids: tuple[str, ...]


@dataclass(frozen=True)
class Failed:
    """Nothing more will be written, and why."""

    reason: str


def send(pipe: IO[bytes], message: Any) -> None:
    """Write one message and flush it."""
    body = pickle.dumps(message)
    pipe.write(_LENGTH.pack(len(body)) + body)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read one message; None at the end of the pipe, also in the middle of a message."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = pipe.read(length)
    return pickle.loads(body) if len(body) == length else None
