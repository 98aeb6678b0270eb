"""What the check-up trains itself: what leads, again, on repeats that no step has used."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.metrics import smallest_gain
from mldiag.steps.checkup.candidates import Candidate, candidates_of
from mldiag.steps.checkup.gathered import Gathered
from mldiag.steps.checkup.rank import EFFORT, TIED_SHARE
from mldiag.steps.checkup.settings import Settings
from mldiag.steps.checkup.stages import fix_first
from mldiag.steps.checkup.treatments import fresh_repeats, treated
from mldiag.steps.checkup.weighed import LEAST_FRESH
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

MOST_CONFIRMED = 3
"""Remedies that are tried again at most."""

PROMISING_P = 0.3
"""A remedy that a step gives a larger p-value is not tried again."""


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """The trials that have no result yet: the training as it stands, and what leads on fresh repeats.

    Args:
        experiment: The experiment.
        settings: The settings, with what the steps have said.
        results: What has come back.
        remaining_seconds: Time left, in seconds, or None without a budget.
    """
    gathered = settings.gathered or Gathered()
    if not gathered.reports():
        return []
    stands = [experiment.spec(repeat=repeat) for repeat in range(settings.repeats)]
    wanted = stands if results or _has_trained(gathered) else []
    if fix_first(gathered.asked) is None and not (
        remaining_seconds is not None and remaining_seconds <= 0
    ):
        wanted = [*wanted, *_confirming(experiment, settings, gathered, remaining_seconds)]
    known = {result.spec.digest for result in results}
    return [spec for spec in dict.fromkeys(wanted) if spec.digest not in known]


def leading(experiment: Experiment, settings: Settings, gathered: Gathered) -> list[Candidate]:
    """The remedies that are worth trying again, those that may lead first."""
    worth = settings.gain or smallest_gain(experiment.metric, math.nan)
    worth = worth if math.isfinite(worth) else 0.0
    promising = [
        one
        for one in candidates_of(experiment, gathered)
        if one.gain is not None
        and one.gain.estimate > worth / 2
        and not one.p > PROMISING_P
        and treated(experiment, one, [0]) is not None
    ]
    promising.sort(key=_urgency)
    return promising[:MOST_CONFIRMED]


def _urgency(candidate: Candidate) -> float:
    """Smaller is tried again sooner: a large gain, and of similar ones that with the least effort."""
    gain = candidate.gain.estimate if candidate.gain is not None else 0.0
    return -gain * (1.0 if EFFORT.get(candidate.kind, 0) else 1 / TIED_SHARE)


def _confirming(
    experiment: Experiment,
    settings: Settings,
    gathered: Gathered,
    remaining_seconds: float | None,
) -> list[TrialSpec]:
    """What leads on fresh repeats: of each as many as all repeats, fewer where the budget has no more."""
    training, left = gathered.training_seconds, math.inf
    if remaining_seconds is not None and training:
        left = remaining_seconds / training
    stands = {experiment.spec(repeat=repeat).digest for repeat in range(settings.repeats)}
    wanted: dict[str, TrialSpec] = {}
    for candidate in leading(experiment, settings, gathered):
        fresh = fresh_repeats(experiment, candidate, settings.repeats)
        for count in range(len(fresh), LEAST_FRESH - 1, -1):
            pair = treated(experiment, candidate, fresh[:count])
            if pair is None:
                break
            specs = {spec.digest: spec for both in zip(*pair, strict=True) for spec in both}
            cost = len(specs.keys() - wanted.keys() - stands)
            if cost <= left:
                left -= cost
                wanted |= specs
                break
    return list(wanted.values())


def _has_trained(gathered: Gathered) -> bool:
    return any(report.trials.planned for report in gathered.reports())
