"""Can the model fit rows that it trains on? What the runs tell, and else a trial on a few rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mldiag.declaration import Experiment
from mldiag.reference.specs import why_no_references
from mldiag.steps.memorising import (
    MEMORISED,
    as_many_updates,
    memorising_reference,
    memorising_spec,
    rows_to_memorise,
    share_of_way,
)
from mldiag.steps.reproduce.runs import look_taken, reference_specs
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

MOST_UPDATES = 0.3
"""Of the full training's updates, where `trial.epochs` counts: the trial must stay cheap."""

BESIDE = ("dummy", "lookup", "linear")
"""References on the same few rows: nothing, all that can be memorised, and what a linear model does."""


@dataclass(frozen=True)
class FitOfRuns:
    """How well the runs fit all their rows, or even new ones.

    Args:
        score: Mean score, in the metric's own unit.
        trained_on: Whether on rows that were trained on; else on the scoring rows.
        share: Way from a dummy (0) to the best value of the metric (1); NaN where it cannot be told.
        rows: Training rows of a run.
    """

    score: float
    trained_on: bool
    share: float
    rows: int


@dataclass(frozen=True)
class FewRows:
    """The model on a few rows that it trains on, beside references on the same rows.

    Args:
        rows: How many.
        score: The model's score there; NaN where it gave none.
        dummy: That of a dummy.
        most: That of a table of the rows.
        share: Way of the model from the one (0) to the other (1); NaN where it cannot be told.
        linear: Way of a linear model, likewise.
    """

    rows: int
    score: float
    dummy: float
    most: float
    share: float
    linear: float


def fit_of_runs(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> FitOfRuns | None:
    """What the runs tell without another trial; None without a score or a dummy."""
    metric = experiment.metric
    best = metric.high if metric.maximize else metric.low
    _, runs = look_taken(experiment, settings, results)
    if why_no_references(experiment) or not runs or best is None:
        return None
    found = {result.spec.digest: result for result in results}
    specs = reference_specs(experiment, settings, "dummy")
    dummy = _mean([found[s.digest].score(metric.name) for s in specs if s.digest in found])
    fits = []
    for name, trained_on in ((f"train_{metric.name}", True), (metric.name, False)):
        score = _mean([run.score(name) for run in runs])
        share = share_of_way(metric, score, dummy=dummy, most=float(best))
        fits.append(FitOfRuns(score, trained_on, share, runs[0].train_rows))
    known = [fit for fit in fits if math.isfinite(fit.share)]
    return max(known, key=_share, default=None)


def memory_specs(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> list[TrialSpec]:
    """The trial on a few rows and its references, where the runs leave it open; else none."""
    rows = rows_to_memorise(experiment)
    if not rows or why_no_references(experiment):
        return []
    _, runs = look_taken(experiment, settings, results)
    if not any(run.status == "ok" for run in runs):
        return []
    fit = fit_of_runs(experiment, settings, results)
    if fit is not None and fit.share >= MEMORISED and not settings.thorough:
        return []
    references = [memorising_reference(experiment, family, rows) for family in BESIDE]
    return [_own(experiment, rows), *references]


def few_rows(experiment: Experiment, results: Sequence[TrialResult]) -> FewRows | None:
    """What the trial on a few rows says; None where it was not run."""
    rows = rows_to_memorise(experiment)
    if not rows or why_no_references(experiment):
        return None
    metric = experiment.metric
    found = {result.spec.digest: result for result in results}
    own = found.get(_own(experiment, rows).digest)
    if own is None:
        return None
    scores = []
    for family in BESIDE:
        result = found.get(memorising_reference(experiment, family, rows).digest)
        scores.append(math.nan if result is None else result.score(metric.name))
    dummy, most, linear = scores
    score = own.score(metric.name) if own.status == "ok" else math.nan
    shares = [share_of_way(metric, value, dummy=dummy, most=most) for value in (score, linear)]
    return FewRows(own.train_rows, score, dummy, most, *shares)


def _own(experiment: Experiment, rows: int) -> TrialSpec:
    """With `trial.epochs`, few rows get a good part of the full training's updates."""
    updates = round(max(1.0, MOST_UPDATES * as_many_updates(experiment, rows)), 2)
    return memorising_spec(experiment, rows, fidelity=updates)


def _mean(scores: Sequence[float]) -> float:
    known = [score for score in scores if math.isfinite(score)]
    return float(np.mean(known)) if known else math.nan


def _share(fit: FitOfRuns) -> float:
    return fit.share
