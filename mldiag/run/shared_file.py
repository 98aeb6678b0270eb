"""Nameless files that worker processes share: arrays to map, and how far each task has come."""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
from collections.abc import Iterable
from multiprocessing import reduction
from pathlib import Path
from typing import Any

_ALIGNMENT = 64  # bytes; what vectorised code likes, and a multiple of every item size
_COUNTER = struct.Struct("<i")


class SharedFile:
    """A temporary file without a name: it vanishes with the last process that has it open.

    It reaches a worker as a file descriptor, with the arguments that the process starts with.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self._file: Any = None
        if descriptor is None:
            self._file = tempfile.TemporaryFile(prefix="mldiag-", buffering=0)  # noqa: SIM115
            descriptor = self._file.fileno()
        self._descriptor = descriptor

    @classmethod
    def opened(cls, path: str) -> SharedFile:
        """A file that another process holds open, by its path among the descriptors of that one."""
        file = Path(path).open("rb", buffering=0)  # noqa: SIM115
        shared = cls(file.fileno())
        shared._file = file
        return shared

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as a duplicate of the descriptor; only while a process is being started."""
        return _received, (reduction.DupFd(self._descriptor),)

    def fileno(self) -> int:
        """The descriptor in this process."""
        return self._descriptor

    def append(self, blocks: Iterable[Any]) -> list[tuple[int, int]]:
        """Write blocks of bytes, and return where each begins and how long it is, in bytes."""
        spans = []
        end = os.fstat(self._descriptor).st_size
        for block in blocks:
            begin = -(-end // _ALIGNMENT) * _ALIGNMENT
            end = begin + self.write(begin, block)
            spans.append((begin, end - begin))
        return spans

    def write(self, offset: int, block: Any) -> int:
        """Write bytes at a place; returns how many."""
        view = memoryview(block).cast("B")
        done = 0
        while done < len(view):  # one write is limited to 2 GB
            done += os.pwrite(self._descriptor, view[done:], offset + done)
        return done

    def read(self, offset: int, count: int) -> bytes:
        """Read so many bytes at a place; fewer where the file ends."""
        parts = []
        while count and (part := os.pread(self._descriptor, count, offset)):
            parts.append(part)
            offset, count = offset + len(part), count - len(part)
        return b"".join(parts)

    def mapped(self, spans: Iterable[tuple[int, int]]) -> list[memoryview]:
        """Read-only views of what was written, without reading it."""
        size = os.fstat(self._descriptor).st_size
        if not size:
            return [memoryview(b"") for _ in spans]
        view = memoryview(mmap.mmap(self._descriptor, size, prot=mmap.PROT_READ))
        return [view[begin : begin + length] for begin, length in spans]

    def set_counter(self, number: int, value: int) -> None:
        """Write a counter that another process may read at any time, even after this one's death."""
        os.pwrite(self._descriptor, _COUNTER.pack(value), number * _COUNTER.size)

    def counter(self, number: int) -> int:
        """Read a counter; 0 if it was never set."""
        stored = os.pread(self._descriptor, _COUNTER.size, number * _COUNTER.size)
        return int(_COUNTER.unpack(stored)[0]) if len(stored) == _COUNTER.size else 0

    def close(self) -> None:
        """Let go of it in this process; what is mapped stays readable."""
        if self._file is not None:
            self._file.close()


def _received(duplicate: Any) -> SharedFile:
    return SharedFile(duplicate.detach())
