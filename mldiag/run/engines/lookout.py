"""Tasks that travel to worker processes, and which of them nothing will ever come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mldiag.run.engines.pool import WorkerPool
from mldiag.trial_spec import TrialSpec

IDLE_LOOKS = 25
"""Looks in a row at which no worker is busy before the pool is given up."""

UNSEEN_LOOKS = 3
"""Looks in a row at which a task's worker is gone before the task is given up; Pebble tells sooner."""


@dataclass(eq=False)
class Task:
    """Trials that travel together.

    Args:
        specs: The trials; those that have come back are taken away.
        attempts: How often the first of them has been tried, this time included.
        number: No other task in flight has it.
        unseen: Looks in a row at which its worker was gone.
    """

    specs: tuple[TrialSpec, ...]
    attempts: int = 1
    number: int = 0
    unseen: int = 0


class Lookout:
    """Looks after what a pool does not miss by itself."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool, self._idle_looks = pool, 0

    def begin_again(self) -> None:
        """Forget what was seen of processes that are gone."""
        self._idle_looks = 0

    def orphaned(self, flying: Mapping[Any, Task]) -> list[Any]:
        """Tasks whose worker is gone without a word.

        The pool does not miss a worker that dies within the moment in which it takes a task.
        """
        for task in flying.values():
            task.unseen = task.unseen + 1 if self._pool.lacks_worker(task.number) else 0
        return [future for future, task in flying.items() if task.unseen >= UNSEEN_LOOKS]

    def is_wedged(self, flying: Mapping[Any, Task]) -> bool:
        """Whether nothing has been worked on for a while, although there are tasks and idle workers.

        A worker that is killed in the microseconds in which it reads a task leaves the rest of it in the
        pipe that it shares with the others.
        """
        busy = any(self._pool.works_on(task.number, len(task.specs)) for task in flying.values())
        self._idle_looks = 0 if busy or self._pool.loads() else self._idle_looks + 1
        return self._idle_looks >= IDLE_LOOKS
