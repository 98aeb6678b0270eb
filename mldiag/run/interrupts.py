"""Ctrl-C and SIGTERM as a request to stop cleanly; a second one stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ANSWERED = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
"""Signals that stop a run cleanly, with what Python does on them unless somebody has changed it."""


class Interrupts:
    """Holds Ctrl-C, and the SIGTERM of a batch system, back while a result is being stored and told.

    Attributes:
        requested: Whether the user has asked to stop.
    """

    def __init__(self) -> None:
        self.requested = False
        self._open = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """While inside, the first of them raises only within `let_through`.

        Only the main thread can answer signals; in another one, this does nothing. A handler that the
        user's program has set is left alone.
        """
        on_main = threading.current_thread() is threading.main_thread()
        usual = {
            number: how for number, how in _ANSWERED.items() if signal.getsignal(number) is how
        }
        ours = usual if on_main else {}
        for number in ours:
            signal.signal(number, self._answer)
        try:
            yield
        finally:
            for number, how in ours.items():
                signal.signal(number, how)

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """While inside, they raise `KeyboardInterrupt`, also one that came before."""
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
