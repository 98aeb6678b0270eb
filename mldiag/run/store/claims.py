"""Claims: which process is training which trial now, and whether that process still lives.

A claim is dead, and is taken over at once, when on this machine its process is gone (or is a zombie, or its
number now belongs to a younger process), when the machine was restarted since, or when the `Store` that
made it was closed or forgotten in a process that still lives. Whether a process in another container or on
another machine lives cannot be seen from here: such a claim is dead after `FOREIGN_SECONDS`. A wrong guess
costs time (a trial is trained twice) and never a wrong result.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import uuid
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOREIGN_SECONDS = 24 * 3600.0
"""Age after which a claim of a process that cannot be seen from here is dead."""

_PROC = Path("/proc")
_living: weakref.WeakValueDictionary[str, Holder] = weakref.WeakValueDictionary()


@dataclass(frozen=True)
class Holder:
    """Who holds a claim: one store object in one process.

    Args:
        token: Unique name of the store object.
        host: Name of the machine.
        boot: Which start of the machine; empty where the system does not tell.
        space: Process-number space, since containers have their own; empty likewise.
        pid: Process number.
        process_started: When the process started, as the system counts it.
    """

    token: str
    host: str
    boot: str
    space: str
    pid: int
    process_started: str

    @classmethod
    def here(cls) -> Holder:
        """A new holder in this process; it lives as long as someone keeps the object."""
        pid = os.getpid()
        holder = cls(
            uuid.uuid4().hex, socket.gethostname(), _boot(), _space(), pid, process_start(pid) or ""
        )
        _living[holder.token] = holder
        return holder


def claim(
    connection: sqlite3.Connection, holder: Holder, keys: Iterable[str], *, now: float
) -> set[str]:
    """Claim keys inside an open write transaction.

    Args:
        connection: The store's connection.
        holder: Who claims.
        keys: Keys of trials.
        now: The time, in seconds since 1970 UTC.

    Returns:
        The keys granted: free ones, the holder's own, and those of the dead.
    """
    granted = set()
    dead: dict[tuple[str, float], bool] = {}
    for key in keys:
        row = connection.execute(
            "SELECT token, host, boot, space, pid, process_started, created FROM claims WHERE key = ?",
            (key,),
        ).fetchone()
        if row is not None and row[0] != holder.token:
            other = (row[0], row[-1])
            if other not in dead:
                dead[other] = is_dead(Holder(*row[:-1]), holder, age_seconds=now - row[-1])
            if not dead[other]:
                continue
        connection.execute(
            "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (key, holder.token, holder.host, holder.boot, holder.space, holder.pid,
             holder.process_started, now),
        )  # fmt: skip
        granted.add(key)
    return granted


def is_dead(other: Holder, here: Holder, *, age_seconds: float) -> bool:
    """Whether a claim's holder can train no more, as far as can be known from here.

    Args:
        other: Who holds the claim.
        here: Who asks.
        age_seconds: Age of the claim, in seconds.
    """
    if other.boot != here.boot and other.host == here.host:
        return True  # the machine was restarted since
    if (other.host, other.boot, other.space) != (here.host, here.boot, here.space):
        return age_seconds > FOREIGN_SECONDS
    if other.pid == here.pid and other.process_started == here.process_started:
        return other.token not in _living
    started = process_start(other.pid)
    return started is None or started != other.process_started


def process_start(pid: int) -> str | None:
    """When a process of this machine started, as the system counts it; None if it does not live.

    Example:
        >>> process_start(os.getpid()) is not None
        True
    """
    if (_PROC / "self" / "stat").exists():
        try:
            fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    shown = subprocess.run(  # macOS and the BSDs
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - not a path, a name in brackets
    except OSError:
        return ""
