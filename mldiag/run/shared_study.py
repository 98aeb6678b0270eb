"""One search on several machines: trials claimed and handed over through a database that all can reach.

The rounds of a search follow from its results alone, so processes that see the same results ask for the same
trials. What is shared is who trains which, and what came of it: one row of an Optuna study each, so that the
database can be SQLite on a shared disk or PostgreSQL, and Optuna's own tools show it.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from mldiag.run.identity import Identity
from mldiag.run.store.claims import Holder, is_dead
from mldiag.run.store.records import result_from_json, result_to_json
from mldiag.run.study_database import open_study
from mldiag.stop_rule import would_cut
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    import optuna

    from mldiag.run.executor import Executor

BEAT_SECONDS = 20
"""Pause between two signs of life of a claim."""

DEAD_AFTER_SECONDS = 90
"""Silence after which a claim of another machine is taken over; of this machine, at once."""

POLL_SECONDS = (0.2, 2.0)
"""First and longest pause between two looks at what others are training."""

ANSWERS = frozenset({"ok", "diverged", "cut"})
"""Statuses that others take over; what failed may be the fault of the machine, and each tries it itself."""

Run = Callable[[Sequence[TrialSpec]], Iterable[TrialResult]]


class SharedStudy:
    """The trials of one experiment's search, shared through a database.

    Args:
        url: `sqlite:///shared/search.db` or `postgresql://user@host/base`.
        identity: The experiment: other code or other data are another study.
        maximize: Whether larger scores are better; for Optuna's tools.
        metric: Name of the score; likewise.

    Raises:
        MldiagError: If the database cannot be opened, or its driver is not installed.
    """

    def __init__(self, url: str, identity: Identity, *, metric: str, maximize: bool) -> None:
        self._metric, self._identity = metric, identity
        name = f"mldiag {identity.experiment} {identity.digest[:16]}"
        self._study = open_study(
            url, name, maximize=maximize, beat=BEAT_SECONDS, dead_after=DEAD_AFTER_SECONDS
        )
        self._storage: Any = self._study._storage  # one that knows of heartbeats
        self._holder = Holder.here()
        self._mine: dict[str, int] = {}
        self._stopped = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="mldiag-study", daemon=True)
        self._beating.start()

    def through(
        self, specs: Sequence[TrialSpec], run: Run, *, lot: int, stop: Callable[[], bool]
    ) -> Iterator[tuple[TrialResult, bool]]:
        """Every trial's result, and whether another process gave it; fewer where `run` or `stop` ends it.

        Args:
            specs: The trials of a round.
            run: Trains here.
            lot: Trials claimed at a time; the rest is left to others meanwhile.
            stop: Whether to wait no longer.
        """
        left = {self._identity.key(spec): spec for spec in specs}
        pause, longest = POLL_SECONDS
        while left and not stop():
            for key, result in self._answers(left).items():
                yield replace(result, spec=left.pop(key)), True
            claimed = self._claim(left, lot)
            if claimed:
                pause = POLL_SECONDS[0]
                for result in run([left[key] for key in claimed]):
                    key = self._identity.key(result.spec)
                    self._publish(key, result)
                    left.pop(key, None)
                    yield result, False
                if any(key in left for key in claimed):  # interrupted, or the budget is spent
                    return
            elif left:
                try:
                    time.sleep(pause)
                except KeyboardInterrupt:
                    return
                pause = min(longest, 1.5 * pause)

    def close(self) -> None:
        """Give up what is still claimed."""
        self._stopped.set()
        self._beating.join()
        for key in list(self._mine):
            self._give_up(key)

    def _rows(self) -> dict[str, list[optuna.trial.FrozenTrial]]:
        """Rows by key, in the order in which they were made; those that were given up are left out."""
        import optuna

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # heartbeats are marked experimental
            with contextlib.suppress(optuna.exceptions.OptunaError):  # the search goes on without
                optuna.storages.fail_stale_trials(self._study)
        rows: dict[str, list[optuna.trial.FrozenTrial]] = {}
        for trial in self._storage.get_all_trials(self._study._study_id, deepcopy=False):
            key = trial.user_attrs.get("mldiag_key")
            alive = trial.state == optuna.trial.TrialState.RUNNING and not self._is_dead(trial)
            if key is not None and (alive or "mldiag_result" in trial.user_attrs):
                rows.setdefault(key, []).append(trial)
        for same in rows.values():
            same.sort(key=lambda trial: trial._trial_id)
        return rows

    def _answers(self, wanted: Mapping[str, TrialSpec]) -> dict[str, TrialResult]:
        """What others have finished and this search can use."""
        found = {}
        rows = self._rows()
        for key in wanted.keys() & rows.keys():
            for trial in rows[key]:
                result = _answer(trial, wanted[key])
                if result is not None:
                    found[key] = result
        return {key: found[key] for key in wanted if key in found}

    def _claim(self, wanted: Mapping[str, TrialSpec], lot: int) -> list[str]:
        """Claim trials that nobody alive has. Rows are numbered as they are made: the first one has it."""
        rows = self._rows()
        free = [key for key, spec in wanted.items() if not _taken(rows.get(key, ()), spec)][:lot]
        made = {key: self._make(key, wanted[key]) for key in free}
        if not made:
            return []
        rows = self._rows()
        granted = []
        for key, number in made.items():
            first = next((row for row in rows.get(key, ()) if _taken([row], wanted[key])), None)
            if first is not None and first._trial_id == number:
                granted.append(key)
            else:
                self._give_up(key)
        return granted

    def _make(self, key: str, spec: TrialSpec) -> int:
        import optuna

        holder = json.dumps(asdict(self._holder))
        row = optuna.trial.create_trial(
            state=optuna.trial.TrialState.RUNNING,
            user_attrs={
                "mldiag_key": key,
                "mldiag_holder": holder,
                "params": {name: str(value) for name, value in spec.params},
                "repeat": spec.rows.repeat,
            },
        )
        number: int = self._storage.create_new_trial(self._study._study_id, template_trial=row)
        self._mine[key] = number
        self._storage.record_heartbeat(number)
        return number

    def _publish(self, key: str, result: TrialResult) -> None:
        """Hand a result over; one whose claim was taken away meanwhile is kept here alone."""
        import optuna

        number = self._mine.pop(key, None)
        if number is None:
            return
        kept = result_to_json(replace(result, predictions=None))
        score = result.score(self._metric)
        state = optuna.trial.TrialState
        with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
            self._storage.set_trial_user_attr(number, "mldiag_result", kept)
            if score == score and abs(score) != float("inf"):
                self._storage.set_trial_state_values(number, state.COMPLETE, [score])
            else:
                self._storage.set_trial_state_values(number, state.FAIL)

    def _give_up(self, key: str) -> None:
        import optuna

        number = self._mine.pop(key)
        with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
            self._storage.set_trial_state_values(number, optuna.trial.TrialState.FAIL)

    def _is_dead(self, trial: optuna.trial.FrozenTrial) -> bool:
        """Whether a claim's process is of this machine and gone; the heartbeat tells of others."""
        try:
            holder = Holder(**json.loads(trial.user_attrs["mldiag_holder"]))
        except (KeyError, RecursionError, TypeError, ValueError):  # written by something else
            return False
        return is_dead(holder, self._holder, age_seconds=0)

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT_SECONDS):
            for number in list(self._mine.values()):
                with contextlib.suppress(Exception):  # the next one may come through
                    self._storage.record_heartbeat(number)


def _taken(rows: Iterable[optuna.trial.FrozenTrial], spec: TrialSpec) -> bool:
    """Whether somebody alive trains a trial, or has: between two looks another may have finished it."""
    return any(not row.state.is_finished() or _answer(row, spec) is not None for row in rows)


def _answer(row: optuna.trial.FrozenTrial, spec: TrialSpec) -> TrialResult | None:
    """The result of a row that can be used for a trial."""
    text = row.user_attrs.get("mldiag_result")
    if text is None or not row.state.is_finished():
        return None
    result = result_from_json(text)
    again = result.status != "cut" or would_cut(spec.stop, result.history)
    return result if result.status in ANSWERS and again else None


def brought(
    executor: Executor,
    study: SharedStudy | None,
    specs: Sequence[TrialSpec],
    *,
    keep: Callable[[TrialResult], None],
    lot: int | None,
) -> Iterator[tuple[TrialResult, bool]]:
    """Results of trials, and whether they were not trained by this command.

    Args:
        executor: Trains here, or takes from the store.
        study: Where trials are shared with other machines; None for not at all.
        specs: The trials.
        keep: Puts into the store what other machines have trained.
        lot: Trials claimed at a time; None for as many as there are cores.
    """
    if study is None:
        for result in executor.run(specs):
            yield result, executor.was_cached(result)
        return

    def spent() -> bool:
        left = executor.remaining_seconds()
        return executor.interrupted or (left is not None and left <= 0)

    for result, others in study.through(
        specs, executor.run, lot=lot or os.cpu_count() or 1, stop=spent
    ):
        if others:
            keep(result)
        yield result, others or executor.was_cached(result)
