"""The trials of a probe: a training, looked into."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.probe.learning_rate import range_specs
from mldiag.steps.probe.settings import Settings
from mldiag.trial import WATCH
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Intervention, TrialSpec


def watched_specs(experiment: Experiment, settings: Settings) -> list[TrialSpec]:
    """The training at the defaults, under watch, for every seed.

    Args:
        experiment: The experiment.
        settings: The step's settings.
    """
    seeds = range(settings.seed, settings.seed + settings.repeats)
    return [experiment.spec(seed=seed, interventions=(Intervention(WATCH),)) for seed in seeds]


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """The watched training of every seed, and where they were asked for the range tests.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back.
        remaining_seconds: Ignored: there are few trials.

    Raises:
        MldiagError: If a range test was asked for and no one parameter is the learning rate.
    """
    known = {result.spec.digest for result in results}
    wanted = [spec for spec in watched_specs(experiment, settings) if spec.digest not in known]
    return wanted + range_specs(experiment, settings, results)
