"""Which trials a reproduction runs: the first look and the bug checks, then the rest where it is open."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.reproduce.checks import beats_a_dummy
from mldiag.steps.reproduce.judged import judge
from mldiag.steps.reproduce.runs import (
    check_specs,
    look_taken,
    looks,
    plain_models,
    run_specs,
)
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """The runs of the first look with the bug checks' trials; then those of the second, if it is needed.

    Where the model is not surely better than a dummy, plain models on the same rows tell whether anything can
    be learned there.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back.
        remaining_seconds: Time left, in seconds, or None without a budget.
    """
    specs, counts = run_specs(experiment, settings), looks(experiment, settings)
    if not results:
        return list(dict.fromkeys([*specs[: counts[0]], *check_specs(experiment, settings)]))
    wanted = (
        []
        if beats_a_dummy.is_settled(experiment, settings, results)
        else plain_models(experiment, settings)
    )
    taken, _ = look_taken(experiment, settings, results)
    if taken == 0 and len(counts) > 1:
        found = judge(experiment, settings, results).reproduction
        if found is None or found.verdict == "inconclusive":
            wanted += specs[: counts[1]]
    return list(dict.fromkeys(wanted))
