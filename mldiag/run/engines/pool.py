"""A pool of worker processes with one experiment in them: started when needed, stopped at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pebble import ProcessPool

from mldiag.run.engines import cargo as cargos
from mldiag.run.engines.fork_server import (
    IDLE,
    WorkerContext,
    WorkerServer,
    modules_to_preload,
)
from mldiag.run.engines.shared_file import SharedFile
from mldiag.run.engines.worker_process import WorkerState, run_chunk, start_worker
from mldiag.run.threads import THREAD_VARIABLES
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

JOIN_SECONDS = 5.0
"""A pool that was interrupted at a bad moment may never end by itself; it is left behind."""


class WorkerPool:
    """Pebble's pool, with workers of our own.

    Args:
        experiment: The experiment.
        workers: Number of processes.
        threads: Inner threads of each.
        time_limit: Seconds after which `trial.epochs` ends.
    """

    def __init__(
        self, experiment: Experiment, workers: int, threads: int, time_limit: float | None
    ) -> None:
        self._experiment, self._workers = experiment, workers
        self._threads, self._time_limit = threads, time_limit
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
            self._state = WorkerState(
                cargos.pack(self._experiment), SharedFile(), self._threads, self._time_limit
            )
            environment = {
                name: str(self._threads) for name in THREAD_VARIABLES if name not in os.environ
            }
            self._server = _server_with(environment)
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
            A future of the results.

        Raises:
            RuntimeError: If the pool is broken.
        """
        self.start()
        assert self._state is not None
        self._state.progress.set_counter(2 * number, 0)
        self._state.progress.set_counter(2 * number + 1, 0)
        return self._pool.schedule(run_chunk, args=(number, specs, patience), timeout=timeout)

    def position_of(self, number: int) -> int:
        """Which trial of its chunk a task has begun last."""
        return 0 if self._state is None else self._state.progress.counter(2 * number + 1)

    def lacks_worker(self, number: int) -> bool:
        """Whether a task has begun and its process is gone."""
        pid = 0 if self._state is None else self._state.progress.counter(2 * number)
        return bool(pid) and not _exists(pid)

    def stop(self) -> None:
        """Kill the processes; `start` begins again. The pool's own threads get a moment to end."""
        self._stop_workers()
        if self._server is not None:
            self._server.end()

    def close(self) -> None:
        """Stop, and let go of the experiment; a second call does nothing.

        The fork server has nothing of the experiment and waits for the next command of this process.
        """
        self._stop_workers()
        server, self._server = self._server, None
        if server is not None:
            server.kill_workers()
            IDLE.keep(server)
        if self._state is not None:
            self._state.cargo.close()
            self._state.progress.close()
        self._state = None

    def _stop_workers(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.stop()
            joining = threading.Thread(target=pool.join, daemon=True)
            joining.start()
            joining.join(JOIN_SECONDS)


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
