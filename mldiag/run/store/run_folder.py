"""The folder of a run's report and figures, which is there whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mldiag.errors import MldiagError

LOCKED_WITHIN_SECONDS = 2.0
"""A new folder has its lock a moment after it was made."""


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """A folder to write to, which gets its name at the end.

    What a killed command has left half-written is removed by the next one.

    Args:
        folder: The folder's name in the end; it must not exist yet.

    Raises:
        MldiagError: If the disk is full, or cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with written_whole(Path(place) / "runs" / "1") as draft:
        ...         _ = (draft / "report.json").write_text("{}")
        ...     [str(path.relative_to(place)) for path in Path(place).glob("runs/1/*")]
        ['runs/1/report.json']
    """
    draft = folder.with_name(f".{folder.name}.part")
    try:
        _remove_abandoned(folder.parent)
        draft.mkdir(parents=True)
        with _locked(draft):
            yield draft
            draft.rename(folder)
    except OSError as error:
        raise MldiagError(
            f"the report cannot be written to {folder}: {error.strerror or error}",
            expected="free space on a disk that can be written; every finished trial is kept",
            hint=f"df -h {shlex.quote(str(folder.parent))}   "
            "then the same command again: no trial runs twice",
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a folder's lock, which ends with this process at the latest.

    Raises:
        OSError: If another process holds it, and `wait` is false.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:
            if not wait:  # some network file systems have no locks: nothing is removed there
                raise
        yield
    finally:
        os.close(descriptor)


def _remove_abandoned(folder: Path) -> None:
    for draft in folder.glob(".*.part"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > LOCKED_WITHIN_SECONDS:
                with _locked(draft, wait=False):
                    shutil.rmtree(draft)
