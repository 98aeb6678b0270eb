"""Where trials run: in this process, or in worker processes that survive them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol

from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


class Engine(Protocol):
    """Runs trials; the same experiment gives equal results on every engine.

    Attributes:
        name: Name after `--engine`.
        interruptible: Whether Ctrl-C may raise within `run`. Where it may not, `give_up` is enough.
    """

    name: str
    interruptible: bool

    def run(
        self, specs: Iterable[TrialSpec], *, give_up: Callable[[], bool] = lambda: False
    ) -> Generator[TrialResult, None, None]:
        """Run trials and yield results as they finish, in any order.

        Args:
            specs: One is taken only when it can start soon, so that the caller may still decide what
                comes next.
            give_up: Asked now and then; once it is true, what is in flight is cancelled, as it is when
                the iterator is closed.
        """

    def close(self) -> None:
        """Stop everything at once; a second call does nothing."""
