"""What `trial.watch` gives where nobody looks, and what a worker puts in its place where somebody does."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol


class Recorder(Protocol):
    """What a worker injects to record inside a training loop; see `mldiag.recording`."""

    def attach(self, networks: Any, optimizers: Any, **options: Any) -> Any:
        """Begin to watch; what is returned has `step` and `evaluate`, and as a context ends the watch."""


class InertWatch:
    """Stands in for a watch in every trial but those of a probe.

    Example:
        >>> with InertWatch() as watch:
        ...     watch.step(loss=0.5)
        ...     watch.evaluate(score=0.9)
    """

    __slots__ = ()

    def __enter__(self) -> InertWatch:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Errors pass through."""

    def start(self) -> InertWatch:
        """Itself; nothing begins."""
        return self

    def close(self) -> None:
        """Nothing ends."""

    def step(self, **told: Any) -> None:
        """Nothing is kept of the step."""

    def evaluate(self, **told: Any) -> None:
        """Nothing is kept of the evaluation."""
