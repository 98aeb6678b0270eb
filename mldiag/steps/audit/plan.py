"""The trials that measure what mending gives: with and without each remedy, on the same rows."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.audit.look import inspected_of, look
from mldiag.steps.audit.remedies import remedies_of, remedy_grid
from mldiag.steps.audit.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """Trials without and with each remedy; none where nothing can train, or nothing was found.

    Args:
        experiment: The experiment, with what is audited.
        settings: The step's settings.
        results: What came back; not looked at, for one round is enough.
        remaining_seconds: Not needed: the executor keeps to the budget.

    Raises:
        MldiagError: If there is nothing to audit.
    """
    inspected = inspected_of(experiment)
    if results or not (settings.measure and inspected.trains):
        return []
    specs: dict[str, TrialSpec] = {}
    for remedy in remedies_of(look(inspected), preprocessed=inspected.preprocessed):
        for row in remedy_grid(experiment, remedy, settings.repeats):
            specs.update((spec.digest, spec) for spec in row)
    return list(specs.values())
