"""What no model can beat here: the numbers that speak for or against a ceiling of the data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.declaration import Experiment
from mldiag.findings import Interval
from mldiag.metrics import Metric
from mldiag.reference.neighbours import least_error
from mldiag.reference.question import question_of
from mldiag.reference.specs import why_no_references
from mldiag.scoring.rule import plain_labels
from mldiag.steps.capacity.lines import line_grid
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.trial_result import Predictions, TrialResult

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """Thresholds of the ceiling; chosen on cases with a known answer (`benchmarks/capacity_verdicts.py`).

    Args:
        same_misses: Agreement beyond chance (Cohen's kappa) of the rows that the best families miss.
        same_residuals: Correlation of their residuals, for quantities.
        bound_share: Share of the present error that neighbours say cannot be avoided.
        bound_most: Above this share the bound is refuted by the model itself, and says nothing.
        gain_worths: The best of everything tried gains surely less than this many times the smallest gain
            worth having.
        families: Families other than the model that must be as good as it.
    """

    same_misses: float = 0.5
    same_residuals: float = 0.9
    bound_share: float = 0.8
    bound_most: float = 1.25
    gain_worths: float = 6.0
    families: int = 2


LIMITS = Limits()


@dataclass(frozen=True)
class Ceiling:
    """What speaks for a ceiling; NaN where it is not known.

    Args:
        peers: Families whose score does not differ from the model's beyond the noise.
        agreement: How far the model and its peers miss the same rows: kappa, or correlation of residuals.
        quantities: Whether the targets are quantities.
        rows: Scoring rows that the agreement rests on.
        error: Present error: share of rows missed, or mean squared error.
        least: What neighbours say cannot be avoided of it.
        label_noise: Share of labels that the strongest reference contradicts with confidence.
        conflicts: Share of training rows with an equal row of another class.
        human_score: What people reach, or NaN.
        at_human: Whether the model reaches it within the noise.
    """

    peers: tuple[str, ...]
    agreement: float
    quantities: bool
    rows: int
    error: float
    least: float
    label_noise: float
    conflicts: float
    human_score: float
    at_human: bool

    @property
    def bound_share(self) -> float:
        """Share of the present error that neighbours say cannot be avoided."""
        return self.least / self.error if self.error > 0 else math.nan

    @property
    def bound_holds(self) -> bool:
        """Whether the bound speaks for a ceiling, and is not refuted by the model itself."""
        return LIMITS.bound_share <= self.bound_share <= LIMITS.bound_most

    @property
    def agrees(self) -> bool:
        """Whether the best families miss largely the same rows."""
        wanted = LIMITS.same_residuals if self.quantities else LIMITS.same_misses
        return len(self.peers) >= LIMITS.families and self.agreement >= wanted


def measure_ceiling(
    experiment: Experiment,
    lines: Sequence[MeasuredLine],
    results: Sequence[TrialResult],
    *,
    human_score: float | None,
) -> Ceiling | None:
    """The evidence; None where there is neither a reference nor a human score.

    Args:
        experiment: The experiment.
        lines: What was measured.
        results: What came back.
        human_score: What people reach, if given.
    """
    level = human_score if human_score is not None else math.nan
    at_human = bool(lines) and _reaches(lines[0], level)
    references = next((item for item in lines if item.line.kind == "references"), None)
    if references is None:
        unknown = math.nan
        told = Ceiling((), unknown, False, 0, unknown, unknown, unknown, unknown, level, at_human)
        return told if math.isfinite(level) else None
    found = {result.spec.digest: result for result in results}
    grid = line_grid(experiment, references.line, references.scores.shape[1])
    cells = [[found.get(spec.digest) for spec in row] for row in grid]
    classes = _classes(experiment)
    peers = _peers(references)
    errors = [[_errors(cell, classes) for cell in row] for row in cells]
    chosen = [references.line.default, *peers]
    agreement, rows = _agreement([errors[i] for i in chosen], quantities=classes is None)
    own = [e for e in errors[references.line.default] if e is not None]
    best = _strongest(references)
    return Ceiling(
        peers=tuple(str(references.line.values[index]) for index in peers),
        agreement=agreement,
        quantities=classes is None,
        rows=rows,
        error=float(np.mean(np.concatenate(own) ** 2)) if own else math.nan,
        least=_least(cells, None if classes is None else len(classes)),
        label_noise=_mean(cells[best], "confident_disagreement"),
        conflicts=_mean([c for row in cells for c in row], "conflicting_rows"),
        human_score=level,
        at_human=at_human,
    )


def _classes(experiment: Experiment) -> tuple[Any, ...] | None:
    if why_no_references(experiment):
        return None
    return question_of(experiment.train, experiment.metric, experiment.loaded).classes


def _peers(references: MeasuredLine) -> list[int]:
    """References that are neither clearly better nor clearly worse than the model."""
    found = references.comparisons
    near = []
    for index in found.candidates.tolist():
        interval = found.intervals[index]
        inside = interval.low <= 0 <= interval.high
        if inside or abs(interval.estimate) < references.worth:
            near.append(int(index))
    return near


def _strongest(references: MeasuredLine) -> int:
    """Position of the reference with the best score."""
    candidates = references.comparisons.candidates
    if not len(candidates):
        return references.line.default
    return int(candidates[np.argmax(references.comparisons.difference[candidates])])


def _errors(cell: TrialResult | None, classes: tuple[Any, ...] | None) -> Floats | None:
    """1 for a row that was missed and 0 for another; for quantities, the residual."""
    kept = None if cell is None or cell.status != "ok" else cell.predictions
    if kept is None or kept.truth is None:
        return None
    truth, values = plain_labels(kept.truth), np.asarray(kept.values)
    if classes is None:
        if values.shape != truth.shape or values.dtype.kind not in "iuf":
            return None
        return np.asarray(values - truth, dtype=np.float64)
    named = _named(kept, values, classes)
    return None if named is None else np.asarray(named != truth, dtype=np.float64)


def _named(
    kept: Predictions, values: NDArray[Any], classes: tuple[Any, ...]
) -> NDArray[Any] | None:
    """The class that each row is predicted to be of."""
    names = np.asarray(classes)
    if values.ndim == 2 and values.shape[1] == len(names):
        return np.asarray(names[values.argmax(axis=1)])
    if values.ndim != 1:
        return None
    if kept.response == "predict":
        return plain_labels(values)
    middle = 0.5 if kept.response == "predict_proba" else 0.0
    return np.asarray(names[(values > middle).astype(int)]) if len(names) == 2 else None


def _agreement(errors: Sequence[Sequence[Floats | None]], *, quantities: bool) -> tuple[float, int]:
    """Mean agreement of the pairs of families over all repeats, and the rows that it rests on."""
    pairs, rows = [], 0
    for first, second in itertools.combinations(errors, 2):
        both = [
            (a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None
        ]
        if not both:
            continue
        one, other = (np.concatenate(side) for side in zip(*both, strict=True))
        pairs.append(_correlation(one, other) if quantities else kappa(one, other))
        rows = max(rows, len(one))
    known = [value for value in pairs if math.isfinite(value)]
    return (float(np.mean(known)) if known else math.nan), rows


def kappa(first: Floats, second: Floats) -> float:
    """Cohen's kappa of two marks of 0 and 1: agreement beyond what chance would give.

    Example:
        >>> kappa(np.array([1.0, 0, 0, 0]), np.array([1.0, 0, 0, 0]))
        1.0
    """
    agree = float((first == second).mean())
    one, other = float(first.mean()), float(second.mean())
    chance = one * other + (1 - one) * (1 - other)
    return (agree - chance) / (1 - chance) if chance < 1 else math.nan


def _correlation(first: Floats, second: Floats) -> float:
    if first.std() == 0 or second.std() == 0:
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])


def _least(cells: Sequence[Sequence[TrialResult | None]], classes: int | None) -> float:
    """The error that neighbours say cannot be avoided, over the trials of the nearest neighbours."""
    everything = [cell for row in cells for cell in row]
    if classes is None:
        return _mean(everything, "noise_variance")
    one = _mean(everything, "one_neighbour_error")
    return least_error(min(one, 1 - 1 / classes), classes) if math.isfinite(one) else math.nan


def _mean(cells: Sequence[TrialResult | None], name: str) -> float:
    values = [c.metrics[name] for c in cells if c is not None and name in c.metrics]
    return float(np.mean(values)) if values else math.nan


def _reaches(found: MeasuredLine, level: float) -> bool:
    if not math.isfinite(level):
        return False
    return reaches(found.metric, found.valid[found.line.default], level)


def reaches(metric: Metric, interval: Interval, level: float) -> bool:
    """Whether a score is at a level or better, or its interval holds the level."""
    favourable = interval.high if metric.maximize else interval.low
    end = favourable if math.isfinite(favourable) else interval.estimate
    return bool(metric.sign * (end - level) >= 0)
