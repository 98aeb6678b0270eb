"""The answer of a sweep, whichever way it asked."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.findings import Diagnosis
from mldiag.steps.sweep.modes import mode_of, part
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Diagnosis:
    """Judge what the trials say of the parameters.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    mode = part(mode_of(settings), "diagnose")
    diagnosis: Diagnosis = mode.diagnose(experiment, settings, results)
    return diagnosis
