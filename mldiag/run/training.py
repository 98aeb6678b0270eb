"""What a trial trains: the experiment's own function, or what an intervention puts in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mldiag.trial import Trial
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


def training_of(experiment: Experiment, spec: TrialSpec) -> Callable[[Trial], Any]:
    """The function that trains a trial.

    Args:
        experiment: The experiment.
        spec: The trial; its interventions may ask for another training than the experiment's.
    """
    return experiment.train
