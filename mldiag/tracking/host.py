"""Who writes a run, told so that another command can prove that it is dead."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path

TAG = "mldiag.writer"


def this_process(pid: int | None = None) -> dict[str, str]:
    """The tag that names a process: its machine, boot, process space, number and start."""
    pid = os.getpid() if pid is None else pid
    return {TAG: f"{this_host()} {_boot()} {_process_space()} {pid} {_start_of(pid)}"}


def this_host() -> str:
    """Name and identity of this machine, without spaces or quotes."""
    name = f"{socket.gethostname()}/{_read('/etc/machine-id')[:12] or '-'}"
    return re.sub(r"[^\w./-]", "-", name)


def is_dead(tags: Mapping[str, str]) -> bool:
    """Whether the process that the tags name is certainly gone.

    True only on its own machine: after a reboot, or in the same space of process numbers where the
    number is free or was given to a process that started at another time.

    Example:
        >>> is_dead(this_process()), is_dead({"mldiag.writer": "elsewhere/1 boot space 1 1"})
        (False, False)
    """
    parts = tags.get(TAG, "").split()
    if len(parts) != 5 or parts[0] != this_host() or "-" in parts:
        return False
    _, boot, space, pid, started = parts
    if boot != _boot():
        return True
    return space == _process_space() and _start_of(int(pid)) != started


def is_alive(tags: Mapping[str, str]) -> bool:
    """Whether the process that the tags name certainly runs; another process than this one.

    Example:
        >>> is_alive(this_process()), is_alive(this_process(os.getppid()))
        (False, True)
    """
    named = tags.get(TAG, "")
    parts = named.split()
    if len(parts) != 5 or parts[3] == str(os.getpid()):
        return False
    return named == this_process(int(parts[3]))[TAG] and parts[4] != "gone"


def _boot() -> str:
    return _read("/proc/sys/kernel/random/boot_id").replace("-", "")[:12] or "-"


def _process_space() -> str:
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return "-"


def _start_of(pid: int) -> str:
    """Start of a process in clock ticks since boot; `gone` if there is none."""
    stat = _read(f"/proc/{pid}/stat")
    if not stat:
        return "gone"
    fields = stat.rpartition(")")[2].split()  # the name before may hold spaces
    return "gone" if fields[0] == "Z" else fields[19]


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
