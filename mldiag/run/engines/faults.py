"""Results of trials that did not come back: out of time, out of memory, or with a dead worker."""

from __future__ import annotations

from pathlib import Path

from mldiag.errors import MldiagError
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

KILLED = -9
"""Exit code of a process that was killed, by the kernel's out-of-memory killer among others."""


def hard_limit(time_limit: float) -> float:
    """Seconds after which a trial is ended from outside.

    A little more than the limit itself, at which `trial.epochs` ends a training that counts its epochs,
    so that what it has measured is not lost.

    Example:
        >>> hard_limit(10.0)
        11.0
    """
    return time_limit + max(0.5, 0.1 * time_limit)


def timed_out(
    spec: TrialSpec, time_limit: float, *, threads: int, attempts: int = 1
) -> TrialResult:
    """The result of a trial that took longer than it may."""
    return TrialResult(
        spec,
        "timeout",
        error=f"the training took longer than the limit of {time_limit:g} s for one trial",
        wall_seconds=time_limit,
        threads=threads,
        attempts=attempts,
    )


def worker_died(
    spec: TrialSpec, exit_code: int, *, threads: int, attempts: int, memory: bool
) -> TrialResult:
    """The result of a trial whose worker process ended under it.

    Args:
        spec: The trial.
        exit_code: Of the process; negative for a signal.
        threads: Inner threads of the training.
        attempts: How often it was tried.
        memory: Whether the kernel ended it for want of memory.
    """
    if memory:
        error = "the system ended the worker process because memory ran out"
    elif exit_code < 0:
        error = f"the worker process was ended by signal {-exit_code}"
    else:
        error = "the train function ended its process"
    return TrialResult(
        spec,
        "out_of_memory" if memory else "lost_worker",
        error=error,
        threads=threads,
        attempts=attempts,
    )


def dask_worker_lost(spec: TrialSpec, *, threads: int, attempts: int) -> TrialResult:
    """The result of a trial whose Dask worker was gone before it ended, as often as it was tried."""
    return TrialResult(
        spec,
        "lost_worker",
        error="the Dask worker that ran it was lost",
        threads=threads,
        attempts=attempts,
    )


def no_worker_lives() -> MldiagError:
    """The error where processes end as soon as they are started."""
    return MldiagError(
        "worker processes end before they can run a trial",
        expected="processes that start; their messages are on stderr",
        hint="--engine inline",
    )


def edited_and_unsendable(reason: MldiagError) -> MldiagError:
    """The error where a new worker would load other code, and what is loaded here cannot be sent to it."""
    return MldiagError(
        "the experiment was edited during the run, and a new worker cannot have it as it was",
        expected=f"the code that the run began with; finished trials are kept\n{reason.what}",
        hint="the same command again: it goes on with the new code",
    )


_COUNTERS = (
    "/proc/vmstat",
    "/sys/fs/cgroup/memory.events",
    "/sys/fs/cgroup/memory/memory.oom_control",
)


def memory_kills() -> int:
    """How often the kernel's out-of-memory killer has struck, as far as this process can see."""
    total = 0
    for path in _COUNTERS:
        try:
            lines = Path(path).read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        counts = [line.split()[-1] for line in lines if line.startswith("oom_kill ")]
        total += sum(int(count) for count in counts)
    return total
