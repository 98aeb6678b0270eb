"""Values of a parameter compared after a nuisance parameter has been tuned anew for each of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mldiag.findings import CLAIM_ERROR, Interval
from mldiag.metrics import Metric
from mldiag.stats.bootstrap import ResampledScores
from mldiag.stats.comparisons import Comparisons
from mldiag.stats.fixed_rows import compare_on_fixed_rows
from mldiag.stats.gain import gain_of_best
from mldiag.stats.intervals import is_determined, undetermined
from mldiag.stats.many import compare_with_default
from mldiag.steps.sweep.measured import MeasuredAxis
from mldiag.steps.sweep.pairs.design import Floats, rows_by_value
from mldiag.steps.sweep.pairs.joint import Joint
from mldiag.trial_spec import Plain


@dataclass(frozen=True, eq=False)
class Retuned:
    """One parameter's values, each with the nuisance parameter tuned for it.

    Args:
        subject: What was measured of the parameter alone, the nuisance at its default.
        nuisance: Name of the nuisance parameter.
        values: The values compared.
        tuned: The nuisance's best level for each value, on all repeats.
        default: Position of the default.
        comparisons: Every value against the default, each at its own best level.
        best: Position of the best value; the default where none is better.
        gain: Its gain over the default, corrected for having been chosen.
        untuned: The same value's gain with the nuisance left at its default.
        worth: Smallest gain worth having.
        metric: The metric.
    """

    subject: MeasuredAxis
    nuisance: str
    values: tuple[Plain, ...]
    tuned: tuple[Plain, ...]
    default: int
    comparisons: Comparisons
    best: int
    gain: Interval
    untuned: Interval
    worth: float
    metric: Metric

    @property
    def better(self) -> bool:
        """Whether a value is surely better than the default after tuning."""
        return self.best != self.default and bool(self.comparisons.claimed[self.best])

    @property
    def settled(self) -> bool:
        """Whether the 80 % intervals leave no gain worth having."""
        found = self.comparisons
        return bool(
            len(found.candidates)
            and all(
                is_determined(found.intervals[i]) and found.intervals[i].high < self.worth
                for i in found.candidates
            )
        )


def retuned(joint: Joint, *, families: int = 1) -> Retuned | None:
    """Compare the values of a pair's other parameter after tuning the nuisance for each.

    The level of each value is chosen on the other repeats than the one it is scored in, so that a value with
    more levels to choose from, or with more noise, is not flattered.

    Args:
        joint: The pair as measured.
        families: Comparisons of this kind in the same step.

    Returns:
        The comparison; None where neither parameter is a nuisance.
    """
    design = joint.design
    if design.pair.nuisance is None:
        return None
    which = 1 - design.pair.nuisance
    subject = (design.pair.first, design.pair.second)[which]
    values, levels = design.levels[which], design.levels[design.pair.nuisance]
    rows = rows_by_value(design)
    default = values.index(subject.axis.values[subject.axis.default])
    error = CLAIM_ERROR / families
    if joint.table.resampled is not None:
        scores = tuned_on_rows(joint.table.resampled, rows)
        comparisons = compare_on_fixed_rows(scores, default, error=error)
    else:
        comparisons = compare_with_default(
            cross_fitted(joint.table.scores, rows), default, valid_to_train=joint.table.valid_to_train,
            error=error,
        )  # fmt: skip
    best = comparisons.best
    return Retuned(
        subject=subject,
        nuisance=design.pair.names[design.pair.nuisance],
        values=values,
        tuned=tuple(levels[_best_level(joint.table.scores[row])] for row in rows),
        default=default,
        comparisons=comparisons,
        best=best,
        gain=gain_of_best(comparisons, chosen=best) if best != default else undetermined(0.0),
        untuned=_untuned(subject, values[best]),
        worth=joint.worth,
        metric=joint.metric,
    )


def cross_fitted(scores: Floats, rows: Sequence[Sequence[int]]) -> Floats:
    """Score of each value in each repeat, at the level that the other repeats prefer.

    Args:
        scores: Shape (points, R); NaN where a trial failed or was not run.
        rows: Points of each value, shape (values, levels).

    Returns:
        Shape (values, R); NaN where the preferred level has no score in that repeat.

    Example:
        >>> scores = np.array([[0.1, 0.2, 0.1], [0.9, 0.3, 0.2], [0.5, 0.5, 0.5], [0.4, 0.6, 0.5]])
        >>> cross_fitted(scores, [[0, 1], [2, 3]]).tolist()
        [[0.9, 0.3, 0.2], [0.4, 0.5, 0.5]]
    """
    found = np.full((len(rows), scores.shape[1]), np.nan)
    for value, row in enumerate(rows):
        table = scores[list(row)]
        counts = np.isfinite(table).sum(axis=1)
        table = table[counts == counts.max()]  # levels that were left after the first look
        for repeat in range(table.shape[1]):
            others = np.delete(table, repeat, axis=1)
            known = np.isfinite(others).any(axis=1)
            if not known.any():
                continue
            means = np.where(known, np.nan_to_num(others).sum(axis=1), -np.inf)
            means = means / np.maximum(np.isfinite(others).sum(axis=1), 1)
            found[value, repeat] = table[int(np.argmax(means)), repeat]
    return found


def tuned_on_rows(scores: ResampledScores, rows: Sequence[Sequence[int]]) -> ResampledScores:
    """The same on fixed validation rows: levels are chosen on some rows, and scored on the others.

    Args:
        scores: Of all points.
        rows: Points of each value, shape (values, levels).
    """
    means = np.nanmean(np.where(np.isfinite(scores.measured), scores.measured, np.nan), axis=1)
    everywhere = [row[int(np.nanargmax(means[list(row)]))] for row in rows]
    left_out = np.full((len(scores.left_out), len(rows), scores.measured.shape[1]), np.nan)
    elsewhere = left_out.copy()
    for fold, (part, rest) in enumerate(zip(scores.left_out, scores.elsewhere, strict=True)):
        for value, row in enumerate(rows):
            best = row[int(np.argmax(np.nan_to_num(rest[list(row)].mean(axis=1), nan=-np.inf)))]
            left_out[fold, value], elsewhere[fold, value] = part[best], rest[best]
    return ResampledScores(
        measured=left_out.mean(axis=0) if len(left_out) else scores.measured[everywhere],
        resampled=scores.resampled[:, everywhere],
        left_out=left_out,
        elsewhere=elsewhere,
        groups=scores.groups,
    )


def _best_level(scores: Floats) -> int:
    """The best of a value's levels, among those that went on after the first look."""
    finite = np.isfinite(scores)
    counts = finite.sum(axis=1)
    means = np.where(finite, scores, 0.0).sum(axis=1) / np.maximum(counts, 1)
    return int(np.argmax(np.where((counts == counts.max()) & (counts > 0), means, -np.inf)))


def _untuned(subject: MeasuredAxis, value: Plain) -> Interval:
    """What the value gained alone, the nuisance at its default."""
    if value not in subject.axis.values:
        return undetermined(math.nan)
    index = subject.axis.values.index(value)
    if index == subject.axis.default:
        return Interval(0.0, 0.0, 0.0)
    return subject.measured.comparisons.intervals[index]
