"""Which GPUs a trial may use, shared out so that no two trials at a time have the same one."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field

from mldiag.errors import MldiagError
from mldiag.run.shared_file import SharedFile
from mldiag.wording import plural

Devices = tuple[str, ...]
"""Names of the devices of one trial, such as `("cuda:0",)`; empty where it has the processor alone."""

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""Which GPUs a process sees; they are numbered anew from 0, also in `trial.device`."""

CLAIM_SECONDS = 10.0
"""A worker that was killed gives its devices back as soon as the kernel has cleared it away."""

_PAUSE_SECONDS = 0.02
_LIST_SECONDS = 10.0


def device_groups(gpus: int, places: int, first: int = 0) -> tuple[Devices, ...]:
    """The devices of each of several trials at a time.

    Args:
        gpus: GPUs of one trial.
        places: Trials at a time.
        first: Number of the first GPU.

    Example:
        >>> device_groups(2, 2)
        (('cuda:0', 'cuda:1'), ('cuda:2', 'cuda:3'))
        >>> device_groups(0, 2)
        ((), ())
    """
    starts = range(first, first + gpus * places, gpus) if gpus else (0,) * places
    return tuple(tuple(f"cuda:{start + i}" for i in range(gpus)) for start in starts)


def gpus_here() -> int:
    """How many GPUs this process sees: those it was given, else those that the driver lists."""
    visible = os.environ.get(VISIBLE)
    if visible is not None:
        names = [name.strip() for name in visible.split(",")]
        # As CUDA itself reads it: what follows an invalid name does not count.
        return next((i for i, name in enumerate(names) if name in ("", "-1")), len(names))
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    try:
        listed = subprocess.run(
            [tool, "--list-gpus"], capture_output=True, text=True, timeout=_LIST_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def places_here(gpus: int) -> int:
    """How many trials of so many GPUs this machine can carry at a time.

    Raises:
        MldiagError: If not a single one.
    """
    found = gpus_here()
    if found < gpus:
        raise MldiagError(
            f"a trial is to have {plural(gpus, 'GPU')}, and {found or 'none'} can be seen here",
            expected=f"{f'at most {found}' if found else 'one'}; {VISIBLE} tells which there are, "
            "where the driver does not",
            hint=f"--gpus {found}",
        )
    return found // gpus


@dataclass(frozen=True)
class DeviceClaims:
    """Devices for worker processes, of which each takes the first that no living one has.

    A claim is a lock on one byte of a nameless file: the kernel gives it back whatever ends its holder.

    Args:
        groups: The devices of each trial at a time.
        file: The file.
    """

    groups: tuple[Devices, ...]
    file: SharedFile = field(default_factory=SharedFile)

    def claim(self) -> Devices:
        """Take devices for as long as this process lives.

        Raises:
            MldiagError: If all of them stay taken.
        """
        ends = time.monotonic() + CLAIM_SECONDS
        while True:
            for number, devices in enumerate(self.groups):
                try:
                    fcntl.lockf(self.file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
                except OSError:
                    continue
                return devices
            if time.monotonic() > ends:
                raise MldiagError(
                    "no GPU became free for a worker process",
                    expected=f"{len(self.groups)} workers, each with its own",
                )
            time.sleep(_PAUSE_SECONDS)

    def close(self) -> None:
        """Let go of the file in this process."""
        self.file.close()
