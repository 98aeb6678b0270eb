"""How far each task has come and what it has given: there to be read whatever becomes of its worker.

Results do not travel through the pool's pipe, which all workers share. A worker that is killed while it
sends a long one would leave half a message there, and every later message of every other worker would be
taken for its end: the run would wait for ever. What is short is written at once or not at all.
"""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mldiag.run.shared_file import SharedFile
from mldiag.trial_result import TrialResult

SLOT_BYTES = 2**32
"""Room for the results of a task. The files have holes: only what is written takes space."""

_WORKER, _FINISHED = range(2)  # counters of a slot
_LOADING = 2**16  # and from there on, whether the process of this number loads the experiment
_RESERVED = 2**13  # bytes; counters of a thousand tasks
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class TaskSlots:
    """Two nameless files with a place for every task in flight, by its number.

    Args:
        counters: Worker and number of finished trials of each.
        results: Their results.
    """

    counters: SharedFile = field(default_factory=SharedFile)
    results: SharedFile = field(default_factory=SharedFile)

    @classmethod
    def made(cls) -> TaskSlots:
        """New slots, with the room for counters taken: the disk may be full later."""
        slots = cls()
        slots.counters.write(0, bytes(_RESERVED))
        return slots

    def clear(self, number: int) -> None:
        """Make a slot ready for another task."""
        for which in (_WORKER, _FINISHED):
            self.counters.set_counter(2 * number + which, 0)

    def worker(self, number: int) -> int:
        """Number of the process that has begun the task; 0 for none."""
        return self.counters.counter(2 * number + _WORKER)

    def finished(self, number: int) -> int:
        """How many of the task's trials have ended."""
        return self.counters.counter(2 * number + _FINISHED)

    def read(self, number: int) -> list[TrialResult]:
        """Results of the task's first trials, in order.

        Raises:
            Exception: Whatever unpickling leads to, if a result holds what only the worker knows.
        """
        return list(self._stored(number))

    def close(self) -> None:
        """Let go of the files in this process."""
        self.counters.close()
        self.results.close()

    def set_loading(self, pid: int, loading: bool) -> None:
        """Note whether a worker is busy with loading, which may take its time."""
        self.counters.set_counter(_LOADING + pid, int(loading))

    def is_loading(self, pid: int) -> bool:
        """Whether a worker is busy with loading."""
        return bool(self.counters.counter(_LOADING + pid))

    def _stored(self, number: int) -> Iterator[TrialResult]:
        offset = number * SLOT_BYTES
        for _ in range(self.finished(number)):
            (length,) = _LENGTH.unpack(self.results.read(offset, _LENGTH.size))
            offset += _LENGTH.size
            # Only what a worker of ours wrote is ever unpickled: the file has no name.
            result: TrialResult = pickle.loads(self.results.read(offset, length))
            offset += length
            yield result


class SlotWriter:
    """A worker's side of a slot, while it runs the task.

    Args:
        slots: The slots.
        number: The task's.
    """

    def __init__(self, slots: TaskSlots, number: int) -> None:
        self._slots, self._number = slots, number
        self._offset, self._end = number * SLOT_BYTES, (number + 1) * SLOT_BYTES
        self._finished = 0
        self._set(_WORKER, os.getpid())

    def keep(self, result: TrialResult) -> None:
        """Write the next result.

        Raises:
            OSError: If the disk of temporary files is full.
            Exception: If it cannot be pickled.
        """
        data = pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL)
        if self._offset + _LENGTH.size + len(data) > self._end:
            raise OSError("too long")
        self._slots.results.write(self._offset, _LENGTH.pack(len(data)) + data)
        self._offset += _LENGTH.size + len(data)
        self._finished += 1
        self._set(_FINISHED, self._finished)  # last: what is counted is whole

    def _set(self, which: int, value: int) -> None:
        self._slots.counters.set_counter(2 * self._number + which, value)
