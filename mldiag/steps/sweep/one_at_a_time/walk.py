"""An axis followed through its rounds: widened where the best stands at an end, measured, confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mldiag.declaration import Experiment
from mldiag.steps.sweep.axes import WIDENINGS, Axis
from mldiag.steps.sweep.measured import Measured, MeasuredAxis, measure
from mldiag.steps.sweep.one_at_a_time.curve import with_curve
from mldiag.steps.sweep.one_at_a_time.progress import Cell, progress_of
from mldiag.steps.sweep.one_at_a_time.rounds import (
    FIRST_LOOK_SHARE,
    FIRST_REPEATS,
    LAST_LOOK_SHARE,
    ONE_TRIAL_SHARE,
    Decision,
    confirming,
    decide,
)
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult

SURE_SLOPE = 0.8
"""Chance that the score still rises towards an end, above which the range is widened."""


@dataclass(frozen=True, eq=False)
class State:
    """Where an axis stands: what was decided, and what to run next."""

    decision: Decision
    cells: tuple[Cell, ...]

    @property
    def axis(self) -> Axis:
        """The axis, widened as far as it was."""
        return self.decision.progress.axis


def state_of(
    experiment: Experiment,
    settings: Settings,
    axis: Axis,
    results: Sequence[TrialResult],
    *,
    axes: int = 1,
) -> State:
    """Follow an axis as far as the results go.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        axis: The axis as asked for.
        results: What has come back.
        axes: Parameters moved in the same step, which share the error of a claim.
    """
    axis = axis.coarse(settings.values)
    for widening in range(WIDENINGS + 1):
        decision = decide(progress_of(experiment, settings, axis, results))
        end = rising_end(decision) if decision.settled and widening < WIDENINGS else None
        grown = axis.beyond(low=end == "low", widen=settings.widen) if end else axis
        if grown.values == axis.values:
            break
        axis = grown
    if not decision.settled:
        return State(decision, decision.next_cells)
    needed = confirming(decision, claimed=False)
    if needed:  # only then is it worth asking whether the claim stands already
        found = measured_state(experiment, settings, State(decision, ()), results, axes=axes)
        needed = confirming(decision, claimed=found.measured.verdict == "better value")
    return State(decision, tuple(needed))


def rising_end(decision: Decision) -> str | None:
    """`low` or `high` where the choice is an end of the range and the score surely still rises towards it."""
    progress, surface = decision.progress, decision.surface
    ends = {0: "low", len(progress.candidates) - 1: "high"}
    if surface is None or not progress.axis.numeric or decision.chosen not in ends:
        return None
    if len(progress.candidates) < 3:
        return None
    inside = int(np.argmin(np.abs(progress.place - (0.25 if decision.chosen == 0 else 0.75))))
    rises = surface.draws[:, decision.chosen] > surface.draws[:, inside]
    return ends[decision.chosen] if rises.mean() >= SURE_SLOPE else None


def measured_state(
    experiment: Experiment,
    settings: Settings,
    state: State,
    results: Sequence[TrialResult],
    *,
    axes: int = 1,
) -> MeasuredAxis:
    """Compare the values that were tried with the default; a claim is about the value decided for."""
    decision = state.decision
    progress, axis = decision.progress, decision.progress.axis
    tried = sorted({*progress.tried.tolist(), progress.default})
    values = tuple(progress.candidates[position] for position in tried)
    shown = replace(axis, values=values, default=tried.index(progress.default))
    columns = progress.scores.shape[1]
    grid = [[shown.spec(experiment, value, r) for r in range(columns)] for value in values]
    default_failed = not np.isfinite(progress.scores[progress.default]).any()
    chosen = None if default_failed else tried.index(decision.chosen)
    last = progress.repeats[decision.chosen] == columns
    share = LAST_LOOK_SHARE if last else FIRST_LOOK_SHARE
    if columns <= FIRST_REPEATS:  # there is one look only
        share = ONE_TRIAL_SHARE if columns == 1 else 1.0
    measured = measure(
        experiment, settings, grid, shown.default, results, families=axes / share, chosen=chosen
    )
    return MeasuredAxis(shown, with_curve(decision, _with_enough_repeats(measured)))


def _with_enough_repeats(measured: Measured) -> Measured:
    """No claim on a value with fewer repeats than the default's first look: its luck is not known yet."""
    found = measured.comparisons
    wanted = min(FIRST_REPEATS, measured.scores.shape[1])
    enough = found.repeats >= wanted
    return replace(measured, comparisons=replace(found, claimed=found.claimed & enough))
