"""What a trial trains: the experiment's own function, or what an intervention puts in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mldiag.recording.ramp import ramp_of
from mldiag.recording.ramped_training import ramped
from mldiag.recording.watched_training import is_watched, watched
from mldiag.trial import Trial, reference_family
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


def training_of(experiment: Experiment, spec: TrialSpec) -> Callable[[Trial], Any]:
    """The function that trains a trial.

    Args:
        experiment: The experiment.
        spec: The trial; its interventions may ask for another training than the experiment's.
    """
    family = reference_family(spec)
    if family is not None:
        from mldiag.reference.question import (
            question_of,  # scikit-learn, only where it is asked for
        )
        from mldiag.reference.training import ReferenceTrain

        asked = question_of(experiment.train, experiment.metric, experiment.loaded)
        return ReferenceTrain(family, asked)
    ramp = ramp_of(spec)
    if ramp is not None:
        return ramped(experiment.train, ramp)
    if is_watched(spec):
        metric = experiment.metric
        return watched(experiment.train, metric.name, maximize=bool(metric.maximize))
    return experiment.train
