"""What is heard of a Dask cluster, and its workers as the command that uses them sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mldiag.run.engines.devices import Devices


@dataclass(frozen=True)
class Seen:
    """The workers that there are now.

    Args:
        workers: What the scheduler knows of each, by address.
    """

    workers: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Versions:
    """What is installed.

    Args:
        told: What Dask's `Client.get_versions` returns.
    """

    told: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """A task has ended.

    Args:
        key: Of the task.
        value: What it has returned.
        error: What it has raised, or why nothing came back.
        cancelled: Whether the scheduler has dropped it.
    """

    key: str
    value: Any = None
    error: BaseException | None = None
    cancelled: bool = False


@dataclass(frozen=True)
class Lost:
    """The scheduler does not answer any more."""


News = Seen | Versions | Done | Lost


@dataclass(eq=False)
class Remote:
    """A worker as the command sees it.

    Args:
        address: Of the worker.
        devices: Devices of each trial at a time.
        by_value: Whether the experiment is sent to it, because it has another one or none.
        key: Of the task that prepares it, and of its host.
        prepared: Future of that; its result keeps the host.
        content: What is being sent.
        ready: Whether it takes trials.
        first: Whether it was there at the beginning.
        tasks: What it was sent and has not answered, in order.
    """

    address: str
    devices: tuple[Devices, ...]
    by_value: bool = False
    key: str = ""
    prepared: Any = None
    content: Any = None
    ready: bool = False
    first: bool = False
    tasks: list[Any] = field(default_factory=list)

    @property
    def places(self) -> int:
        """Trials at a time."""
        return len(self.devices)
