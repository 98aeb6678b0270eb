"""Ctrl-C as a request to stop cleanly; a second one stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupts:
    """Holds Ctrl-C back while a result is being stored and told.

    Attributes:
        requested: Whether the user has asked to stop.
    """

    def __init__(self) -> None:
        self.requested = False
        self._open = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """While inside, the first Ctrl-C raises only within `let_through`.

        Only the main thread can answer signals; in another one, this does nothing. A handler that the
        user's program has set is left alone.
        """
        on_main = threading.current_thread() is threading.main_thread()
        if not on_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, self._answer)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """While inside, Ctrl-C raises `KeyboardInterrupt`, also one that came before."""
        self._open = True
        try:
            if self.requested:
                raise KeyboardInterrupt
            yield
        finally:
            self._open = False

    def _answer(self, number: int, frame: Any) -> None:
        again, self.requested = self.requested, True
        if again or self._open:
            signal.default_int_handler(number, frame)
