"""How long a training is tried: half and twice its length, and further where that may be what it lacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mldiag.declaration import Experiment
from mldiag.metrics import smallest_gain
from mldiag.steps.capacity.settings import Settings
from mldiag.trial import reference_family
from mldiag.trial_result import TrialResult

FIDELITIES = (0.5, 1.0, 2.0)

FURTHER = (4.0, 8.0)
"""Lengths that are tried only where the length before was worth it."""

MUCH = 4.0
"""A doubling that gains this many times what is worth having asks for the next one."""

FAR_AHEAD = 10.0
"""Another family that is this many times as far ahead shows what is there to learn: then a training that
gains little by a doubling may stand before a drop of its loss, and is tried at four times its length."""


def lengths(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> tuple[float, ...]:
    """Lengths of the training, in trainings, as far as what came back asks for them.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back, in any order.
    """
    metric = experiment.metric
    by_length: dict[float, dict[object, float]] = {}
    by_family: dict[object, dict[object, float]] = {}
    for result in results:
        spec, value = result.spec, metric.sign * metric.judged(result.score(metric.name))
        if not np.isfinite(value) or spec.rows.size is not None:
            continue
        if not spec.interventions and dict(spec.params) == experiment.defaults:
            by_length.setdefault(spec.fidelity, {})[spec.rows] = value
        elif len(spec.interventions) == 1 and (family := reference_family(spec)):
            by_family.setdefault(family, {})[spec.rows] = value
    own = by_length.get(1.0, {})
    wanted: tuple[float, ...] = FIDELITIES
    for length in FURTHER:
        doubled = _worths(
            experiment, settings, by_length.get(wanted[-2], {}), by_length.get(wanted[-1], {})
        )
        ahead = [_worths(experiment, settings, own, scores) for scores in by_family.values()]
        alone = length == FURTHER[0] and doubled > 0 and max([*ahead, 0.0]) >= FAR_AHEAD
        if doubled < MUCH and not alone:
            break
        wanted = (*wanted, length)
    return wanted


def _worths(
    experiment: Experiment,
    settings: Settings,
    before: Mapping[object, float],
    after: Mapping[object, float],
) -> float:
    """The mean gain over the draws that have both, in gains worth having; 0 with fewer than two."""
    common = [key for key in after if key in before]
    if len(common) < 2:
        return 0.0
    level = float(np.mean([before[key] for key in common]))
    worth = settings.gain or smallest_gain(experiment.metric, experiment.metric.sign * level)
    return (float(np.mean([after[key] for key in common])) - level) / worth
