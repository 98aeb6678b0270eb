"""Trials in worker processes on this machine, which survive whatever a training does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired

from mldiag.run.cargo import Cargo, CargoError
from mldiag.run.engines import Order, faults
from mldiag.run.engines.devices import Devices, device_groups
from mldiag.run.engines.faults import KILLED, hard_limit, memory_kills, timed_out, worker_died
from mldiag.run.engines.lookout import Lookout, Task
from mldiag.run.engines.pace import ChunkPace
from mldiag.run.engines.pool import WorkerPool
from mldiag.run.engines.worker_process import OUTDATED, LoadError
from mldiag.run.threads import inner_threads
from mldiag.run.watch import Watch, changed_text
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

CHUNK_PATIENCE = 0.1
"""A chunk that has taken this long comes back with what it has, so that one slow trial delays few."""

MAX_ATTEMPTS = 2
"""A trial that takes its worker down is tried again once."""

MAX_REBUILDS = 3
"""Pools that may break one after the other without a single result."""

LOOK_SECONDS = 0.2
"""Pause between two looks at what no result has come from."""


class LocalEngine:
    """Runs trials in `workers` processes, which are started with the first trial and stay warm.

    A training that hangs, crashes or is killed costs its own trial; the other ones go on. Workers end
    with this process, however it ends, and with all that they have started. What a train function
    prints is dropped: lines of several trainings at once would tell nobody anything.

    Args:
        experiment: The experiment, or what it travels in where another process has packed it.
        workers: Trials at a time.
        threads: Inner threads of each training.
        time_limit: Seconds that one trial may take.
        watch: What the experiment's files must still be like when a worker loads them; None for
            whatever they are.
        notice: Takes a line for the user.
        devices: GPUs of each worker; empty for none.

    Attributes:
        most_attempts: How often a trial that takes its worker down is tried.
    """

    name = "local"
    interruptible = False  # an exception inside the pool's queue could leave it waiting for ever

    def __init__(
        self,
        experiment: Experiment | Cargo,
        *,
        workers: int,
        threads: int,
        time_limit: float | None = None,
        watch: Watch | None = None,
        notice: Callable[[str], None] = lambda text: None,
        devices: Sequence[Devices] = (),
    ) -> None:
        self.workers, self._threads, self._time_limit = workers, threads, time_limit
        self._pool = WorkerPool(
            experiment, workers, threads, time_limit, watch=watch, devices=devices
        )
        self._notice, self.most_attempts = notice, MAX_ATTEMPTS
        self._waiting: deque[Task] = deque()
        self._flying: dict[Any, Task] = {}
        self._pace = ChunkPace()
        self._lookout = Lookout(self._pool)
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
                if not self._send(source):
                    yield from self._rebuild()
                    continue
                if not self._flying:
                    return
                done, _ = wait(self._flying, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
                if not done and (not self._pool.active or self._lookout.is_wedged(self._flying)):
                    yield from self._rebuild()
                for future in done or self._lookout.orphaned(self._flying):
                    yield from self._results_of(future)
        finally:
            self._cancel()

    def load(self, give_up: Callable[[], bool]) -> None:
        """Have a worker load the experiment now; see `WorkerPool.load`."""
        self._pool.load(give_up)

    def close(self) -> None:
        """Kill the workers; a second call does nothing."""
        self._pool.close()

    def _send(self, source: Iterator[TrialSpec]) -> bool:
        """Keep every worker busy, with one more chunk each at hand while trials are short.

        Returns:
            False where the pool broke since the last look.
        """
        size = self._pace.size()
        places = self.workers * (2 if size > 1 else 1)
        while len(self._flying) < places:
            again = self._waiting
            task = again.popleft() if again else Task(tuple(islice(source, size)))
            if not task.specs:
                break
            if not self._submit(task):
                return False
        return True

    def _submit(self, task: Task) -> bool:
        taken = {other.number for other in self._flying.values()}
        task.number = min(set(range(len(taken) + 1)) - taken)
        limit = self._time_limit
        timeout = None if limit is None else hard_limit(limit) + CHUNK_PATIENCE
        try:
            future = self._pool.schedule(
                task.number, task.specs, patience=CHUNK_PATIENCE, timeout=timeout
            )
        except RuntimeError:
            self._waiting.appendleft(task)
            return False
        self._flying[future] = task
        return True

    def _results_of(self, future: Any) -> Iterator[TrialResult]:
        task = self._flying.pop(future, None)
        if task is None:  # put back when the pool broke
            return
        try:
            results = future.result(timeout=0)
            if results is None:
                results = self._pool.finished(task.number)
        except LoadError:
            raise
        except TimeoutError:
            if future.done():
                yield from self._after_timeout(task)
            else:  # nothing has come from it, nor will
                future.cancel()
                yield from self._after_death(task, KILLED)
        except ProcessExpired as error:
            if error.exitcode == OUTDATED:
                self._after_edit(task)
            else:
                yield from self._after_death(task, error.exitcode)
        except BrokenProcessPool:
            self._flying[future] = task
            yield from self._rebuild()
        except Exception as error:
            yield from self._after_bad_result(task, error)
        else:
            self._rebuilds = 0
            self._again(task.specs[len(results) :], task.attempts)
            yield from self._noted(task, results)

    def _noted(self, task: Task, results: Iterable[TrialResult]) -> Iterator[TrialResult]:
        for result in results:
            self._pace.note(result.wall_seconds)
            yield result if task.attempts == 1 else replace(result, attempts=task.attempts)

    def _salvaged(self, task: Task) -> Iterator[TrialResult]:
        """What a task had finished before its worker was lost; the task keeps the others."""
        try:
            finished = self._pool.finished(task.number)
        except Exception:  # a result that cannot travel: its trial tells so when it runs alone
            finished = []
        task.specs = task.specs[len(finished) :]
        yield from self._noted(task, finished)

    def _after_timeout(self, task: Task) -> Iterator[TrialResult]:
        assert self._time_limit is not None
        in_chunk = len(task.specs) > 1
        yield from self._salvaged(task)
        if in_chunk:  # the limit is meant for one trial: each gets it on its own
            self._again(task.specs, task.attempts)
        elif task.specs:
            yield timed_out(
                task.specs[0], self._time_limit, threads=self._threads, attempts=task.attempts
            )

    def _after_death(self, task: Task, exit_code: int) -> Iterator[TrialResult]:
        """Only the trial that was running counts as tried; those of its chunk that waited run again."""
        yield from self._salvaged(task)
        if not task.specs:
            return
        guilty = task.specs[0]
        self._again(task.specs[1:], task.attempts)
        kills = memory_kills()
        memory, self._kills = exit_code == KILLED and kills > self._kills, kills
        if memory or task.attempts >= self.most_attempts:
            yield worker_died(
                guilty, exit_code, threads=self._threads, attempts=task.attempts, memory=memory
            )
        else:
            self._again((guilty,), task.attempts + 1)

    def _after_edit(self, task: Task) -> None:
        """Go on with the experiment as it was: results of other code belong under another name."""
        self._waiting.appendleft(task)
        try:
            edited = self._pool.send_by_value()
        except CargoError as error:
            raise faults.edited_and_unsendable(error) from error
        if edited:
            self._notice(f"{changed_text(edited)}: it goes on with the code and data it began with")

    def _after_bad_result(self, task: Task, error: Exception) -> Iterator[TrialResult]:
        """A result that cannot travel: a subclass of float as a metric, say, that only the user has."""
        if len(task.specs) > 1:
            self._again(task.specs, task.attempts)
        else:
            text = f"the result cannot be sent back to the parent process: {error}"
            yield TrialResult(task.specs[0], "failed", error=text, threads=self._threads)

    def _again(self, specs: Iterable[TrialSpec], attempts: int) -> None:
        """Put trials back, each on its own."""
        self._waiting.extendleft(Task((spec,), attempts) for spec in reversed(tuple(specs)))

    def _rebuild(self) -> Iterator[TrialResult]:
        """Begin again with new processes; what was running in the old ones is tried again."""
        self._rebuilds += 1
        self._lookout.begin_again()
        tasks = list(self._flying.values())
        self._flying.clear()
        self._pool.stop()
        for task in tasks:
            yield from self._salvaged(task)
            self._again(task.specs, task.attempts)
        if self._rebuilds > MAX_REBUILDS:
            raise faults.no_worker_lives()

    def _cancel(self) -> None:
        """Give up what is in flight, and its workers: their slots are free then."""
        if self._flying:
            self._pool.stop_workers()
        self._flying.clear()
        self._waiting.clear()


def open_engine(order: Order) -> LocalEngine:
    """The engine that runs trials in processes of this machine."""
    settings = order.settings
    return LocalEngine(
        order.experiment,
        workers=order.workers,
        threads=inner_threads(order.workers),
        time_limit=settings.time_limit,
        watch=order.watch,
        notice=order.notice,
        devices=device_groups(settings.gpus, order.workers),
    )
