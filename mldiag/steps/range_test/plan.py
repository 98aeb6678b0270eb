"""Which range tests are run: one seed first, to see whether there is anything to read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.recording.ramp import RAMP
from mldiag.steps.range_test.asked import Asked
from mldiag.steps.range_test.curve import READING
from mldiag.steps.range_test.subject import Subject, subject_of
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Intervention, TrialSpec

STEPS_A_DECADE = 25
FEWEST_STEPS = 100


def plan(
    experiment: Experiment,
    settings: Asked,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """One range test, then those of the other seeds; with as many steps as one training has.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back.
        remaining_seconds: Time left, in seconds, or None without a budget.

    Raises:
        MldiagError: If the parameter is unknown, or no parameter is a learning rate.
    """
    subject = subject_of(experiment, settings)
    if subject.refusal:
        return []
    steps = _steps(subject)
    first = range_spec(experiment, subject, steps, repeat=0)
    found = {result.spec.digest: result for result in results}
    if first.digest not in found:
        return [first]
    steps = steps_taken(found[first.digest], steps)
    if steps < READING.fewest:
        return []
    return [
        spec
        for repeat in range(settings.repeats)
        if (spec := range_spec(experiment, subject, steps, repeat=repeat)).digest not in found
    ]


def planned_range_specs(
    experiment: Experiment, settings: Asked, results: Sequence[TrialResult]
) -> list[TrialSpec]:
    """The range tests from which the answer is read, by repeat; the first one alone before it has run."""
    subject = subject_of(experiment, settings)
    steps = _steps(subject)
    first = range_spec(experiment, subject, steps, repeat=0)
    found = {result.spec.digest: result for result in results}
    if first.digest in found:
        steps = steps_taken(found[first.digest], steps)
    if first.digest not in found or steps < READING.fewest:
        return [first]
    specs = [range_spec(experiment, subject, steps, repeat=r) for r in range(settings.repeats)]
    return list(dict.fromkeys(specs))


def range_spec(experiment: Experiment, subject: Subject, steps: int, *, repeat: int) -> TrialSpec:
    """The range test of one repeat."""
    ramp = Intervention(
        RAMP,
        (("param", subject.name), ("low", subject.low), ("high", subject.high), ("steps", steps)),
    )
    return experiment.spec(subject.point, repeat=repeat, interventions=(ramp,))


def steps_taken(result: TrialResult, wanted: int) -> int:
    """Steps to ask the seeds for: those wanted, or as many as one training has where that is fewer."""
    if not result.history:
        return 0
    broken = any("broken" in values for _, values in result.history)
    return wanted if broken else min(wanted, len(result.history))


def _steps(subject: Subject) -> int:
    decades = math.log10(subject.high / subject.low)
    return max(FEWEST_STEPS, round(STEPS_A_DECADE * decades))
