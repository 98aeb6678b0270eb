"""What runs inside a worker process."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import connection, forkserver, parent_process
from typing import TYPE_CHECKING, Any

import pebble.pool.process  # noqa: F401 - so that the fork server has it before the first fork

from mldiag.errors import MldiagError
from mldiag.run.cargo import Cargo
from mldiag.run.engines.devices import DeviceClaims, Devices
from mldiag.run.engines.task_slots import SlotWriter, TaskSlots
from mldiag.run.tracebacks import describe_error
from mldiag.run.watch import Watch
from mldiag.run.worker import run_trial
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


OUTDATED = 113
"""Exit code of a worker that has loaded another code or other data than the run began with."""

_PR_SET_PDEATHSIG = 1


class LoadError(MldiagError):
    """A worker could not load the experiment: no trial can run."""


@dataclass
class WorkerState:
    """What a worker keeps between tasks.

    Args:
        cargo: The experiment on its way.
        slots: Where tasks leave what they have finished.
        threads: Inner threads of each training.
        time_limit: Seconds after which `trial.epochs` ends.
        watch: What the experiment's files must still be like; None where it travels by value.
        claims: Where this process takes its GPUs from; None where trials have none.
        devices: Those that it has.
        experiment: The experiment, or why it could not be loaded.
        outdated: Whether it is not the one that the run began with.
    """

    cargo: Cargo
    slots: TaskSlots
    threads: int
    time_limit: float | None
    watch: Watch | None = None
    claims: DeviceClaims | None = None
    devices: Devices = ()
    experiment: Experiment | LoadError | None = None
    outdated: bool = False


_state: WorkerState | None = None


def start_worker(state: WorkerState) -> None:
    """Prepare the process, outside the time limit of any trial; tasks tell what went wrong."""
    global _state
    _state = state
    os.setpgid(0, 0)  # a group of its own, to be ended with all that a training starts
    _end_with_server()
    # Ctrl-C is ignored by now. A program that a training starts must not inherit what is blocked.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    # Lines of several trainings at once tell nobody anything and tear the progress bar apart; to see
    # what a train function prints, there is the inline engine. stderr is left as it is.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.close(silence)
    os.environ.setdefault("TQDM_DISABLE", "1")
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _set_loading(True)
    try:
        state.devices = () if state.claims is None else state.claims.claim()
        state.experiment = state.cargo.unpack()
        state.outdated = state.watch is not None and not state.watch.holds(state.experiment)
    except BaseException as error:  # also SystemExit, from a script that ends itself
        state.experiment = LoadError(
            "a worker process cannot load the experiment",
            expected=describe_error(error),
            hint="--engine inline",
        )
        state.outdated = state.watch is not None and bool(state.watch.edited())
    _set_loading(False)


def _set_loading(loading: bool) -> None:
    assert _state is not None
    with contextlib.suppress(OSError):  # a full disk: it is only told so that nobody waits in vain
        _state.slots.set_loading(os.getpid(), loading)


def _end_with_server() -> None:
    """Have the kernel end this process with the fork server, which ends with the command.

    The thread that waits for the command's end cannot run while compiled code holds the interpreter.
    """
    server: Any = forkserver._forkserver
    if server._forkserver_alive_fd is not None:  # as long as it is open here, the server lives on
        os.close(server._forkserver_alive_fd)
        server._forkserver_alive_fd = None
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os.killpg(0, signal.SIGKILL)


def run_chunk(number: int, specs: Sequence[TrialSpec], patience: float) -> list[TrialResult] | None:
    """Run trials one after the other.

    Args:
        number: Of the task, whose slot the results are left in as they come.
        specs: The trials.
        patience: Seconds after which no further trial of the chunk begins.

    Returns:
        None where the results are in the slot, which is as good as always. Where the disk of temporary
        files is full, the results of the trials that have run, the first ones of the chunk.

    Raises:
        LoadError: If the experiment could not be loaded.
    """
    assert _state is not None
    if _state.outdated:
        os._exit(OUTDATED)  # the parent sends the experiment as it was, to another process
    experiment = _state.experiment
    if experiment is None or isinstance(experiment, LoadError):
        raise experiment or LoadError("a worker process was not prepared")
    writer = SlotWriter(_state.slots, number)
    results: list[TrialResult] = []
    full = False
    ends = time.monotonic() + patience
    for spec in specs:
        if results and time.monotonic() > ends:
            break
        try:
            result = run_trial(
                experiment,
                spec,
                threads=_state.threads,
                seconds=_state.time_limit,
                devices=_state.devices,
            )
        except KeyboardInterrupt as error:  # raised by the training: the real one never gets here
            result = TrialResult(spec, "failed", error=describe_error(error))
        results.append(result)
        try:
            writer.keep(result)
        except OSError:
            full = True
            break
    return results if full else None
