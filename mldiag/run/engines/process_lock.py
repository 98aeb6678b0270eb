"""A lock between processes that its holder's death releases."""

from __future__ import annotations

import fcntl
import time
from typing import Any

from mldiag.run.shared_file import SharedFile

PAUSE_SECONDS = 0.001
"""Pause between two looks at a lock that is waited for with a time limit."""

PATIENT_SECONDS = 10.0
"""Limits from here on are guards against a dead holder, of which there is none: no limit is kept."""


class ProcessLock:
    """A lock on a nameless file, for one thread of each process; the same process may take it again.

    A semaphore, which `multiprocessing` would use, stays taken for ever when its holder is killed, so
    that all other workers wait in vain; and its name outlives a killed command.

    Example:
        >>> lock = ProcessLock()
        >>> lock.acquire(), lock.acquire(block=False)
        (True, True)
        >>> lock.release(); lock.release(); lock.close()
    """

    def __init__(self, file: SharedFile | None = None) -> None:
        self._file = file or SharedFile()
        self._depth = 0

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process, where nothing is held; only while that process is being started."""
        return type(self), (self._file,)

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Take the lock.

        Args:
            block: Whether to wait for it.
            timeout: Longest wait in seconds; None, and `PATIENT_SECONDS` or more, for no limit.

        Returns:
            Whether it was taken.
        """
        if self._depth or self._take(block, timeout):
            self._depth += 1
            return True
        return False

    def release(self) -> None:
        """Give it back, once for every time that it was taken."""
        self._depth -= 1
        if not self._depth:
            fcntl.lockf(self._file.fileno(), fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file in this process."""
        self._file.close()

    def __del__(self) -> None:
        """The pool that took it does not close it."""
        self.close()

    def _take(self, block: bool, timeout: float | None) -> bool:
        file = self._file.fileno()
        if block and (timeout is None or timeout >= PATIENT_SECONDS):
            fcntl.lockf(file, fcntl.LOCK_EX)
            return True
        ends = time.monotonic() + ((timeout or 0.0) if block else 0.0)
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() >= ends:
                    return False
                time.sleep(PAUSE_SECONDS)
            else:
                return True
