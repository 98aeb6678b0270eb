"""Where trials run: in this process, or in worker processes that survive them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mldiag.run.settings import RunSettings
from mldiag.run.watch import Watch
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


@dataclass(frozen=True)
class Order:
    """What a command wants of an engine; `open_engine(order)` in the engine's file makes it.

    Args:
        experiment: The experiment.
        workers: Trials at a time.
        settings: What the user chose: the time limit and the GPUs of a trial are the engine's to keep.
        watch: What the experiment's files must still be like when another process loads them.
        notice: Takes a line for the user.
    """

    experiment: Experiment
    workers: int
    settings: RunSettings
    watch: Watch | None
    notice: Callable[[str], None]


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
