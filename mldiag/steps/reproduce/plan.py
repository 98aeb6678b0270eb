"""Which trials a reproduction runs: the first look and the bug checks, then the rest where it is open."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.reproduce.checks import beats_a_dummy, overlapping_rows
from mldiag.steps.reproduce.copies import copy_specs
from mldiag.steps.reproduce.judged import judge
from mldiag.steps.reproduce.memory import memory_specs
from mldiag.steps.reproduce.runs import (
    blank_specs,
    check_specs,
    late_twin,
    look_taken,
    looks,
    plain_models,
    run_specs,
    thorough_specs,
)
from mldiag.steps.reproduce.settings import Settings
from mldiag.steps.reproduce.thorough import cost_ahead
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """The runs of the first look with the bug checks' trials; then what they leave open.

    Where the model is not surely better than a dummy, plain models on the same rows tell whether anything can
    be learned there, and a run with blank inputs whether the features arrive. Where no run fits its own rows,
    a trial on a few rows tells whether the model can. With --thorough the runs come first, so that it is
    known what the rest will cost before it begins. A quick look starts an interpreter of its own only beside
    trainings that take as long.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back.
        remaining_seconds: Time left, in seconds, or None without a budget.
    """
    specs, counts = run_specs(experiment, settings), looks(experiment, settings)
    checks = check_specs(experiment, settings)
    if not results:
        return list(dict.fromkeys([*specs[: counts[0]], *([] if settings.thorough else checks)]))
    wanted = [
        *late_twin(experiment, settings, results),
        *memory_specs(experiment, settings, results),
    ]
    seen = overlapping_rows.look(experiment)
    if seen is not None and seen.outcome == "problem":
        wanted += copy_specs(experiment, settings)
    if settings.thorough:
        wanted += [*checks, *thorough_specs(experiment, settings)]
    elif not beats_a_dummy.is_settled(experiment, settings, results):
        wanted += plain_models(experiment, settings)
        wanted += [] if experiment.dataset is None else [blank_specs(experiment)[1]]
    taken, _ = look_taken(experiment, settings, results)
    if taken == 0 and len(counts) > 1:
        found = judge(experiment, settings, results).reproduction
        if found is None or found.verdict == "inconclusive":
            wanted += specs[: counts[1]]
    return list(dict.fromkeys(wanted))


def told_ahead(
    experiment: Experiment,
    settings: Settings,
    specs: Sequence[TrialSpec],
    results: Sequence[TrialResult],
) -> list[str]:
    """What a person should know before these trials run: the cost of --thorough."""
    told = cost_ahead(experiment, settings, specs, results)
    return [told] if told else []
