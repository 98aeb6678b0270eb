"""What --thorough will cost, told before the first of its trials runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mldiag.declaration import Experiment
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial import reference_family
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec
from mldiag.wording import duration, plural


def cost_ahead(
    experiment: Experiment,
    settings: Settings,
    specs: Sequence[TrialSpec],
    results: Sequence[TrialResult],
) -> str:
    """The cost of the trials that --thorough is about to run; empty where nothing is to be told.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        specs: The trials that are about to run.
        results: What is there, measured now or kept in the store.

    Returns:
        One line with the trials, and the seconds of one after the other from the measured seconds of runs.
    """
    if not settings.thorough or not results or not specs:
        return ""
    own = [spec for spec in specs if reference_family(spec) is None]
    shares = [_share(experiment, spec) for spec in own]
    seconds = full_seconds(experiment, results) * sum(shares)
    told = f"--thorough runs {plural(len(specs), 'trial')}"
    parts = []
    if own:
        worth = plural(math.ceil(sum(shares)), "whole training")
        parts.append(f"{len(own)} of your code, together about {worth}, {_about(seconds)}")
    if len(own) < len(specs):
        theirs = plural(len(specs) - len(own), "training")
        parts.append(f"{theirs} of plain models, which mostly take seconds")
    return f"{told}: {'; '.join(parts)}"


def full_seconds(experiment: Experiment, results: Sequence[TrialResult]) -> float:
    """Seconds of one whole training at the defaults, the median of those measured; NaN before there is one.

    Args:
        experiment: The experiment.
        results: What is there.
    """
    plain = experiment.spec().params
    measured = [
        result.wall_seconds
        for result in results
        if not result.spec.interventions
        and result.spec.rows.size is None
        and result.spec.params == plain
        and result.spec.fidelity == 1
        and result.status == "ok"
    ]
    return float(np.median(measured)) if measured else math.nan


def _share(experiment: Experiment, spec: TrialSpec) -> float:
    """Rows x epochs of a trial, in whole trainings."""
    full = experiment.splits.train_size_of(spec.rows.repeat)
    rows = full if spec.rows.size is None else min(spec.rows.size, full)
    return spec.fidelity * rows / max(full, 1)


def _about(seconds: float) -> str:
    return f"about {duration(seconds)}" if math.isfinite(seconds) else "for an unknown time"
