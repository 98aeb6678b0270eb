"""After the search: the winner and the defaults once more on fresh repeats, then once on the reserve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mldiag.declaration import Experiment
from mldiag.steps.sweep.search.replay import SearchState
from mldiag.steps.sweep.search.tried import point_specs
from mldiag.steps.sweep.settings import Settings
from mldiag.subsets import TIME_REPEATS
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

RESERVE_SEEDS = 3
"""Trainings of each of both on the reserve: its rows are the same for all, so more seeds tell little."""

FIRST_RESERVE_SEED = 1000
"""Seeds that no repeat of the search has used."""


@dataclass(frozen=True)
class Pair:
    """Trials of the defaults and of the winner, side by side."""

    default: tuple[TrialSpec, ...]
    winner: tuple[TrialSpec, ...]

    @property
    def specs(self) -> list[TrialSpec]:
        """All of them."""
        return [*self.default, *self.winner]

    def complete(self, results: Sequence[TrialResult]) -> bool:
        """Whether every trial came back."""
        known = {result.spec.digest for result in results}
        return all(spec.digest in known for spec in self.specs)


def fresh_pair(experiment: Experiment, settings: Settings, state: SearchState) -> Pair:
    """Repeats that chose nothing: as many again, fewer where time leaves no more blocks of rows."""
    last = 2 * settings.repeats
    if experiment.splits.time is not None and not experiment.splits.fixed_valid:
        last = min(last, TIME_REPEATS)
    return _pair(experiment, state, range(settings.repeats, last))


def whole_pair(experiment: Experiment, settings: Settings, state: SearchState) -> Pair:
    """Every repeat of both: those of the search and the fresh ones."""
    fresh = len(fresh_pair(experiment, settings, state).winner)
    return _pair(experiment, state, range(settings.repeats + fresh))


def reserve_pair(experiment: Experiment, state: SearchState) -> Pair | None:
    """Trainings on all rows outside the reserve, scored on it; None where there is no reserve."""
    if experiment.fixed_rows or not len(experiment.splits.reserve):
        return None
    seeds = range(1 if experiment.deterministic else RESERVE_SEEDS)
    default, winner = (
        tuple(
            dict.fromkeys(
                experiment.spec(point, seed=FIRST_RESERVE_SEED + seed, reserve=True)
                for seed in seeds
            )
        )
        for point in (state.tried.points[0], state.tried.points[state.tried.leader])
    )
    return Pair(default, winner)


def _pair(experiment: Experiment, state: SearchState, repeats: range) -> Pair:
    points = state.tried.points
    return Pair(
        tuple(point_specs(experiment, points[0], repeats)),
        tuple(point_specs(experiment, points[state.tried.leader], repeats)),
    )
