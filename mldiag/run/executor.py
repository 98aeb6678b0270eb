"""Runs the trials that are asked for: what the store has is taken from it, the rest is trained and kept."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from mldiag.errors import MldiagError
from mldiag.findings import TrialCounts
from mldiag.run.budget import parse_budget
from mldiag.run.cost import CostModel
from mldiag.run.engines import Engine
from mldiag.run.engines.cargo import CargoError
from mldiag.run.engines.choice import AUTO, check_engine_name, open_engine
from mldiag.run.interrupts import Interrupts
from mldiag.run.settings import Listener, PlanSummary, RunSettings
from mldiag.run.threads import inner_threads, usable_cores
from mldiag.run.tracebacks import same_error
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment
    from mldiag.run.identity import Identity
    from mldiag.run.store import Store

__all__ = ["Executor", "Listener", "PlanSummary", "RunSettings"]

START_SECONDS = 2.0
"""What starting worker processes costs, with scikit-learn or torch to import."""

GRACE_SHARE = 0.1
"""Share of the time used by which the trials in flight may overrun a budget."""

GRACE_SECONDS = 2.0
"""They may in any case overrun it by this."""

CLAIMED_AT_ONCE = 32
"""Short trials that are claimed together."""

SHORT_SECONDS = 0.1
"""Below it a trial is short; longer ones are claimed one by one, so that two commands share them."""

POLL_SECONDS = (0.05, 1.0)
"""First and longest pause between two looks at a trial that another process is training."""

_LOST = frozenset({"failed", "timeout", "out_of_memory", "lost_worker"})


class Executor:
    """Brings the results of trials, from the store or from training; one for each command.

    Args:
        experiment: The experiment.
        store: Where results are kept.
        identity: What the experiment's results are kept under.
        settings: What the user chose.
        listener: Told of the plan, of results and of notices.

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
        check_engine_name(settings.engine)
        if settings.jobs is not None and settings.jobs < 1:
            raise MldiagError(f"{settings.jobs} jobs", expected="at least 1", hint="--jobs 2")
        if settings.time_limit is not None and not settings.time_limit > 0:
            raise MldiagError(
                f"a limit of {settings.time_limit:g} s for a trial", expected="more than 0 seconds"
            )
        self._experiment, self._store, self._identity = experiment, store, identity
        self._settings, self._listener = settings, listener
        self._budget = parse_budget(settings.budget)
        self._costs = CostModel(experiment)
        self._started = time.monotonic()
        self._overrun_until: float | None = None
        self._engine: Engine | None = None
        self._workers = 0
        self._stays_inline = False
        self._todo: deque[tuple[str, TrialSpec]] = deque()
        self._elsewhere: dict[str, TrialSpec] = {}
        self._found: deque[tuple[str, TrialResult]] = deque()
        self._failures: dict[str, TrialResult] = {}
        self._held: set[str] = set()
        self._trained: set[str] = set()
        self._interrupts = Interrupts()
        self._cached: set[str] = set()
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
        known = self._known(wanted)
        self._count(planned=len(wanted))
        missing = {key: spec for key, spec in wanted.items() if key not in known}
        self._listener.planned(self._summary(wanted, known))
        for key, result in known.items():
            yield self._tell(key, result, cached=True)
        if missing:
            yield from self._run_missing(missing)

    def summary(self, specs: Sequence[TrialSpec]) -> PlanSummary:
        """What `run` would do; trains nothing."""
        wanted = self._keyed(specs)
        return self._summary(wanted, self._known(wanted))

    def why(self, specs: Sequence[TrialSpec]) -> list[str]:
        """Why trials are not in the store, each reason once; empty where all of them are."""
        wanted = self._keyed(specs)
        known = self._known(wanted)
        missing = (spec for key, spec in wanted.items() if key not in known)
        reasons = (reason for spec in missing for reason in self._store.why(self._identity, spec))
        return list(dict.fromkeys(reasons))

    def was_cached(self, result: TrialResult) -> bool:
        """Whether a result came from the store, where another command has put it."""
        return result.spec.digest in self._cached

    def remaining_seconds(self) -> float | None:
        """Seconds left of the budget; None where there is none, or where it is not known yet."""
        elapsed = time.monotonic() - self._started
        return self._budget.remaining(elapsed, self._costs.full_trial_seconds())

    def close(self) -> None:
        """Stop the workers and give up every claim."""
        if self._engine is not None:
            engine, self._engine = self._engine, None
            engine.close()
        self._release(self._held)

    # What is known

    def _keyed(self, specs: Sequence[TrialSpec]) -> dict[str, TrialSpec]:
        return {self._identity.key(spec): spec for spec in specs}

    def _known(self, wanted: dict[str, TrialSpec]) -> dict[str, TrialResult]:
        keys = [key for key in wanted if not self._settings.fresh or key in self._trained]
        stored = self._store.get_many(keys) if keys else {}
        # The store shares trials between ways to name the experiment: answer under the name asked for.
        return {
            key: replace(stored[key], spec=spec) for key, spec in wanted.items() if key in stored
        }

    def _summary(
        self, wanted: dict[str, TrialSpec], known: dict[str, TrialResult]
    ) -> PlanSummary:
        for result in known.values():
            self._costs.learn(result)
        missing = [spec for key, spec in wanted.items() if key not in known]
        seconds = self._expected_seconds(missing)
        if seconds is not None and missing:
            workers = self._workers_for(len(missing))
            longest = max(self._costs.seconds(spec) or 0.0 for spec in missing)
            seconds = max(seconds / workers, longest)
        return PlanSummary(len(wanted), len(known), seconds)

    def _expected_seconds(self, specs: Sequence[TrialSpec]) -> float | None:
        """Seconds of all these trials one after the other."""
        each = [self._costs.seconds(spec) for spec in specs]
        return None if None in each else sum(seconds for seconds in each if seconds is not None)

    # Running

    def _run_missing(self, missing: dict[str, TrialSpec]) -> Iterator[TrialResult]:
        self._todo, done = deque(missing.items()), 0
        with self._interrupts.held():
            try:
                while self._todo or self._elsewhere or self._found:
                    before = done
                    for key, result, cached in self._one_pass():
                        done += 1
                        yield self._tell(key, result, cached=cached)
                    if self._must_stop():
                        break
                    if done == before and not self._todo and self._elsewhere:
                        self._await_others()
            except KeyboardInterrupt:
                self.interrupted = True
            finally:
                self.interrupted = self.interrupted or self._interrupts.requested
                self._say_what_is_left(len(missing) - done, len(missing))
                self._todo.clear()
                self._elsewhere.clear()
                self._failures.clear()
                self._release(self._held)

    def _one_pass(self) -> Iterator[tuple[str, TrialResult, bool]]:
        """Run what waits on the engine that suits it, and take what other processes have finished."""
        engine = self._engine_for_todo()
        try:
            with closing(engine.run(self._supply(engine), give_up=self._overrun)) as results:  # type: ignore[type-var]
                while (result := self._next(results)) is not None:
                    key = self._identity.key(result.spec)
                    if self._retries(key, result):
                        continue
                    yield key, self._kept(key, result), False
        except CargoError as error:
            if self._settings.engine != AUTO:
                raise
            self._stays_inline = True
            self._todo.extendleft(reversed(self._pulled_back()))
            self._listener.notice(f"trials run in this process: {error.what}")
        while self._found:
            key, result = self._found.popleft()
            yield key, result, True

    def _next(self, results: Iterator[TrialResult]) -> TrialResult | None:
        with self._interrupts.let_through():
            return next(results, None)
