"""Inner threads of numerical libraries: the same number for a trial wherever it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from threadpoolctl import ThreadpoolController

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
"""Read by the libraries when they are loaded: a cap has to be set before."""


def usable_cores() -> int:
    """Cores that this process may use: fewer than the machine has under an affinity mask or a quota."""
    affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, _quota(Path("/sys/fs/cgroup/cpu.max")) or cores))


def _quota(path: Path) -> int | None:
    """Whole cores that a container's quota amounts to, rounded up; None without one."""
    try:
        allowed, period = path.read_text(encoding="ascii").split()
        return -(-int(allowed) // int(period))
    except (OSError, ValueError):  # no such file, or "max"
        return None


def inner_threads(workers: int) -> int:
    """Threads for each of `workers` trials at a time: its share of the cores, or what the user has set.

    Example:
        >>> inner_threads(10_000) >= 1
        True
    """
    return _declared() or max(1, usable_cores() // max(1, workers))


def threads_elsewhere() -> int:
    """Threads for a trial on machines of which nothing is known: what the user has set, else one."""
    return _declared() or 1


def _declared() -> int:
    """What the user has set; 0 for nothing."""
    declared = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(declared) if declared.isdigit() else 0


_scanned: tuple[int, ThreadpoolController] | None = None


@contextmanager
def capped_threads(threads: int) -> Iterator[None]:
    """Limit BLAS, OpenMP and torch to `threads` threads, and put back what was."""
    torch: Any = sys.modules.get("torch")
    before = torch.get_num_threads() if hasattr(torch, "get_num_threads") else None
    if before is not None and before != threads:
        torch.set_num_threads(threads)
    try:
        with _controller().limit(limits=threads):
            yield
    finally:
        if before is not None and torch.get_num_threads() != before:
            torch.set_num_threads(before)


def _controller() -> ThreadpoolController:
    """The loaded libraries, looked for again only after something was imported: a scan takes 12 ms."""
    global _scanned
    if _scanned is None or _scanned[0] != len(sys.modules):
        _scanned = (len(sys.modules), ThreadpoolController())
    return _scanned[1]
