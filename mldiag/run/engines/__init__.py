"""Where trials run: in this process, or in worker processes that survive them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


class Engine(Protocol):
    """Runs trials; the same experiment gives equal results on every engine.

    Attributes:
        name: Name after `--engine`.
    """

    name: str

    def run(self, specs: Iterable[TrialSpec]) -> Iterator[TrialResult]:
        """Run trials and yield results as they finish, in any order.

        A spec is taken only when it can start soon, so that the caller may still decide what comes
        next. Closing the iterator cancels what is in flight.
        """

    def close(self) -> None:
        """Stop everything at once; a second call does nothing."""
