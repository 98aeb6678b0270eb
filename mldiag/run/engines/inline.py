"""Trials in the calling process, one after the other: for debugging, and for very short trials."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from mldiag.run.engines import Order
from mldiag.run.engines.devices import Devices, device_groups
from mldiag.run.engines.faults import hard_limit, timed_out
from mldiag.run.threads import inner_threads
from mldiag.run.worker import run_trial
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


class InlineEngine:
    """Runs trials here, in the order given, so that a debugger works as usual.

    What a train function prints goes to stderr, because stdout belongs to the verdict.

    It cannot survive what takes the process down, nor end a training: with a time limit,
    `trial.epochs` stops in time, and a trial that took longer without it counts as timed out only
    after the fact.

    Args:
        experiment: The experiment.
        threads: Inner threads of each training.
        time_limit: Seconds that one trial may take.
        devices: GPUs that a trial may use.
    """

    name = "inline"
    interruptible = True

    def __init__(
        self,
        experiment: Experiment,
        *,
        threads: int,
        time_limit: float | None = None,
        devices: Devices = (),
    ) -> None:
        self._experiment, self._threads, self._time_limit = experiment, threads, time_limit
        self._devices = devices

    def run(
        self, specs: Iterable[TrialSpec], *, give_up: Callable[[], bool] = lambda: False
    ) -> Generator[TrialResult, None, None]:
        """Run each trial when it is asked for; see `Engine.run`.

        Raises:
            KeyboardInterrupt: If the user interrupts a training.
        """
        limit = self._time_limit
        for spec in specs:
            if give_up():
                return
            with redirect_stdout(sys.stderr):
                result = run_trial(
                    self._experiment,
                    spec,
                    threads=self._threads,
                    seconds=limit,
                    devices=self._devices,
                )
            if limit is not None and result.wall_seconds > hard_limit(limit):
                result = timed_out(spec, limit, threads=self._threads)
            yield result

    def close(self) -> None:
        """Nothing is held."""


def open_engine(order: Order) -> InlineEngine:
    """The engine that runs trials here."""
    (devices,) = device_groups(order.settings.gpus, 1)
    return InlineEngine(
        order.experiment,
        threads=inner_threads(order.workers),
        time_limit=order.settings.time_limit,
        devices=devices,
    )
