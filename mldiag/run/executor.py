"""Runs the trials that are asked for: what the store has is taken from it, the rest is trained and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from mldiag.findings import TrialCounts
from mldiag.run.budget import parse_budget
from mldiag.run.budget_clock import BudgetClock
from mldiag.run.cargo import CargoError
from mldiag.run.cost import CostModel
from mldiag.run.engines import Engine
from mldiag.run.engines.choice import AUTO, EngineChoice
from mldiag.run.failures import Failures
from mldiag.run.interrupts import Interrupts
from mldiag.run.settings import Listener, PlanSummary, RunSettings
from mldiag.run.trial_queue import TrialQueue
from mldiag.run.watch import LiveFiles, Watch
from mldiag.stop_rule import would_cut
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment
    from mldiag.run.identity import Identity
    from mldiag.run.store.trial_store import Store

__all__ = ["Executor", "Listener", "PlanSummary", "RunSettings"]

POLL_SECONDS = (0.05, 1.0)
"""First and longest pause between two looks at a trial that another process is running."""

LOST = frozenset({"failed", "timeout", "out_of_memory", "lost_worker"})
"""Statuses without a score that say nothing about the parameters."""


class Executor:
    """Brings the results of trials, from the store or from training; one for each command.

    Args:
        experiment: The experiment.
        store: Where results are kept.
        identity: What the experiment's results are kept under.
        settings: What the user chose.
        listener: Told of the plan, of results and of notices.

    Attributes:
        counts: Trials so far.
        interrupted: Whether the user has stopped the run.
        failures: What has raised.

    Raises:
        MldiagError: If a setting is wrong.
    """

    def __init__(
        self,
        experiment: Experiment,
        store: Store,
        identity: Identity,
        settings: RunSettings,
        listener: Listener,
    ) -> None:
        self._store, self._identity, self._settings = store, identity, settings
        self._listener = listener
        self._costs = CostModel(experiment)
        self._budget = parse_budget(settings.budget)
        self._clock = BudgetClock(self._budget, self._costs.full_trial_seconds)
        watch = Watch.of(experiment, identity)
        self._live_files = LiveFiles(watch, experiment)
        self._engines = EngineChoice(
            experiment, settings, self._costs, watch=watch, notice=listener.notice
        )
        self._queue = TrialQueue(store, fresh=settings.fresh)
        self._interrupts = Interrupts()
        self.failures = Failures(self._costs.is_full_default)
        self._asked: set[str] = set()
        self._trained: set[str] = set()
        self._counted: set[str] = set()
        self.counts = TrialCounts()
        self.interrupted = False

    def run(self, specs: Sequence[TrialSpec]) -> Iterator[TrialResult]:
        """Yield a result for each different trial: first what the store has, then the others as they end.

        A fresh result is in the store before it is yielded. Where the budget is spent, or the user
        interrupts, the rest is left out, and the listener is told.

        Raises:
            MldiagError: If worker processes cannot do their work at all, or the store fails.
        """
        wanted = self._keyed(specs)
        known = self._known_keys(wanted)
        self._count(planned=len(wanted.keys() - self._asked))
        self._asked |= wanted.keys()
        self._listener.planned(self._summary(wanted, known))
        missing = dict(wanted)
        for key, result in self._stored({key: wanted[key] for key in wanted if key in known}):
            yield self._told(key, replace(result, spec=missing.pop(key)), cached=True)
        if missing:
            yield from self._run_missing(missing)

    def summary(self, specs: Sequence[TrialSpec]) -> PlanSummary:
        """What `run` would do; trains nothing."""
        wanted = self._keyed(specs)
        return self._summary(wanted, self._known_keys(wanted))

    def why(self, specs: Sequence[TrialSpec]) -> list[str]:
        """Why trials are not in the store, each reason once; empty where all of them are."""
        wanted = self._keyed(specs)
        known = self._known_keys(wanted)
        missing = (spec for key, spec in wanted.items() if key not in known)
        reasons = (reason for spec in missing for reason in self._store.why(self._identity, spec))
        return list(dict.fromkeys(reasons))

    def was_cached(self, result: TrialResult) -> bool:
        """Whether a result was not trained by this command."""
        return self._identity.key(result.spec) not in self._trained

    def remaining_seconds(self) -> float | None:
        """Seconds left of the budget; None where there is none, or where it is not known yet."""
        return self._clock.remaining()

    def close(self) -> None:
        """Stop the workers and give up every claim."""
        self._engines.close()
        self._queue.clear()

    # What the store has

    def _keyed(self, specs: Sequence[TrialSpec]) -> dict[str, TrialSpec]:
        return {self._identity.key(spec): spec for spec in specs}

    def _known_keys(self, wanted: dict[str, TrialSpec]) -> set[str]:
        known = set()
        for key, result in self._stored(wanted, with_predictions=False):
            known.add(key)
            self._costs.learn(result)
        return known

    def _stored(
        self, wanted: Mapping[str, TrialSpec], *, with_predictions: bool = True
    ) -> Iterator[tuple[str, TrialResult]]:
        """Results that settle their trials, few at a time in memory."""
        keys = [key for key in wanted if not self._settings.fresh or key in self._trained]
        limit = self._settings.time_limit
        rules = any(wanted[key].stop is not None for key in keys)
        found = self._store.iterate(
            keys, with_predictions=with_predictions, accept_cut=limit is not None or rules
        )
        for key, result in found:
            # What this limit or this trial's rule would cut again is not trained again.
            late = limit is not None and result.wall_seconds >= limit
            if result.status != "cut" or late or would_cut(wanted[key].stop, result.history):
                yield key, result

    def _summary(self, wanted: dict[str, TrialSpec], known: set[str]) -> PlanSummary:
        missing = [spec for key, spec in wanted.items() if key not in known]
        each = [self._costs.seconds(spec) or 0.0 for spec in missing]
        seconds: float | None = 0.0
        if missing:
            workers = self._engines.workers_for(len(missing))
            seconds = max(sum(each) / workers, max(each)) if all(each) else None
        return PlanSummary(len(wanted), len(known), seconds)

    # Training

    def _run_missing(self, missing: dict[str, TrialSpec]) -> Iterator[TrialResult]:
        left = dict(missing)
        self._queue.add(missing)
        with self._interrupts.held():
            try:
                while self._queue.unfinished and not self._must_stop():
                    for key, result, cached in self._one_pass():
                        yield self._told(key, replace(result, spec=left.pop(key)), cached=cached)
                    self._await_others()
                if self.failures.speak_for_all:
                    for key, result in self.failures.left():
                        kept = replace(self._kept(key, result), spec=left.pop(key))
                        yield self._told(key, kept, cached=False)
            except KeyboardInterrupt:
                self.interrupted = True
            finally:
                self.interrupted = self.interrupted or self._interrupts.requested
                self.failures.clear()
                self._queue.clear()
        self._say_what_is_left(len(left), len(missing))

    def _one_pass(self) -> Iterator[tuple[str, TrialResult, bool]]:
        """Run what waits on the engine that suits it, and take what other processes have finished."""
        if len(self._queue):
            engine = self._engines.engine_for(self._queue.waiting)
            self._queue.sort(self._order_on(engine))
            try:
                with closing(engine.run(self._supply(), give_up=self._gives_up)) as results:
                    while (result := self._next(engine, results)) is not None:
                        key = self._identity.key(result.spec)
                        if self.failures.asks_again(key, result):
                            self._queue.repeat(key, result.spec)
                        else:
                            yield key, self._kept(key, result), False
            except CargoError as error:
                if self._settings.engine != AUTO:
                    raise
                self._engines.do_without_workers()
                self._listener.notice(f"trials run in this process: {error.what}")
        while self._queue.found:
            yield (*self._queue.found.popleft(), True)

    def _next(self, engine: Engine, results: Iterator[TrialResult]) -> TrialResult | None:
        if not engine.interruptible:
            return next(results, None)
        with self._interrupts.let_through():
            return next(results, None)

    def _order_on(self, engine: Engine) -> Callable[[TrialSpec], tuple[bool, float]]:
        """Longest first, so that no worker trains alone at the end; the plan's order in this process.

        Under `auto` this process begins with the shortest, from which it learns soon what the others
        cost. A budget in multiples of a full training needs one of these before anything else.
        """
        sign = 0 if self._settings.engine == "inline" else 1 if engine.name == "inline" else -1
        unknown = self._budget.trainings is not None and self._costs.full_trial_seconds() is None

        def order(spec: TrialSpec) -> tuple[bool, float]:
            first = unknown and self._costs.is_full_default(spec)
            return not first, sign * self._costs.size(spec)

        return order

    def _supply(self) -> Iterator[TrialSpec]:
        """Claim trials as the engine asks for them, until something speaks against another one."""
        while len(self._queue) and not self._must_stop() and not self._engines.outgrown():
            batch = self._queue.take()
            for position, (_, spec) in enumerate(batch):
                if self._must_stop() or self._engines.outgrown():
                    self._queue.put_back(batch[position:])
                    return
                self._engines.begins(spec)
                yield spec

    def _kept(self, key: str, result: TrialResult) -> TrialResult:
        """Put a result into the store."""
        self._live_files.check()
        result = self.failures.settled(key, result)
        self._store.put(key, self._identity, result)
        self._queue.finished(key, result.wall_seconds)
        self._trained.add(key)
        self._costs.learn(result)
        self._clock.trained(result)
        return result

    def _told(self, key: str, result: TrialResult, *, cached: bool) -> TrialResult:
        cached = cached and key not in self._trained
        self.failures.saw(key, result)
        if key not in self._counted:  # a later round may ask for it again
            self._counted.add(key)
            self._count(run=not cached, cached=cached, failed=result.status in LOST)
        self._listener.finished(result, cached)
        return result

    def _await_others(self) -> None:
        """While nothing is left but trials of other processes, wait for these or for their death."""
        pause, longest = POLL_SECONDS
        while self._queue.elsewhere and not len(self._queue) and not self._must_stop():
            self._queue.look_elsewhere()
            if len(self._queue) or self._queue.found:
                return
            with self._interrupts.let_through():
                time.sleep(pause)
            pause = min(longest, 1.5 * pause)

    def _must_stop(self) -> bool:
        stopped = self._interrupts.requested or self._clock.spent()
        return stopped or self.failures.speak_for_all

    def _gives_up(self) -> bool:
        """Whether what is in flight is not waited for."""
        return self._interrupts.requested or self._clock.overrun()

    def _say_what_is_left(self, count: int, missing: int) -> None:
        if not count:
            return
        budget = f"the budget of {self._settings.budget} is spent"
        if not (self._trained or self.counts.cached):
            budget += ", too small for a single trial"
        reason = "interrupted" if self.interrupted else budget
        if self.failures.speak_for_all:
            reason = f"the first {self.failures.count} trials raised the same error"
        self._listener.notice(f"{reason}: {count} of {missing} trials were not run")

    def _count(self, **more: int) -> None:
        now = {name: getattr(self.counts, name) + int(count) for name, count in more.items()}
        self.counts = replace(self.counts, **now)
