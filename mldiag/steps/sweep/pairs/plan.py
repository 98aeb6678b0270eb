"""Which trials are run next: each parameter alone, then the pairs, a coarse look and a closer one."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.score_table import score_table
from mldiag.steps.sweep.one_at_a_time import diagnose as alone_diagnose
from mldiag.steps.sweep.pairs.alone import replayed
from mldiag.steps.sweep.pairs.choose import chosen_pairs
from mldiag.steps.sweep.pairs.design import Design, Floats, design_of, wanted
from mldiag.steps.sweep.pairs.schedule import schedule_specs
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """Each parameter alone; then the strongest pairs; then, of those, what is still open.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back.
        remaining_seconds: Time left, in seconds, or None without a budget.
    """
    own, missing = replayed(experiment, settings, results, remaining_seconds)
    if missing:
        return missing
    alone = alone_diagnose.diagnose(experiment, settings, own)
    pairs, _ = chosen_pairs(experiment.params, alone.axes)
    found = {result.spec.digest for result in results}
    specs: list[TrialSpec] = []
    for pair in pairs:
        design = design_of(experiment, settings, pair)
        scores = looked_at(experiment, settings, design, results)
        specs += wanted(design, settings, scores)
    specs += schedule_specs(experiment, settings, alone.axes, results)
    return [spec for spec in dict.fromkeys(specs) if spec.digest not in found]


def looked_at(
    experiment: Experiment, settings: Settings, design: Design, results: Sequence[TrialResult]
) -> Floats | None:
    """Scores of the first look, higher is better; None where one of its trials is still to come."""
    found = {result.spec.digest for result in results}
    if any(spec.digest not in found for spec in wanted(design, settings, None)):
        return None
    scores: Floats = score_table(experiment, design.specs, results).scores
    return scores
