"""Whether a table fits into the memory, and how many of its rows are looked at where it does not."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from mldiag.data.archives import is_archive
from mldiag.data.table_format import beginning

CELL_BYTES = 50
"""Memory of an audit for every cell, copies made on the way included: a million rows of 31 columns took
1.6 GB (`benchmarks/audit_speed.txt`)."""

TEXT_GROWTH = 6.0
"""Memory of an audit over the size of a file of text, likewise."""

MEMORY_SHARE = 0.5
"""Part of the free memory that a table may take."""

SAMPLED_ROWS = 1_000_000
"""Rows that are looked at of a table that does not fit, where so many do: a fixed number, so that the
same rows are drawn whatever else runs."""

_GROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
)


@dataclass(frozen=True)
class Fit:
    """How a table stands to the memory.

    Args:
        rows_at_most: Rows that may be read; None for all.
        needed_bytes: What all of them would take, about.
        free_bytes: What there is.
    """

    rows_at_most: int | None
    needed_bytes: int
    free_bytes: int


def fit_of(path: Path, *, free_bytes: int | None = None) -> Fit:
    r"""How many rows of a file are looked at by default: all, where they take half of the free memory.

    Args:
        path: A table. Archives are read whole.
        free_bytes: Free memory; None to ask the system.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "small.csv"
        ...     _ = file.write_text("a,b\n" + "1,2\n" * 1000)
        ...     fit_of(file).rows_at_most, fit_of(file, free_bytes=10_000).rows_at_most
        (None, 208)
    """
    free = available_bytes() if free_bytes is None else free_bytes
    if free is None or not path.is_file() or is_archive(path):
        return Fit(None, 0, free or 0)
    rows, needed = _size(path)
    if not rows or needed <= MEMORY_SHARE * free:
        return Fit(None, needed, free)
    fitting = int(rows * MEMORY_SHARE * free / needed)
    return Fit(max(1, min(SAMPLED_ROWS, fitting)), needed, free)


def available_bytes() -> int | None:
    """Memory that can be taken without swapping, also within a container; None where nothing tells."""
    found = []
    with contextlib.suppress(OSError, ValueError, KeyError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        known = dict(line.split(":", 1) for line in lines)
        found.append(int(known["MemAvailable"].split()[0]) * 1024)
    for folder, limit, used in _GROUPS:
        try:
            # What the system keeps of files, it gives up as soon as somebody needs the room.
            stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            kept = int(stat.get("inactive_file", 0))
            taken = int((folder / used).read_text()) - kept
            found.append(int((folder / limit).read_text()) - taken)
        except (OSError, ValueError):  # "max" where there is no limit
            continue
    return max(0, min(found)) if found else None


def _size(path: Path) -> tuple[int, int]:
    """About how many rows a file has, and the bytes that an audit of all would take."""
    start = beginning(path)
    if start.startswith(b"PAR1"):
        from mldiag.data.audited.reading_columnar import parquet_file

        with parquet_file(str(path), path.name) as file:
            meta = file.metadata
            stored = sum(
                meta.row_group(group).total_byte_size for group in range(meta.num_row_groups)
            )
            return meta.num_rows, meta.num_rows * meta.num_columns * CELL_BYTES + 2 * stored
    size = path.stat().st_size
    lines = start.count(b"\n")
    per_row = len(start) / lines if lines else len(start) or 1
    return int(size / per_row), int(size * TEXT_GROWTH)
