"""What runs inside a Dask worker: hosts of trials, which have worker processes of their own.

A trial does not run in the Dask worker itself but in a process of the local engine, which the Dask worker
starts, watches and ends. So a training that hangs, crashes or fills its memory takes no Dask worker with it;
the user's modules are never imported into one, which other commands will use after this; and a time limit
holds on workers that nobody would start again.

A host lives for as long as somebody wants the result of the task that prepared it. The scheduler sees to
that: it lets the result go when the command says so, and when the command is gone.
"""

from __future__ import annotations

import multiprocessing
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from distributed import get_worker
from pebble import ProcessExpired

from mldiag import __version__
from mldiag.run.cargo import Cargo
from mldiag.run.engines.dask.messages import Answer, NotPreparedError, Session
from mldiag.run.engines.fork_server import IDLE
from mldiag.run.engines.local import MAX_ATTEMPTS, LocalEngine
from mldiag.run.engines.pool import OutdatedError
from mldiag.run.engines.worker_process import OUTDATED, LoadError
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

VERSION = __version__

LOOK_SECONDS = 0.5
"""Pause between two looks at which hosts are still wanted."""

CLOSING = ("closing", "closed", "failed")
"""States of a Dask worker that will run nothing more."""

WANTED = ("executing", "memory")
"""States of a task that somebody waits for, or whose result somebody wants."""


class Host:
    """Runs the trials that one command sends to this worker, in one process for each at a time."""

    def __init__(self, session: Session, cargo: Cargo, worker: Any) -> None:
        self.key, self._worker = session.key, worker
        self._cargo, self._closed = cargo, threading.Event()
        self._free: queue.LifoQueue[LocalEngine] = queue.LifoQueue()  # the warm ones first
        for devices in session.devices:
            self._free.put(
                LocalEngine(
                    cargo,
                    workers=1,
                    threads=session.threads,
                    time_limit=session.time_limit,
                    watch=session.watch,
                    devices=[devices],
                )
            )

    def load(self) -> None:
        """Load the experiment in one of the processes.

        Raises:
            OutdatedError: If it is not the one that the run began with.
            LoadError: If it cannot be loaded.
        """
        engine = self._take()
        try:
            engine.load(self._closed.is_set)
        except ProcessExpired as error:
            if error.exitcode == OUTDATED:
                raise OutdatedError from error
            raise LoadError(
                "a worker process ends when it loads the experiment",
                expected=f"a process that lives; its exit code was {error.exitcode}",
                hint="--engine inline",
            ) from error
        finally:
            self._put_back(engine)

    def wanted(self) -> bool:
        """Whether the command still wants it, and the worker goes on."""
        task = self._worker.state.tasks.get(self.key)
        goes_on = self._worker.status.name not in CLOSING
        return goes_on and task is not None and task.state in WANTED

    def run(self, specs: Sequence[TrialSpec], attempt: int, patience: float) -> Answer:
        """Run trials one after the other; see `run_chunk`."""
        engine = self._take()
        engine.most_attempts = MAX_ATTEMPTS - attempt + 1
        results: list[TrialResult] = []
        ends = time.monotonic() + patience

        def supply() -> Iterator[TrialSpec]:
            for spec in specs:
                if results and time.monotonic() > ends:
                    return
                yield spec

        try:
            for result in engine.run(supply(), give_up=self._closed.is_set):
                results.append(result)  # noqa: PERF402 - what came before an error counts
        except OutdatedError:
            return Answer(tuple(results), outdated=True)
        finally:
            self._put_back(engine)
        return Answer(tuple(results))

    def close(self) -> None:
        """End the processes; those that are at work end with what they do, within a moment."""
        self._closed.set()
        while True:
            try:
                engine = self._free.get_nowait()
            except queue.Empty:
                break
            _end(engine)
        self._cargo.close()

    def _take(self) -> LocalEngine:
        while not self._closed.is_set():
            try:
                return self._free.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
        raise NotPreparedError("the host of these trials has ended")

    def _put_back(self, engine: LocalEngine) -> None:
        if self._closed.is_set():
            _end(engine)
        else:
            self._free.put(engine)
            if self._closed.is_set():  # while it was put back
                self.close()


_hosts: dict[str, Host] = {}
_lock = threading.Lock()
_watching = False


def prepare(session: Session, content: Any = None) -> bool:
    """Make a host and load the experiment; the task's result keeps the host.

    Args:
        session: What the host is told.
        content: The experiment, where it is sent by value.

    Returns:
        Whether it was loaded; False where it is another one here, or not there.

    Raises:
        LoadError: If it cannot be loaded.
    """
    # A nanny forbids its worker to have children, lest they outlive it. These end with it by themselves.
    multiprocessing.current_process().daemon = False
    host = Host(session, session.parcel.opened(content), get_worker())
    _keep(host)
    try:
        host.load()
    except OutdatedError:
        _close(host.key)
        return False
    except BaseException:
        _close(host.key)
        raise
    return True


def run_chunk(key: str, specs: Sequence[TrialSpec], attempt: int, patience: float) -> Answer:
    """Run trials one after the other.

    Args:
        key: Of the host.
        specs: The trials.
        attempt: Number of this attempt; none of them is tried more often than `MAX_ATTEMPTS` in all.
        patience: Seconds after which no further trial begins.

    Raises:
        NotPreparedError: If the host is not in this process, whatever the scheduler may believe.
        LoadError: If the experiment could not be loaded.
    """
    host = _hosts.get(key)
    if host is None:
        raise NotPreparedError("this process has not been prepared")
    return host.run(specs, attempt, patience)


def _keep(host: Host) -> None:
    global _watching
    with _lock:
        _hosts[host.key] = host
        if not _watching:
            _watching = True
            threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    """Close the hosts that are not wanted any more, until there is none."""
    global _watching
    while True:
        time.sleep(LOOK_SECONDS)
        for host in list(_hosts.values()):
            if not host.wanted():
                _close(host.key)
        with _lock:
            if not _hosts:
                _watching = False
                return


def _close(key: str) -> None:
    with _lock:
        host = _hosts.pop(key, None)
    if host is not None:
        host.close()


def _end(engine: LocalEngine) -> None:
    engine.close()
    if not _hosts:
        IDLE.end()  # a server that waits would be left behind on somebody else's worker
