"""What runs inside a worker process."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING

import pebble.pool.process  # noqa: F401 - so that the fork server has it before the first fork

from mldiag.errors import MldiagError
from mldiag.run.engines.cargo import Cargo
from mldiag.run.engines.shared_file import SharedFile
from mldiag.run.tracebacks import describe_error
from mldiag.run.worker import run_trial
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


class LoadError(MldiagError):
    """A worker could not load the experiment: no trial can run."""


@dataclass
class WorkerState:
    """What a worker keeps between tasks.

    Args:
        cargo: The experiment on its way.
        progress: Counters that the parent reads if this process dies.
        threads: Inner threads of each training.
        time_limit: Seconds after which `trial.epochs` ends.
        experiment: The experiment, or why it could not be loaded.
    """

    cargo: Cargo
    progress: SharedFile
    threads: int
    time_limit: float | None
    experiment: Experiment | LoadError | None = None


_state: WorkerState | None = None


def start_worker(state: WorkerState) -> None:
    """Prepare the process, outside the time limit of any trial; tasks tell what went wrong."""
    global _state
    _state = state
    os.setpgid(0, 0)  # a group of its own, to be ended with all that a training starts
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # ignored by now: see the server
    # Lines of several trainings at once tell nobody anything and tear the progress bar apart; to see
    # what a train function prints, there is the inline engine. stderr is left as it is.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.close(silence)
    os.environ.setdefault("TQDM_DISABLE", "1")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        state.experiment = state.cargo.unpack()
    except BaseException as error:  # also SystemExit, from a script that ends itself
        state.experiment = LoadError(
            "a worker process cannot load the experiment",
            expected=describe_error(error),
            hint="--engine inline",
        )


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)


def run_chunk(number: int, specs: Sequence[TrialSpec], patience: float) -> list[TrialResult]:
    """Run trials one after the other.

    Args:
        number: Of the task; its counters say which process runs it, and which trial of the chunk.
        specs: The trials.
        patience: Seconds after which no further trial of the chunk begins.

    Returns:
        Results of the trials that have run, the first ones of the chunk.

    Raises:
        LoadError: If the experiment could not be loaded.
    """
    assert _state is not None
    experiment = _state.experiment
    if experiment is None or isinstance(experiment, LoadError):
        raise experiment or LoadError("a worker process was not prepared")
    _state.progress.set_counter(2 * number, os.getpid())
    results: list[TrialResult] = []
    ends = time.monotonic() + patience
    for position, spec in enumerate(specs):
        if results and time.monotonic() > ends:
            break
        _state.progress.set_counter(2 * number + 1, position)
        try:
            result = run_trial(experiment, spec, threads=_state.threads, seconds=_state.time_limit)
        except KeyboardInterrupt as error:  # raised by the training: the real one never gets here
            result = TrialResult(spec, "failed", error=describe_error(error))
        results.append(result)
    return results
