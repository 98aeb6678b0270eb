"""Which engine runs the trials of a command: the one that was named, or the one that suits them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from mldiag.errors import MldiagError
from mldiag.run.cost import CostModel
from mldiag.run.engine_names import AUTO, ENGINES, check_engine, check_gpus, is_address, needs_dask
from mldiag.run.engines import Engine, Order
from mldiag.run.engines.devices import places_here
from mldiag.run.settings import RunSettings
from mldiag.run.threads import usable_cores
from mldiag.run.watch import Watch
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

__all__ = ["AUTO", "ENGINES", "EngineChoice"]

START_SECONDS, WARM_START_SECONDS = 2.0, 0.3
"""What starting worker processes costs, with scikit-learn or torch to import, and where a server of an
earlier command of this process has them."""


class EngineChoice:
    """Opens the engine and keeps it warm.

    Under `auto`, an experiment that may run in process begins there, and changes to worker processes
    as soon as what its trials have cost so far says that starting workers pays.

    Args:
        experiment: The experiment.
        settings: What the user chose.
        costs: What trials cost.
        watch: What the experiment's files must still be like.
        notice: Takes a line for the user.

    Raises:
        MldiagError: If there is no such engine, or the number of jobs or the time limit is not positive.
    """

    def __init__(
        self,
        experiment: Experiment,
        settings: RunSettings,
        costs: CostModel,
        *,
        watch: Watch,
        notice: Callable[[str], None],
    ) -> None:
        check_engine(settings.engine)
        check_gpus(settings.gpus)
        if settings.jobs is not None and settings.jobs < 1:
            raise MldiagError(f"{settings.jobs} jobs", expected="at least 1", hint="--jobs 2")
        if settings.time_limit is not None and not settings.time_limit > 0:
            limit = settings.time_limit
            raise MldiagError(f"a limit of {limit:g} s for a trial", expected="more than 0 seconds")
        self._experiment, self._settings, self._costs = experiment, settings, costs
        self._watch, self._notice = watch, notice
        self._engine: Engine | None = None
        self._opened = ""
        self._workers = 0
        self._without_workers = False
        self._size_left = 0.0
        self._left = 0
        here = settings.gpus and not is_address(settings.engine)
        self._most = places_here(settings.gpus) if here else None

    def workers_for(self, trials: int) -> int:
        """Trials that would run at a time; the number never falls within a command."""
        wanted = self._settings.jobs or usable_cores()
        if self._most is not None:
            wanted = min(wanted, self._most)
        if needs_dask(self._settings.engine):
            return wanted  # a cluster is not started twice because a later round has more trials
        return max(self._workers, min(wanted, max(1, trials)))

    def engine_for(self, specs: Sequence[TrialSpec]) -> Engine:
        """The engine for these trials."""
        self._left, self._size_left = len(specs), sum(map(self._costs.size, specs))
        workers = self.workers_for(len(specs))
        grown, self._workers = workers > self._workers, workers
        name = self._settings.engine
        if name == AUTO:
            name = "inline" if self._suits_this_process() else "local"
        elif needs_dask(name):
            name = "dask"
        if self._engine is None or self._opened != name or grown:
            self.close()
            self._opened = name
            order = Order(
                self._experiment, self._workers, self._settings, self._watch, self._notice
            )
            self._engine = import_module(ENGINES[name]).open_engine(order)
        return self._engine

    def begins(self, spec: TrialSpec) -> None:
        """Note that a trial is about to start."""
        self._left -= 1
        self._size_left -= self._costs.size(spec)

    def outgrown(self) -> bool:
        """Whether this process runs trials that worker processes would now finish sooner."""
        automatic = self._settings.engine == AUTO and not self._without_workers
        if not automatic or self._engine is None or self._opened != "inline":
            return False
        return self._workers_pay()

    def do_without_workers(self) -> None:
        """Stay in this process: the experiment cannot be sent to another one."""
        self._without_workers = True

    def close(self) -> None:
        """Close the engine; a later call of `engine_for` opens it again."""
        if self._engine is not None:
            engine, self._engine = self._engine, None
            engine.close()

    def _suits_this_process(self) -> bool:
        if self._without_workers:
            return True
        if not self._experiment.in_process or self._settings.time_limit is not None:
            return False  # a training in this process cannot be ended
        if self._settings.gpus:
            return False
        warm = self._engine is not None and self._opened == "local"
        return not warm and not self._workers_pay()

    def _workers_pay(self) -> bool:
        seconds = self._costs.seconds_of(self._left, self._size_left)
        if seconds is None or self._workers < 2:
            return False
        return seconds > _start_seconds() + seconds / self._workers


def _start_seconds() -> float:
    from mldiag.run.engines.fork_server import IDLE

    return WARM_START_SECONDS if IDLE.ready else START_SECONDS
