"""What a command and the Dask workers that train for it say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mldiag.run.cargo import Cargo
from mldiag.run.engines.devices import Devices
from mldiag.run.shared_file import SharedFile
from mldiag.run.watch import Watch
from mldiag.trial_result import TrialResult


class NotPreparedError(Exception):
    """This process has no such host: the one that had it is gone."""


@dataclass(frozen=True)
class Parcel:
    """How an experiment reaches a Dask worker.

    Args:
        target: Where it is found; empty if it travels by value.
        spans: Parts of what travels by value.
        path: Where a worker on the same machine finds that; empty if it is sent.
        folder: Folder that the command runs in.
        search_path: Folders in which it finds modules.
    """

    target: str
    spans: tuple[tuple[int, int], ...] = ()
    path: str = ""
    folder: str = ""
    search_path: tuple[str, ...] = ()

    def opened(self, content: Any) -> Cargo:
        """What the worker processes are given.

        Args:
            content: What was sent, as an array of bytes; None where nothing was.
        """
        file: SharedFile | None = None
        if self.path:
            file = SharedFile.opened(self.path)
        elif not self.target:
            file = SharedFile()
            file.append([memoryview(content)])
        return Cargo(self.target, file, self.spans, self.folder, self.search_path)


@dataclass(frozen=True)
class Session:
    """What a host is told.

    Args:
        key: Key of the task that prepares it.
        parcel: The experiment.
        threads: Inner threads of each training.
        time_limit: Seconds that one trial may take.
        watch: What the experiment's files must be like; None where it travels by value.
        devices: Devices of each trial at a time, so as many as there can be.
    """

    key: str
    parcel: Parcel
    threads: int
    time_limit: float | None
    watch: Watch | None
    devices: tuple[Devices, ...]


@dataclass(frozen=True)
class Answer:
    """What became of a chunk.

    Args:
        results: Of the trials that have run.
        outdated: Whether the worker would load another experiment than the run began with.
    """

    results: tuple[TrialResult, ...]
    outdated: bool = False
