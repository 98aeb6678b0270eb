"""Trials in worker processes on this machine, which survive whatever a training does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired

from mldiag.errors import MldiagError
from mldiag.run.engines.faults import KILLED, hard_limit, memory_kills, timed_out, worker_died
from mldiag.run.engines.pool import WorkerPool
from mldiag.run.engines.worker_process import LoadError
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

CHUNK_SECONDS = 0.02
"""Short trials travel together until they take this long: then sending them (about 1 ms) costs little."""

CHUNK_PATIENCE = 0.1
"""A chunk that has taken this long comes back with what it has, so that one slow trial delays few."""

CHUNK_TRIALS = 64
"""At most this many travel together."""

MAX_ATTEMPTS = 2
"""A trial that takes its worker down is tried again once."""

MAX_REBUILDS = 3
"""Pools that may break one after the other without a single result."""

LOOK_SECONDS = 0.2
"""Pause between two looks at what no result has come from."""

UNSEEN_LOOKS = 3
"""Looks in a row at which a task's worker is gone before the task is given up; Pebble tells sooner."""


@dataclass(eq=False)
class _Task:
    specs: tuple[TrialSpec, ...]
    attempts: int = 1
    number: int = 0  # no other task in flight has it
    unseen: int = 0


class LocalEngine:
    """Runs trials in `workers` processes, which are started with the first trial and stay warm.

    A training that hangs, crashes or is killed costs its own trial; the other ones go on. Workers end
    with this process, however it ends, and with all that they have started. What a train function
    prints is dropped: lines of several trainings at once would tell nobody anything.

    Args:
        experiment: The experiment.
        workers: Trials at a time.
        threads: Inner threads of each training.
        time_limit: Seconds that one trial may take.
    """

    name = "local"
    interruptible = False  # an exception inside the pool's queue could leave it waiting for ever

    def __init__(
        self,
        experiment: Experiment,
        *,
        workers: int,
        threads: int,
        time_limit: float | None = None,
    ) -> None:
        self.workers, self._threads, self._time_limit = workers, threads, time_limit
        self._pool = WorkerPool(experiment, workers, threads, time_limit)
        self._waiting: deque[_Task] = deque()
        self._flying: dict[Any, _Task] = {}
        self._mean_seconds: float | None = None
        self._rebuilds = 0
        self._kills = memory_kills()

    def run(
        self, specs: Iterable[TrialSpec], *, give_up: Callable[[], bool] = lambda: False
    ) -> Generator[TrialResult, None, None]:
        """Run trials as workers become free; see `Engine.run`.

        Raises:
            MldiagError: If workers cannot be started, or cannot load the experiment.
        """
        source = iter(specs)
        self._pool.start()  # before a spec is taken, which would be lost if this fails
        try:
            while not give_up():
                self._send(source)
                if not self._flying:
                    return
                done, _ = wait(self._flying, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
                if not done and not self._pool.active:
                    self._rebuild()
                for future in done or self._orphaned():
                    yield from self._results_of(future)
        finally:
            self._cancel()

    def close(self) -> None:
        """Kill the workers; a second call does nothing."""
        self._pool.close()

    def _send(self, source: Iterator[TrialSpec]) -> None:
        """Keep every worker busy, with one more chunk each at hand while trials are short."""
        size = self._chunk_size()
        places = self.workers * (2 if size > 1 else 1)
        while len(self._flying) < places:
            again = self._waiting
            task = again.popleft() if again else _Task(tuple(islice(source, size)))
            if not task.specs:
                return
            self._submit(task)

    def _chunk_size(self) -> int:
        if self._mean_seconds is None:
            return 1
        return max(1, min(CHUNK_TRIALS, int(CHUNK_SECONDS / max(self._mean_seconds, 1e-6))))

    def _submit(self, task: _Task) -> None:
        taken = {other.number for other in self._flying.values()}
        task.number = min(set(range(len(taken) + 1)) - taken)
        limit = self._time_limit
        timeout = None if limit is None else hard_limit(limit) + CHUNK_PATIENCE
        try:
            future = self._pool.schedule(
                task.number, task.specs, patience=CHUNK_PATIENCE, timeout=timeout
            )
        except RuntimeError:  # the pool broke since the last look
            self._waiting.appendleft(task)
            self._rebuild()
        else:
            self._flying[future] = task

    def _results_of(self, future: Any) -> Iterator[TrialResult]:
        task = self._flying.pop(future, None)
        if task is None:  # put back when the pool broke
            return
        try:
            results = future.result(timeout=0)
        except LoadError:
            raise
        except TimeoutError:
            if future.done():
                yield from self._after_timeout(task)
            else:  # nothing has come from it, nor will
                future.cancel()
                yield from self._after_death(task, KILLED)
        except ProcessExpired as error:
            yield from self._after_death(task, error.exitcode)
        except BrokenProcessPool:
            self._waiting.appendleft(task)
            self._rebuild()
        except CancelledError:
            return
        except Exception as error:
            yield from self._after_bad_result(task, error)
        else:
            self._rebuilds = 0
            self._again(task.specs[len(results) :], task.attempts)
            for result in results:
                self._note_seconds(result.wall_seconds)
                yield result if task.attempts == 1 else replace(result, attempts=task.attempts)

    def _note_seconds(self, seconds: float) -> None:
        mean = self._mean_seconds
        # One slow trial ends chunks of many at once; it takes several fast ones to begin them again.
        self._mean_seconds = (
            seconds if mean is None else max(seconds / 4, 0.8 * mean + 0.2 * seconds)
        )

    def _after_timeout(self, task: _Task) -> Iterator[TrialResult]:
        assert self._time_limit is not None
        if len(task.specs) > 1:  # the limit is meant for one trial: each gets it on its own
            self._again(task.specs, task.attempts)
        else:
            yield timed_out(
                task.specs[0], self._time_limit, threads=self._threads, attempts=task.attempts
            )

    def _after_death(self, task: _Task, exit_code: int) -> Iterator[TrialResult]:
        """Only the trial that was running counts as tried; the others of its chunk run again."""
        position = self._pool.position_of(task.number)
        guilty = task.specs[position]
        self._again(task.specs[:position] + task.specs[position + 1 :], task.attempts)
        kills = memory_kills()
        memory, self._kills = exit_code == KILLED and kills > self._kills, kills
        if memory or task.attempts >= MAX_ATTEMPTS:
            yield worker_died(
                guilty, exit_code, threads=self._threads, attempts=task.attempts, memory=memory
            )
        else:
            self._again((guilty,), task.attempts + 1)

    def _after_bad_result(self, task: _Task, error: Exception) -> Iterator[TrialResult]:
        """A result that cannot travel: a subclass of float as a metric, say, that only the user has."""
        if len(task.specs) > 1:
            self._again(task.specs, task.attempts)
        else:
            text = f"the result cannot be sent back to the parent process: {error}"
            yield TrialResult(task.specs[0], "failed", error=text, threads=self._threads)

    def _again(self, specs: Iterable[TrialSpec], attempts: int) -> None:
        """Put trials back, each on its own."""
        self._waiting.extendleft(_Task((spec,), attempts) for spec in reversed(tuple(specs)))

    def _orphaned(self) -> list[Any]:
        """Tasks whose worker is gone without a word.

        The pool does not miss a worker that dies within the moment in which it takes a task.
        """
        for task in self._flying.values():
            task.unseen = task.unseen + 1 if self._pool.lacks_worker(task.number) else 0
        return [future for future, task in self._flying.items() if task.unseen >= UNSEEN_LOOKS]

    def _rebuild(self) -> None:
        """Begin again with new processes; what was in flight goes with them."""
        self._rebuilds += 1
        self._waiting.extendleft(self._flying.values())
        self._flying.clear()
        self._pool.stop()
        if self._rebuilds > MAX_REBUILDS:
            raise MldiagError(
                "worker processes end before they can run a trial",
                expected="processes that start; their messages are on stderr",
                hint="--engine inline",
            )

    def _cancel(self) -> None:
        """Give up what is in flight: its workers are replaced."""
        for future in self._flying:
            future.cancel()
        self._flying.clear()
        self._waiting.clear()
