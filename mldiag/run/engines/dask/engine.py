"""Trials on a Dask cluster: one of our own on this machine, or one that is joined.

Each trial is sent to a worker of our choice, as a plain task that Dask may not run anywhere else. So it is
known what a lost worker was busy with, and how often a trial was tried is for us to say: Dask would hand
one that ends its worker to the next, four times over by default.
"""

from __future__ import annotations

import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from mldiag.run.engine_names import is_address
from mldiag.run.engines import Order
from mldiag.run.engines.dask.cluster import Cluster, started
from mldiag.run.engines.dask.crew import Crew
from mldiag.run.engines.dask.errors import lost_scheduler
from mldiag.run.engines.dask.messages import Answer
from mldiag.run.engines.dask.news import Done, Lost, News, Remote, Seen, Versions
from mldiag.run.engines.dask.versions import EVERYWHERE
from mldiag.run.engines.dask.worker import run_chunk
from mldiag.run.engines.faults import dask_worker_lost
from mldiag.run.engines.local import CHUNK_PATIENCE, MAX_ATTEMPTS
from mldiag.run.engines.pace import ChunkPace
from mldiag.run.engines.worker_process import LoadError
from mldiag.run.threads import inner_threads, threads_elsewhere
from mldiag.run.watch import Watch
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

CHUNK_SECONDS = 0.05
"""Short trials travel together until they take this long: sending them through a scheduler takes 10 ms."""

AHEAD_SECONDS = 2.0
"""Of trials that are shorter, each place has one chunk more at hand, so that it need not wait for it."""

NEWS_SECONDS = 0.2
"""How long one waits for news before asking whether to give up."""

SILENT_SECONDS = 60.0
"""A scheduler that has said nothing for so long is taken for lost."""


@dataclass(eq=False)
class _Task:
    specs: tuple[TrialSpec, ...]
    attempt: int = 1
    key: str = ""
    future: Any = None  # the scheduler forgets the task when it is let go


class DaskEngine:
    """Runs trials on a Dask cluster, which is started or joined with the first trial.

    On each worker they run in processes of the local engine, with all that these survive. What a train
    function prints is dropped. A worker that is lost costs the attempts that were running on it.

    Args:
        experiment: The experiment.
        workers: Trials at a time; None for as many as the workers of a joined cluster have threads.
        threads: Inner threads of each training.
        time_limit: Seconds that one trial may take.
        watch: What the experiment's files must still be like when a worker loads them.
        notice: Takes a line for the user.
        address: Of the scheduler to join; empty to start a cluster on this machine.
        gpus: GPUs of each trial.
    """

    name = "dask"
    interruptible = False  # an exception amid the handling of news would lose some

    def __init__(
        self,
        experiment: Experiment,
        *,
        workers: int | None,
        threads: int,
        time_limit: float | None = None,
        watch: Watch | None = None,
        notice: Callable[[str], None] = lambda text: None,
        address: str = "",
        gpus: int = 0,
    ) -> None:
        self._experiment, self.workers, self._threads = experiment, workers, threads
        self._time_limit, self._watch, self._notice = time_limit, watch, notice
        self._address, self._gpus = address, gpus
        self._cluster: Cluster | None = None
        self._crew: Crew | None = None
        self._waiting: deque[_Task] = deque()
        self._flying: dict[str, tuple[_Task, Remote]] = {}
        self._pace = ChunkPace(CHUNK_SECONDS)
        self._heard = 0.0

    def run(
        self, specs: Iterable[TrialSpec], *, give_up: Callable[[], bool] = lambda: False
    ) -> Generator[TrialResult, None, None]:
        """Run trials as workers become free; see `Engine.run`.

        Raises:
            MldiagError: If there is no cluster, its workers do not suit, or its scheduler is lost.
        """
        source, dry = iter(specs), False
        crew = self._start()  # before a spec is taken, which would be lost if this fails
        try:
            while not give_up():
                dry = self._send(crew, source) or dry
                if dry and not self._flying and not self._waiting:
                    return
                news = self._next_news()
                if news is not None:
                    yield from self._taken_in(crew, news)
        finally:
            self._cancel(crew)

    def close(self) -> None:
        """Leave the cluster, and end it if it is our own; a second call does nothing."""
        cluster, crew = self._cluster, self._crew
        self._cluster = self._crew = None
        if crew is not None:
            crew.close()
        if cluster is not None:
            cluster.close()

    def _start(self) -> Crew:
        self._heard = time.monotonic()
        if self._crew is not None:
            self._crew.resume()
            return self._crew
        packages = dict.fromkeys([*EVERYWHERE, *(self._watch.packages if self._watch else ())])
        if self._address:
            self._cluster = Cluster(self._address, packages=packages)
        else:
            assert self.workers is not None
            self._cluster = started(
                self.workers, threads=self._threads, gpus=self._gpus, packages=packages
            )
        self._crew = Crew(
            self._cluster,
            self._experiment,
            threads=self._threads,
            time_limit=self._time_limit,
            watch=self._watch,
            notice=self._notice,
            most=self.workers,
            gpus=self._gpus,
        )
        return self._crew

    # Out

    def _send(self, crew: Crew, source: Iterator[TrialSpec]) -> bool:
        """Keep every worker busy; returns whether there is nothing more to be had."""
        ready = crew.ready()
        while True:
            suspect = bool(self._waiting) and self._waiting[0].attempt > 1
            remote = self._remote_for(ready, suspect=suspect)
            if remote is None:
                return False
            if self._waiting:
                task = self._waiting.popleft()
            else:
                task = _Task(tuple(islice(source, self._pace.size())))
            if not task.specs:
                return True
            self._submit(task, remote)

    def _remote_for(self, ready: list[Remote], *, suspect: bool) -> Remote | None:
        """The least busy worker with room.

        What may have ended a worker is alone on the next one, so that nothing else is blamed for it.
        """
        if suspect:
            return next((remote for remote in ready if not remote.tasks), None)
        each = 2 if self._pace.below(AHEAD_SECONDS) else 1
        free = [
            remote
            for remote in ready
            if len(remote.tasks) < each * remote.places
            and not any(task.attempt > 1 for task in remote.tasks)
        ]
        return min(free, key=lambda remote: len(remote.tasks) / remote.places, default=None)

    def _submit(self, task: _Task, remote: Remote) -> None:
        assert self._cluster is not None
        task.key = f"mldiag-trials-{uuid.uuid4().hex}"
        self._flying[task.key] = task, remote
        remote.tasks.append(task)
        task.future = self._cluster.submit(
            run_chunk,
            remote.key,
            task.specs,
            task.attempt,
            CHUNK_PATIENCE,
            key=task.key,
            worker=remote.address,
            gpus=self._gpus,
        )

    # In

    def _next_news(self) -> News | None:
        assert self._cluster is not None
        try:
            return self._cluster.news.get(timeout=NEWS_SECONDS)
        except queue.Empty:
            if time.monotonic() - self._heard > SILENT_SECONDS:
                return Lost()
            return None

    def _taken_in(self, crew: Crew, news: News) -> Iterator[TrialResult]:
        assert self._cluster is not None
        if isinstance(news, Lost):
            raise lost_scheduler(self._cluster.address)
        if isinstance(news, Seen):
            self._heard = time.monotonic()
            for gone in crew.seen(news.workers):
                yield from self._after_loss(gone)
        elif isinstance(news, Versions):
            crew.installed(news.told)
        elif news.key in self._flying:
            if news.cancelled:  # what nobody asked for: the scheduler is another one by now
                raise lost_scheduler(self._cluster.address)
            yield from self._after_task(crew, news)
        elif (remote := crew.of_task(news.key)) is not None:
            crew.prepared(remote, news)

    def _after_task(self, crew: Crew, done: Done) -> Iterator[TrialResult]:
        task, remote = self._flying[done.key]
        if isinstance(done.error, LoadError):
            raise done.error
        if not isinstance(done.value, Answer):
            # Whatever Dask believes: trials do not raise, so what was there to run them is gone.
            crew.dismiss(remote)
            yield from self._after_loss(remote)
            return
        answer = done.value
        self._forget(task, remote)
        ended = {result.spec for result in answer.results}
        self._again((spec for spec in task.specs if spec not in ended), task.attempt)
        if answer.outdated:
            crew.outdated(remote)
        for result in answer.results:
            self._pace.note(result.wall_seconds)
            yield replace(result, attempts=result.attempts + task.attempt - 1)

    def _after_loss(self, remote: Remote) -> Iterator[TrialResult]:
        """Count the attempts that ended with a worker; what it had not begun is sent again as it was."""
        tasks = list(remote.tasks)
        for number, task in enumerate(tasks):
            self._forget(task, remote)
            if number >= remote.places:
                self._waiting.append(task)
            elif task.attempt < MAX_ATTEMPTS:
                self._again(task.specs, task.attempt + 1)
            else:
                for spec in task.specs:
                    yield dask_worker_lost(spec, threads=self._threads, attempts=task.attempt)

    def _again(self, specs: Iterable[TrialSpec], attempt: int) -> None:
        """Put trials back, each on its own."""
        self._waiting.extendleft(_Task((spec,), attempt) for spec in reversed(tuple(specs)))

    def _forget(self, task: _Task, remote: Remote) -> None:
        self._flying.pop(task.key, None)
        if task in remote.tasks:
            remote.tasks.remove(task)
        task.future = None

    def _cancel(self, crew: Crew) -> None:
        """Give up what is in flight: its workers end the trainings as soon as they hear of it."""
        busy = {id(remote): remote for _, remote in self._flying.values()}
        for task, _ in self._flying.values():
            task.future = None
        self._flying.clear()
        self._waiting.clear()
        crew.release(busy.values())


def open_engine(order: Order) -> DaskEngine:
    """The engine that runs trials on a cluster: one that is joined, or one of our own."""
    settings, joins = order.settings, is_address(order.settings.engine)
    return DaskEngine(
        order.experiment,
        workers=settings.jobs if joins else order.workers,
        threads=threads_elsewhere() if joins else inner_threads(order.workers),
        time_limit=settings.time_limit,
        watch=order.watch,
        notice=order.notice,
        address=settings.engine if joins else "",
        gpus=settings.gpus,
    )
