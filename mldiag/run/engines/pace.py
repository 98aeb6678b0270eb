"""How many short trials travel to a worker together."""

from __future__ import annotations

CHUNK_SECONDS = 0.02
"""Short trials travel together until they take this long: then sending them (about 1 ms) costs little."""

CHUNK_TRIALS = 64
"""At most this many travel together."""


class ChunkPace:
    """Learns from the trials that have ended how long the next ones will take.

    Example:
        >>> pace = ChunkPace()
        >>> pace.size()
        1
        >>> for _ in range(3):
        ...     pace.note(0.001)
        >>> pace.size()
        20
        >>> pace.note(1.0)
        >>> pace.size()
        1
    """

    def __init__(self, chunk_seconds: float = CHUNK_SECONDS) -> None:
        """Aim at chunks that take so many seconds."""
        self._chunk_seconds = chunk_seconds
        self._mean_seconds: float | None = None

    def size(self) -> int:
        """How many trials to send; one until something has been measured."""
        if self._mean_seconds is None:
            return 1
        return max(1, min(CHUNK_TRIALS, int(self._chunk_seconds / max(self._mean_seconds, 1e-6))))

    def below(self, seconds: float) -> bool:
        """Whether trials take less than this; False until something has been measured."""
        return self._mean_seconds is not None and self._mean_seconds < seconds

    def note(self, seconds: float) -> None:
        """Take in the time of a trial, in seconds."""
        mean = self._mean_seconds
        # One slow trial ends chunks of many at once; it takes several fast ones to begin them again.
        self._mean_seconds = (
            seconds if mean is None else max(seconds / 4, 0.8 * mean + 0.2 * seconds)
        )
