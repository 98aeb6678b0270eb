"""Which trials of a search are run next."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.sweep.search.closing import Pair
from mldiag.steps.sweep.search.measured import measured_search
from mldiag.steps.sweep.search.replay import SearchState, replayed
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

CLOSING_SHARE = 1.2
"""Time kept for the closing, as a multiple of what its trainings are expected to take."""


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """The points that the method asks for next, more repeats of those that may win, then the closing.

    The closing: the winner and the defaults on fresh repeats, then once on the reserve. Where a budget
    leaves time for no more than that, it comes before all points are tried.
    """
    state = replayed(experiment, settings, results)
    if state.wanted and not _must_close(settings, state, results, remaining_seconds):
        return list(state.wanted)
    for pair in _closing(experiment, settings, state, results):
        if not pair.complete(results):
            return pair.specs
    return []


def _closing(
    experiment: Experiment,
    settings: Settings,
    state: SearchState,
    results: Sequence[TrialResult],
) -> list[Pair]:
    """What the closing asks for by now; the reserve only where the fresh repeats speak for the winner."""
    if state.tried.leader == 0:
        return []
    measured = measured_search(experiment, settings, state, results)
    pairs = [measured.fresh_pair]
    numbers = measured.winner
    complete = measured.fresh_pair.complete(results)
    if complete and measured.reserve_pair is not None and numbers and numbers.worth_confirming:
        pairs.append(measured.reserve_pair)
    return pairs


def _must_close(
    settings: Settings,
    state: SearchState,
    results: Sequence[TrialResult],
    remaining_seconds: float | None,
) -> bool:
    """Whether the time left is what the closing needs."""
    if remaining_seconds is None or state.rounds == 0:
        return False
    taken = sorted(result.wall_seconds for result in results if result.status == "ok")
    typical = taken[len(taken) // 2] if taken else 0.0
    trainings = 2 * settings.repeats + 2 * RESERVE_TRAININGS
    return remaining_seconds < CLOSING_SHARE * trainings * typical


RESERVE_TRAININGS = 3
"""Trainings of each of both on the reserve."""
