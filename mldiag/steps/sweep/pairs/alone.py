"""What each parameter says alone, replayed from the results, so that later trials cannot change it."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.sweep.one_at_a_time import diagnose as alone_diagnose
from mldiag.steps.sweep.one_at_a_time import plan as alone_plan
from mldiag.steps.sweep.one_at_a_time.diagnose import AxesDiagnosis
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def replayed(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult],
    remaining_seconds: float | None = None,
) -> tuple[tuple[TrialResult, ...], list[TrialSpec]]:
    """The results that moving one at a time has asked for, and the trials that it still wants.

    Its rounds are played again from the start. Trials of pairs repeat values that it had given up on;
    seeing those, it could change its mind, and with it every pair that was chosen because of it.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
        remaining_seconds: Time left, in seconds, or None without a budget.
    """
    found = {result.spec.digest: result for result in results}
    taken: dict[str, TrialResult] = {}
    while True:
        known = tuple(taken.values())
        asked = alone_plan.plan(experiment, settings, known, remaining_seconds)
        wanted = [spec for spec in dict.fromkeys(asked) if spec.digest not in taken]
        missing = [spec for spec in wanted if spec.digest not in found]
        taken |= {s.digest: found[s.digest] for s in wanted if s.digest in found}
        if missing or not wanted:
            return tuple(taken.values()), missing


def judged_alone(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> AxesDiagnosis:
    """The answer of moving one at a time, from its own trials only."""
    own, _ = replayed(experiment, settings, results)
    return alone_diagnose.diagnose(experiment, settings, own)
