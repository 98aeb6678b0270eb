"""A pool of worker processes with one experiment in them: started when needed, stopped at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any

from pebble import ProcessPool

from mldiag.run import cargo as cargos
from mldiag.run.cargo import Cargo
from mldiag.run.engines.devices import DeviceClaims, Devices
from mldiag.run.engines.fork_server import (
    IDLE,
    WorkerContext,
    WorkerServer,
    modules_to_preload,
)
from mldiag.run.engines.task_slots import TaskSlots
from mldiag.run.engines.worker_process import WorkerState, run_chunk, start_worker
from mldiag.run.threads import THREAD_VARIABLES
from mldiag.run.watch import Watch
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

LOAD_LOOK_SECONDS = 0.2
"""Pause between two looks at whether a worker that loads is still wanted."""

JOIN_SECONDS = 5.0
"""A pool that was interrupted at a bad moment may never end by itself; it is left behind."""


class OutdatedError(Exception):
    """A worker would load another experiment than the run began with, and its parent has not got that one."""


class WorkerPool:
    """Pebble's pool, with workers of our own.

    Args:
        experiment: The experiment, or what it travels in where another process has packed it.
        workers: Number of processes.
        threads: Inner threads of each.
        time_limit: Seconds after which `trial.epochs` ends.
        watch: What the experiment's files must still be like when a worker loads them.
        devices: GPUs of each worker; empty for none.
    """

    def __init__(
        self,
        experiment: Experiment | Cargo,
        workers: int,
        threads: int,
        time_limit: float | None,
        *,
        watch: Watch | None = None,
        devices: Sequence[Devices] = (),
    ) -> None:
        self._experiment, self._workers, self._watch = experiment, workers, watch
        self._threads, self._time_limit = threads, time_limit
        self._devices = tuple(devices)
        self._pool: Any = None
        self._server: WorkerServer | None = None
        self._state: WorkerState | None = None

    @property
    def active(self) -> bool:
        """Whether the pool takes tasks."""
        return self._pool is not None and bool(self._pool.active)

    def start(self) -> None:
        """Make the pool ready; processes start with the first task.

        Raises:
            CargoError: If the experiment cannot be sent to another process.
        """
        if self._pool is not None:
            return
        if self._state is None or self._server is None:
            given = self._experiment
            cargo = given if isinstance(given, Cargo) else cargos.pack(given)
            self._state = WorkerState(
                cargo,
                TaskSlots.made(),
                self._threads,
                self._time_limit,
                self._watch if cargo.target else None,
                DeviceClaims(self._devices) if any(self._devices) else None,
            )
            self._server = _server_with(environment_of_workers(self._threads))
        self._pool = ProcessPool(
            max_workers=self._workers,
            initializer=start_worker,
            initargs=(self._state,),
            context=WorkerContext(self._server),
        )

    def schedule(
        self, number: int, specs: Sequence[TrialSpec], *, patience: float, timeout: float | None
    ) -> Any:
        """Send a task.

        Args:
            number: No other task in flight may have it.
            specs: The trials.
            patience: Seconds after which no further one begins.
            timeout: Seconds after which the worker is killed.

        Returns:
            A future of the results; of None where `finished` gives them.

        Raises:
            RuntimeError: If the pool is broken.
        """
        self.start()
        assert self._state is not None
        self._state.slots.clear(number)
        return self._pool.schedule(run_chunk, args=(number, specs, patience), timeout=timeout)

    def load(self, give_up: Callable[[], bool]) -> None:
        """Have a worker load the experiment before there is a trial for it.

        Args:
            give_up: Asked now and then; once it is true, the workers are killed.

        Raises:
            LoadError: If it cannot.
            ProcessExpired: If its process ends over it.
        """
        loading = self.schedule(0, (), patience=0.0, timeout=None)
        while not loading.done():
            wait([loading], timeout=LOAD_LOOK_SECONDS)
            if give_up():
                self.stop_workers()
                return
        loading.result()

    def finished(self, number: int) -> list[TrialResult]:
        """Results that a task has left so far, whatever has become of its worker."""
        return [] if self._state is None else self._state.slots.read(number)

    def lacks_worker(self, number: int) -> bool:
        """Whether a task has begun and its process is gone."""
        pid = 0 if self._state is None else self._state.slots.worker(number)
        return bool(pid) and not _exists(pid)

    def works_on(self, number: int, trials: int) -> bool:
        """Whether a worker has begun a task of so many trials and has not ended it."""
        if self._state is None or not self._state.slots.worker(number):
            return False
        return self._state.slots.finished(number) < trials

    def loads(self) -> bool:
        """Whether a living worker still loads the experiment, or has only just been started."""
        if self._state is None or self._server is None:
            return False
        living = self._server.living_workers()
        return not living or any(map(self._state.slots.is_loading, living))

    def send_by_value(self) -> list[str]:
        """Give further workers the experiment as it is in this process, instead of its file.

        Returns:
            Names of the files that were edited; empty where it was sent by value already.

        Raises:
            CargoError: If it cannot be sent.
            OutdatedError: If this process does not have it.
        """
        if self._state is None or self._state.watch is None:
            return []
        if isinstance(self._experiment, Cargo):
            raise OutdatedError
        edited = self._state.watch.edited()
        self._state.cargo = cargos.pack(self._experiment, by_value=True)
        self._state.watch = None
        return edited or [self._experiment.target]

    def stop(self) -> None:
        """Kill the processes; `start` begins again. The pool's own threads get a moment to end."""
        self.stop_workers()
        if self._server is not None:
            self._server.end()

    def close(self) -> None:
        """Stop, and let go of the experiment; a second call does nothing.

        The fork server has nothing of the experiment and waits for the next command of this process.
        """
        self.stop_workers()
        server, self._server = self._server, None
        if server is not None:
            server.kill_workers()
            IDLE.keep(server)
        if self._state is not None:
            self._state.cargo.close()
            self._state.slots.close()
            if self._state.claims is not None:
                self._state.claims.close()
        self._state = None

    def stop_workers(self) -> None:
        """Kill the workers alone."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.stop()
            joining = threading.Thread(target=pool.join, daemon=True)
            joining.start()
            joining.join(JOIN_SECONDS)


def environment_of_workers(threads: int) -> dict[str, str]:
    """Variables that keep each worker to so many inner threads, where the user has set none."""
    return {name: str(threads) for name in THREAD_VARIABLES if name not in os.environ}


def _server_with(environment: dict[str, str]) -> WorkerServer:
    """The server that waits, if its workers would have these variables; else a new one."""
    server = IDLE.take()
    if server is not None and server.environment == environment:
        return server
    if server is not None:
        server.end()
    return WorkerServer(modules_to_preload(), environment)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
