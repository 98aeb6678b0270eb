"""The numbers of a reproduction, from which its checks judge and its figure draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.declaration import Experiment
from mldiag.findings import Diagnosis
from mldiag.metrics import Metric, smallest_gain
from mldiag.steps.reproduce.earlier_run import EarlierRun
from mldiag.steps.reproduce.equivalence import Reproduction, judge_reproduction
from mldiag.steps.reproduce.runs import look_taken, looks, twin_specs
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial_result import TrialResult

TOLERANCES = 2.0
"""Smallest gains worth having that the default tolerance spans: one point of a score in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Our runs, the report, and what the comparison says.

    Args:
        metric: The metric.
        scores: Score of each run, in the metric's own direction; NaN where it gave none.
        expected: The reported score; NaN where there is none.
        tolerance: Largest difference that still counts as the same.
        varied: What differed between the runs, for a person.
        deterministic: Whether a run came back exactly the same in a fresh process; None where that is
            not known.
        reproduction: The judgement; None where nothing was reported, or before the first look.
        earlier: The earlier run that is compared with, if one was named.
        paired: Whether each run was compared with the earlier one of the same rows and seed.
    """

    metric: Metric
    scores: NDArray[np.float64]
    expected: float
    tolerance: float
    varied: str
    deterministic: bool | None
    reproduction: Reproduction | None
    earlier: EarlierRun | None = None
    paired: bool = False

    @property
    def noise_sd(self) -> float:
        """Standard deviation of one run's score; NaN below two runs."""
        known = self.scores[np.isfinite(self.scores)]
        return float(known.std(ddof=1)) if known.size > 1 else float("nan")


@dataclass(frozen=True)
class ReproductionDiagnosis(Diagnosis):
    """The findings, and what they rest on."""

    judged: Judged | None = None

    def result(self) -> dict[str, Any]:
        """Scores and judgement as plain data."""
        if self.judged is None:
            return {}
        found = self.judged
        told: dict[str, Any] = {
            "scores": found.scores,
            "noise_sd": found.noise_sd,
            "varied": found.varied,
            "deterministic": found.deterministic,
        }
        if found.reproduction is None:
            return told
        return told | {
            "expected": found.expected,
            "tolerance": found.tolerance,
            "verdict": found.reproduction.verdict,
            "side": found.reproduction.side,
            "difference": found.reproduction.estimate,
            "low": found.reproduction.low,
            "high": found.reproduction.high,
            "level": found.reproduction.level,
            "basis": found.reproduction.basis,
            "runs_needed": found.reproduction.runs_needed,
            "against": None if found.earlier is None else found.earlier.id,
            "differs": None if found.earlier is None else found.earlier.differences,
        }

    def curves(self) -> dict[str, dict[int, float]]:
        """The score of each run by its number."""
        if self.judged is None:
            return {}
        name = f"reproduce/{self.judged.metric.name}"
        known = {i: float(s) for i, s in enumerate(self.judged.scores) if np.isfinite(s)}
        return {name: known} if known else {}

    def scalars(self) -> dict[str, float]:
        """Mean, noise and difference."""
        if self.judged is None:
            return {}
        found = self.judged
        known = found.scores[np.isfinite(found.scores)]
        numbers = {"noise_sd": found.noise_sd}
        if known.size:
            numbers[f"mean_{found.metric.name}"] = float(known.mean())
        if found.reproduction is not None:
            numbers |= {"expected": found.expected, "difference": found.reproduction.estimate}
        return numbers


def judge(experiment: Experiment, settings: Settings, results: Sequence[TrialResult]) -> Judged:
    """Compare the runs that are there with the report."""
    look, runs = look_taken(experiment, settings, results)
    metric = experiment.metric
    scores = np.array([run.score(metric.name) for run in runs], dtype=np.float64)
    same = is_same_again(experiment, settings, results)
    earlier = settings.against if isinstance(settings.against, EarlierRun) else None
    expected = settings.expected
    if earlier is not None:
        expected = earlier.mean
    if settings.tolerance is not None:
        tolerance = settings.tolerance
    else:
        level = expected if expected is not None else 1.0
        tolerance = TOLERANCES * smallest_gain(metric, level)
    found = Judged(
        metric=metric,
        scores=scores,
        expected=float("nan") if expected is None else expected,
        tolerance=tolerance,
        varied=varied(experiment),
        deterministic=same,
        reproduction=None,
        earlier=earlier,
    )
    known = scores[np.isfinite(scores)]
    if expected is None or look < 0 or known.size < len(scores) or not known.size:
        return found
    count = len(looks(experiment, settings))
    return _compared(found, settings, runs, known, same=same, looks=count)


def _compared(
    found: Judged,
    settings: Settings,
    runs: Sequence[TrialResult],
    scores: NDArray[np.float64],
    *,
    same: bool | None,
    looks: int,
) -> Judged:
    """The judgement, against the number or against the earlier run."""
    settled = bool(same and (len(scores) == 1 or np.ptp(scores) == 0))
    common: dict[str, Any] = {
        "deterministic": settled,
        "maximize": found.metric.maximize,
        "looks": looks,
    }
    earlier, parts = found.earlier, dict(vars(found))
    if earlier is None:
        parts["reproduction"] = judge_reproduction(
            scores.tolist(),
            found.expected,
            found.tolerance,
            reported_sd=settings.reported_sd,
            reported_runs=settings.reported_runs,
            test_rows=settings.test_rows,
            **common,
        )
        return Judged(**parts)
    twins = [earlier.scores.get(run.spec.digest) for run in runs]
    if all(twin is not None for twin in twins):
        gaps = scores - np.array(twins, dtype=np.float64)
        exact = {**common, "deterministic": bool(same) and np.ptp(gaps) == 0}
        parts["paired"] = True
        judged = judge_reproduction(gaps.tolist(), 0.0, found.tolerance, **exact)
        words = "over runs of the same rows and seeds, each beside its earlier twin"
        parts["reproduction"] = judged if exact["deterministic"] else replace(judged, basis=words)
        return Judged(**parts)
    spread = earlier.sd if earlier.runs > 1 else None
    parts["reproduction"] = judge_reproduction(
        scores.tolist(),
        found.expected,
        found.tolerance,
        reported_sd=spread,
        reported_runs=earlier.runs,
        **common,
    )
    return Judged(**parts)


def is_same_again(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> bool | None:
    """Whether the same trial in a fresh process gave the same metrics to the last digit."""
    found = {result.spec.digest: result for result in results}
    first, again = (found.get(spec.digest) for spec in twin_specs(experiment, settings))
    if first is None or again is None or first.status != "ok" or again.status != "ok":
        return None
    return dict(first.metrics) == dict(again.metrics)


def varied(experiment: Experiment) -> str:
    """Which sources of variance differ between the runs (Bouthillier et al. 2021)."""
    if experiment.fixed_rows or experiment.splits.fixed_valid:
        if experiment.deterministic:
            return "nothing: the split is declared, and no seed changes this training"
        where = "the rows that it reads itself" if experiment.fixed_rows else "the declared split"
        return f"the seed (initialisation, order, augmentation) on {where}"
    if experiment.deterministic:
        return "the split alone: no seed changes this training; the report's split may be fixed"
    return (
        "the split and the seed (initialisation, order, augmentation) together; the report's split may "
        "be a fixed one: declare it with valid="
    )
