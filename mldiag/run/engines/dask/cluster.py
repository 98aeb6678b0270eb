"""A Dask cluster as the engine sees it: its client, and what is heard of its workers."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from mldiag.run.engines.dask.errors import no_certificates, unreachable
from mldiag.run.engines.dask.local import LocalCluster
from mldiag.run.engines.dask.news import Done, Lost, News, Seen, Versions
from mldiag.run.engines.dask.versions import asked
from mldiag.run.engines.pool import environment_of_workers

LOOK_SECONDS = 0.5
"""Pause between two looks at which workers there are."""

CONNECT_SECONDS = 10.0
END_SECONDS = 5.0

FETCHING = 4
"""Results that are fetched at a time."""

FETCH_SECONDS = 120.0
"""A result that takes longer is not on its way: the worker that has it is gone."""


class Cluster:
    """A connection to a scheduler: whatever takes time happens in threads, and is heard of as news.

    Args:
        address: Of the scheduler.
        own: The cluster that was started for this command; None where one is joined.
        packages: Names of the packages whose versions are asked for.

    Attributes:
        address: Of the scheduler.
        own: As given.
        news: What is heard, as it comes.

    Raises:
        MldiagError: If no scheduler answers.
    """

    def __init__(
        self, address: str, *, own: LocalCluster | None = None, packages: Iterable[str] = ()
    ) -> None:
        from distributed import Client

        if own is None and address.startswith("tls") and not _has_certificates():
            raise no_certificates(address)
        self.address, self.own, self._packages = address, own, list(packages)
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._answered: set[str] = set()
        self._asking = False
        self._quiet = _Quiet()
        try:
            self.client: Any = Client(
                address,
                timeout=CONNECT_SECONDS,
                set_as_default=False,
                name="mldiag",
                # Workers of other machines may not be reached from here, their scheduler can.
                direct_to_workers=True if own is not None else None,
                security=None if own is None else own.security,
            )
        except Exception as error:  # also that of a missing or wrong certificate
            self._quiet.end()
            raise unreachable(address, error, seconds=CONNECT_SECONDS) from error
        self._fetchers = ThreadPoolExecutor(FETCHING, thread_name_prefix="mldiag-dask")
        self._lookout = threading.Thread(target=self._look, daemon=True, name="mldiag-lookout")
        self._lookout.start()

    def submit(self, function: Any, *args: Any, key: str, worker: str, gpus: int = 0) -> Any:
        """Have one worker run a function, once; its end is told as `Done`.

        Returns:
            The future; None where the scheduler is lost. The scheduler forgets the task, and the worker
            its result, when it is let go.
        """
        try:
            future = self.client.submit(
                function,
                *args,
                key=key,
                workers=[worker],
                allow_other_workers=False,  # where it runs again after a death is not Dask's to say
                retries=0,
                pure=False,
                resources={"GPU": gpus} if gpus else None,
            )
            future.add_done_callback(self._ends)
        except Exception:
            if self.client.status == "running":
                raise
            self.news.put(Lost())
            return None
        return future

    def send(self, data: Any, worker: str) -> Any:
        """Put data into one worker's memory, past any task, for as long as the future is held."""
        return self.client.scatter(data, workers=[worker], hash=False)

    def close(self) -> None:
        """Leave the cluster, and end it if it is our own; a second call does nothing."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._fetchers.shutdown(wait=False, cancel_futures=True)
        with suppress(Exception):  # the scheduler may be gone
            self.client.close(timeout=END_SECONDS)
        self._lookout.join(END_SECONDS)
        if self.own is not None:
            self.own.close()
        self._quiet.end()

    def _ends(self, future: Any) -> None:
        with suppress(RuntimeError):  # closed
            self._fetchers.submit(self._fetch, future)

    def _fetch(self, future: Any) -> None:
        key, status = future.key, future.status
        try:
            if status == "finished":
                told = Done(key, value=future.result(timeout=FETCH_SECONDS))
            elif status == "error":
                told = Done(key, error=future.exception(timeout=FETCH_SECONDS))
            elif status == "cancelled":
                told = Done(key, cancelled=True)
            else:  # it was there, and its worker is not any more
                told = Done(key, error=ConnectionError("the result was lost with its worker"))
        except BaseException as error:  # a cancelled one is no ordinary exception
            told = Done(key, error=error)
            if self.client.status != "running":
                self.news.put(Lost())
        self.news.put(told)

    def _look(self) -> None:
        known: set[str] = set()
        while not self._ended.is_set():
            try:
                workers = self.client.scheduler_info(n_workers=-1)["workers"]
                here = self.client.status == "running"
                if here and set(workers) - self._answered and not self._asking:
                    self._asking = True
                    self._fetchers.submit(self._ask_versions)  # a worker may keep it waiting
            except Exception:
                here = False
            if not here:
                self.news.put(Lost())
                return
            if set(workers) != known or self.news.empty():  # nobody may be listening at the moment
                self.news.put(Seen(workers))
            known = set(workers)
            self._ended.wait(LOOK_SECONDS)

    def _ask_versions(self) -> None:
        with suppress(Exception):  # asked again; and a lost scheduler is told of
            told = asked(self.client, self._packages)
            self._answered = set(told["workers"])
            self.news.put(Versions(told))
        self._asking = False


def started(workers: int, *, threads: int, gpus: int, packages: Iterable[str]) -> Cluster:
    """Start a cluster on this machine, and join it.

    Args:
        workers: Number of workers, each with one trial at a time.
        threads: Inner threads of each.
        gpus: GPUs of each.
        packages: Names of the packages whose versions are asked for.

    Raises:
        MldiagError: If it does not start.
    """
    own = LocalCluster(workers, gpus=gpus, environment=environment_of_workers(threads))
    try:
        return Cluster(own.address, own=own, packages=packages)
    except BaseException:
        own.close()
        raise


def _has_certificates() -> bool:
    import dask

    names = ("distributed.comm.tls.ca-file", "distributed.client.security-loader")
    return any(dask.config.get(name, None) for name in names)


class _Quiet:
    """Keeps Dask's own log off stderr: what matters of it is told in mldiag's words."""

    def __init__(self) -> None:
        self._logger = logging.getLogger("distributed")
        self._before = {name: logging.getLogger(name).level for name in self._names()}
        for name in self._before:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)

    def end(self) -> None:
        for name, level in self._before.items():
            logging.getLogger(name).setLevel(level)

    def _names(self) -> list[str]:
        return [self._logger.name, "distributed.client", "distributed.core", "distributed.comm"]
