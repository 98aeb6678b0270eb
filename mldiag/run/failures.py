"""Trials that raise: each is run once more, until all of them raise alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from mldiag.run.tracebacks import same_error
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

ALIKE = 4
"""So many different trials that raise the same speak for every other one, while none has had a score."""


class Failures:
    """What has raised in a command, and what follows from it.

    Args:
        is_default: Whether a trial is a full training at the defaults: it has to be among those that raise
            alike, or else it may be the others' parameters or rows that are at fault.
    """

    def __init__(self, is_default: Callable[[TrialSpec], bool]) -> None:
        self._is_default = is_default
        self._first: dict[str, TrialResult] = {}
        self._raised: dict[str, str] = {}
        self._default_raised = False
        self._something_else = False

    @property
    def speak_for_all(self) -> bool:
        """Whether every trial that is still to come would raise too."""
        alike = len(self._raised) >= ALIKE and len(set(self._raised.values())) == 1
        return alike and self._default_raised and not self._something_else

    @property
    def count(self) -> int:
        """Different trials that have raised."""
        return len(self._raised)

    def asks_again(self, key: str, result: TrialResult) -> bool:
        """Whether a trial is to be run once more: what raises twice alike is its own fault."""
        self.saw(key, result)
        if result.status != "failed" or key in self._first or self.speak_for_all:
            return False
        self._first[key] = result
        return True

    def saw(self, key: str, result: TrialResult) -> None:
        """Take in a result, also one from the store."""
        if result.status != "failed":
            self._something_else = True
            return
        # Numbers are no difference: a seed, an address, a temporary file.
        self._raised[key] = re.sub(r"\d+", "0", result.error)
        self._default_raised = self._default_raised or self._is_default(result.spec)

    def settled(self, key: str, result: TrialResult) -> TrialResult:
        """A result with the attempts that it took."""
        first = self._first.pop(key, None)
        if first is None or first is result:
            return result
        attempts = first.attempts + result.attempts
        if result.status == "failed" and not same_error(first.error, result.error):
            attempts = 1  # this exception came once: the store does not take it for settled
        return replace(result, attempts=attempts)

    def left(self) -> Iterator[tuple[str, TrialResult]]:
        """What has raised once and is not run again."""
        yield from list(self._first.items())

    def clear(self) -> None:
        """Forget what was to be run again."""
        self._first.clear()
