"""Which values of which parameters are trained next, each parameter alone."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.sweep.axes import asked_axes, axis_specs, grown_axis, sharers
from mldiag.steps.sweep.one_at_a_time.order import by_role, by_spread, within_budget
from mldiag.steps.sweep.one_at_a_time.progress import specs_of
from mldiag.steps.sweep.one_at_a_time.walk import State, state_of
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """The next round of every axis, the most promising first; under a budget that one alone.

    The full design runs the whole grid at once, and what widening adds.
    """
    asked = asked_axes(experiment, settings)
    if settings.design == "full":
        axes = [grown_axis(experiment, settings, a, results) for a in asked]
        return [s for a in axes for row in axis_specs(experiment, settings, a) for s in row]
    count = sharers(settings, asked)
    states = [state_of(experiment, settings, a, results, axes=count) for a in by_role(asked)]
    rounds: list[tuple[State, list[TrialSpec]]] = [
        (state, specs_of(experiment, state.axis, state.cells)) for state in by_spread(states)
    ]
    if remaining_seconds is not None and len(rounds) > 1:
        return within_budget(rounds, results, remaining_seconds)
    return [spec for _, specs in rounds for spec in specs]
