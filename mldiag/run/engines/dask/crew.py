"""The workers of a Dask cluster that train for this command: looked at, prepared, and missed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mldiag.errors import MldiagError
from mldiag.run.cargo import CargoError
from mldiag.run.engines.dask.cluster import Cluster
from mldiag.run.engines.dask.errors import (
    files_missing,
    no_worker,
    unloadable,
    unsendable,
    workers_end,
)
from mldiag.run.engines.dask.freight import Freight
from mldiag.run.engines.dask.messages import Session
from mldiag.run.engines.dask.news import Done, Remote
from mldiag.run.engines.dask.versions import differences, other_versions
from mldiag.run.engines.dask.worker import prepare
from mldiag.run.engines.devices import Devices, device_groups
from mldiag.run.engines.worker_process import LoadError
from mldiag.run.watch import Watch
from mldiag.wording import plural

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

WORKER_SECONDS = 30.0
"""How long workers are waited for where there is none."""

LOAD_SECONDS = 60.0
"""How long the first trial waits for workers that are there and have not loaded the experiment."""

MAX_LOSSES = 3
"""Workers that may be lost one after the other while they load the experiment."""


class Crew:
    """Who trains.

    Args:
        cluster: The cluster.
        experiment: The experiment.
        threads: Inner threads of each training.
        time_limit: Seconds that one trial may take.
        watch: What the experiment's files must be like.
        notice: Takes a line for the user.
        most: Trials at a time; None for as many as the workers have threads.
        gpus: GPUs of each trial.
    """

    def __init__(
        self,
        cluster: Cluster,
        experiment: Experiment,
        *,
        threads: int,
        time_limit: float | None,
        watch: Watch | None,
        notice: Callable[[str], None],
        most: int | None,
        gpus: int,
    ) -> None:
        self._cluster, self._experiment, self._watch = cluster, experiment, watch
        self._threads, self._time_limit = threads, time_limit
        self._notice, self._most, self._gpus = notice, most, gpus
        self._own = cluster.own is not None
        self._freight = Freight(experiment, mapped=self._own)
        self._remotes: dict[str, Remote] = {}
        self._refused: set[str] = set()  # of another version
        self._begun: float | None = None
        self._empty_since = time.monotonic()
        self._losses = 0
        self._reason: BaseException | None = None
        self._told: set[str] = set()
        self._versions: Mapping[str, Any] = {"workers": {}}
        self._seen: Mapping[str, Mapping[str, Any]] = {}

    @property
    def places(self) -> int:
        """Trials at a time."""
        return sum(remote.places for remote in self._remotes.values())

    def ready(self) -> list[Remote]:
        """The workers that take trials; none before all that were there at first have answered."""
        ready = [remote for remote in self._remotes.values() if remote.ready]
        if self._begun is None:
            return []
        waited = time.monotonic() - self._begun > LOAD_SECONDS
        if not waited and any(r.first and not r.ready for r in self._remotes.values()):
            return []
        return ready

    def of_task(self, key: str) -> Remote | None:
        """The worker that a task is to prepare; None where it is no such task, or not any more."""
        return next((r for r in self._remotes.values() if r.key == key), None)

    def seen(self, workers: Mapping[str, Mapping[str, Any]]) -> list[Remote]:
        """Take in which workers there are, and return those that are there no more.

        Raises:
            MldiagError: If there has been none for a while.
        """
        self._seen = workers
        self._refused &= set(workers)
        gone = [remote for address, remote in self._remotes.items() if address not in workers]
        for remote in gone:
            self.dismiss(remote)
        self._admit()
        if self._remotes:
            self._empty_since = time.monotonic()
        elif time.monotonic() - self._empty_since > WORKER_SECONDS:
            raise self._no_worker()
        return gone

    def installed(self, versions: Mapping[str, Any]) -> None:
        """Take in what is installed, and admit the workers that suit.

        Raises:
            MldiagError: If those that are there at first do not.
        """
        self._versions = versions
        self._admit()

    def dismiss(self, remote: Remote) -> None:
        """Let a worker go, with all that it has of this command; it is prepared anew if it is still there."""
        self._remotes.pop(remote.address, None)
        if not remote.ready and remote.prepared is not None:
            self._losses += 1
        remote.ready, remote.prepared, remote.content = False, None, None
        if self._losses > MAX_LOSSES:
            raise workers_end(self._reason)

    def prepared(self, remote: Remote, told: Done) -> None:
        """Take in what became of a worker's preparation.

        Raises:
            MldiagError: If it cannot have the experiment, and was there at first or is the only one.
        """
        remote.content = None
        try:
            self._after_preparation(remote, told)
        except MldiagError as error:
            if remote.first or not self.ready():
                raise
            self._refused.add(remote.address)
            self.release([remote])
            self._say(f"a Dask worker is left out: {error.what}")

    def _after_preparation(self, remote: Remote, told: Done) -> None:
        if told.value is True:
            remote.ready, self._losses = True, 0
        elif told.value is False:
            self._send_by_value(remote, None)
        elif isinstance(told.error, LoadError):
            self._send_by_value(remote, told.error)
        elif isinstance(told.error, OSError) and self._freight.mapped:
            self._freight.mapped = False  # the file cannot be opened over there: send what is in it
            self._prepare(remote)
        else:
            self._reason = told.error
            self.dismiss(remote)

    def outdated(self, remote: Remote) -> None:
        """A worker would go on with another experiment than the run began with."""
        remote.ready = False
        self._send_by_value(remote, None)

    def release(self, remotes: Iterable[Remote]) -> None:
        """End what workers do for this command at once; they are prepared anew when they are needed."""
        for remote in remotes:
            remote.ready, remote.prepared, remote.key = False, None, ""
            remote.tasks.clear()
            self._remotes.pop(remote.address, None)

    def resume(self) -> None:
        """Prepare again what was released."""
        self._empty_since = time.monotonic()
        self._admit()

    def close(self) -> None:
        """Release all workers."""
        self.release(list(self._remotes.values()))
        self._freight.close()

    # Who may train

    def _admit(self) -> None:
        known = self._versions["workers"]
        new = [a for a in self._seen if a in known and not self._is_known(a)]
        if not new:
            return
        found = differences(self._versions, new)
        if found and self._begun is None:
            raise other_versions(found)
        for line in found:
            self._say(f"a Dask worker is left out: {line}")
        at_first = self._begun is None
        for address in new:
            devices = self._devices(address)
            if differences(self._versions, [address]):
                self._refused.add(address)
            elif devices:
                self._remotes[address] = Remote(address, devices, first=at_first)
                self._prepare(self._remotes[address])
        if self._remotes and at_first:
            self._begun = time.monotonic()
            self._say_joined()
        elif at_first and self._gpus:
            raise self._no_worker()

    def _is_known(self, address: str) -> bool:
        return address in self._remotes or address in self._refused

    def _devices(self, address: str) -> tuple[Devices, ...]:
        info = self._seen[address]
        places = int(info["nthreads"])
        offered = int(info["resources"].get("GPU", 0))
        if self._gpus:
            places = min(places, offered // self._gpus)
        if self._most is not None:
            places = min(places, self._most - self.places)
        # Elsewhere each worker numbers the GPUs that it was given from 0.
        first = int(info["name"]) * self._gpus if self._own and self._gpus else 0
        return device_groups(self._gpus, max(0, places), first)

    def _no_worker(self) -> MldiagError:
        gpus = self._gpus if self._seen else 0
        return no_worker(self._cluster.address, gpus=gpus, seconds=WORKER_SECONDS)

    def _say_joined(self) -> None:
        if not self._own:
            workers = plural(len(self._remotes), "worker")
            at_a_time = f"{plural(self.places, 'trial')} at a time"
            self._say(f"joined {self._cluster.address}: {workers}, {at_a_time}")

    def _say(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._notice(text)

    # What they are given

    def _prepare(self, remote: Remote) -> None:
        parcel = self._freight.parcel(by_value=remote.by_value)
        session = Session(
            key=f"mldiag-{uuid.uuid4().hex}",
            parcel=parcel,
            threads=self._threads,
            time_limit=self._time_limit,
            watch=self._watch if parcel.target else None,
            devices=remote.devices,
        )
        if not parcel.target and not parcel.path:
            try:
                remote.content = self._cluster.send(self._freight.content(), remote.address)
            except Exception as error:  # lost amid it; if it is still there, it is tried again
                self._reason = error
                self.dismiss(remote)
                return
        remote.key = session.key
        remote.prepared = self._cluster.submit(
            prepare, session, remote.content, key=session.key, worker=remote.address
        )

    def _send_by_value(self, remote: Remote, reason: MldiagError | None) -> None:
        target = self._experiment.target
        if reason is not None and (remote.by_value or self._freight.only_by_value):
            raise unloadable(remote.address, reason)
        if self._watch is not None and self._watch.live:
            raise files_missing(remote.address, self._watch.live)
        remote.by_value = True
        try:
            self._prepare(remote)
        except CargoError as error:
            raise unsendable(remote.address, target, error) from error
        self._say(f"{target} is not on {remote.address} as it is here: its code and data are sent")
