"""A process that is costly to start, kept between two commands of the process that started it."""

from __future__ import annotations

import atexit
import os
import threading
from typing import Generic, Protocol, TypeVar


class Process(Protocol):
    """What can be kept."""

    @property
    def suits(self) -> bool:
        """Whether it lives, and a new one would be no different."""

    def end(self) -> None:
        """End it at once."""


P = TypeVar("P", bound=Process)


class Kept(Generic[P]):
    """A place for one process; whoever takes it from there has it alone.

    What waits here ends with this process, and a fork does not touch it: it is the parent's.

    Example:
        >>> class Server:
        ...     suits = True
        ...     def end(self): print("ended")
        >>> place, server = Kept(), Server()
        >>> place.take() is None
        True
        >>> place.keep(server); place.take() is server, place.take()
        (True, None)
        >>> place.keep(server); place.end()
        ended
    """

    def __init__(self) -> None:
        self._waiting: P | None = None
        self._lock = threading.Lock()
        atexit.register(self.end)
        os.register_at_fork(after_in_child=self._forget)

    def take(self) -> P | None:
        """The process that waits; None where there is none, or it no longer suits and was ended."""
        found = self._swap(None)
        if found is None or found.suits:
            return found
        found.end()
        return None

    def keep(self, process: P) -> None:
        """Let a process wait; the one that waited before is ended."""
        spare = self._swap(process)
        if spare is not None:
            spare.end()

    @property
    def ready(self) -> bool:
        """Whether one waits that `take` would give."""
        waiting = self._waiting
        return waiting is not None and waiting.suits

    def end(self) -> None:
        """End the process that waits."""
        waiting = self._swap(None)
        if waiting is not None:
            waiting.end()

    def _swap(self, process: P | None) -> P | None:
        with self._lock:
            before, self._waiting = self._waiting, process
        return before

    def _forget(self) -> None:
        self._waiting, self._lock = None, threading.Lock()
