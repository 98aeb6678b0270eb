"""How long a training is tried: half and twice its length, and further while every doubling gains much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mldiag.declaration import Experiment
from mldiag.metrics import smallest_gain
from mldiag.steps.capacity.settings import Settings
from mldiag.trial_result import TrialResult

FIDELITIES = (0.5, 1.0, 2.0)

FURTHER = (4.0, 8.0)
"""Lengths that are tried only where the length before was worth it."""

MUCH = 4.0
"""A doubling that gains this many times what is worth having asks for the next one."""


def lengths(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> tuple[float, ...]:
    """Lengths of the training, in trainings, as far as what came back asks for them.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back, in any order.
    """
    by_length: dict[float, dict[object, float]] = {}
    default = experiment.defaults
    for result in results:
        spec = result.spec
        if spec.interventions or dict(spec.params) != default or spec.rows.size is not None:
            continue
        value = experiment.metric.sign * result.score(experiment.metric.name)
        if np.isfinite(value):
            by_length.setdefault(spec.fidelity, {})[(spec.rows, spec.seed)] = value
    wanted: tuple[float, ...] = FIDELITIES
    for length in FURTHER:
        if not _gains_much(experiment, settings, by_length, wanted[-2], wanted[-1]):
            break
        wanted = (*wanted, length)
    return wanted


def _gains_much(
    experiment: Experiment,
    settings: Settings,
    by_length: Mapping[float, Mapping[object, float]],
    shorter: float,
    longer: float,
) -> bool:
    """Whether a doubling gains much in the mean over the draws that have both, two at least."""
    before, after = by_length.get(shorter, {}), by_length.get(longer, {})
    common = [key for key in after if key in before]
    if len(common) < 2:
        return False
    level = float(np.mean([before[key] for key in common]))
    worth = settings.gain or smallest_gain(experiment.metric, experiment.metric.sign * level)
    gain = float(np.mean([after[key] for key in common])) - level
    return gain >= MUCH * worth
