"""The smooth curve through a parameter's scores, and where its best value lies, in the user's own terms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mldiag.findings import SHOWN_LEVEL, Interval
from mldiag.steps.sweep.measured import Measured
from mldiag.steps.sweep.one_at_a_time.rounds import Decision
from mldiag.steps.sweep.smooth_curve import SmoothCurve

Floats = NDArray[np.float64]


def with_curve(decision: Decision, measured: Measured) -> Measured:
    """Add the curve, and bring values with fewer repeats to the level of all.

    Args:
        decision: What was decided, on the same scores.
        measured: These, compared with the default.
    """
    if decision.surface is None:
        return measured
    sign = measured.metric.sign
    parts = _repeat_parts(decision)
    lifted = np.where(np.isfinite(measured.scores), measured.scores - sign * parts, np.nan)
    complete = [bool(np.isfinite(row).all()) for row in measured.scores]
    valid = tuple(
        interval
        if full or not np.isfinite(row).any()
        else _lifted(interval, float(np.nanmean(row)))
        for interval, full, row in zip(measured.valid, complete, lifted, strict=True)
    )
    measured = replace(measured, valid=valid)
    return replace(measured, curve=_curve(decision, measured, parts))


def _lifted(interval: Interval, level: float) -> Interval:
    """The interval of a mean score, moved to the level of the average repeat."""
    shift = level - interval.estimate
    return Interval(level, interval.low + shift, interval.high + shift, interval.level)


def _curve(decision: Decision, measured: Measured, parts: Floats) -> SmoothCurve:
    """The fitted surface in the metric's unit, at the level of the average repeat."""
    progress, surface = decision.progress, decision.surface
    assert surface is not None
    sign, reach = measured.metric.sign, float(special.ndtri((1 + SHOWN_LEVEL) / 2))
    tried = sorted({*progress.tried.tolist(), progress.default})
    near = surface.bend.top - surface.mean <= surface.bend.width
    means = sign * np.array([interval.estimate for interval in measured.valid])
    counts = measured.comparisons.repeats
    anchors = near[tried] & np.isfinite(means)
    lift = 0.0
    if anchors.any():
        lift = float(np.average((means - surface.mean[tried])[anchors], weights=counts[anchors]))
    half = reach * np.sqrt(np.maximum(np.diag(surface.covariance), 0.0))
    mean = surface.mean + lift
    winners = np.sort(surface.draws.argmax(axis=1))
    tail = (1 - SHOWN_LEVEL) / 2
    ends = winners[[int(share * (len(winners) - 1)) for share in (tail, 1 - tail)]]
    return SmoothCurve(
        values=progress.candidates,
        mean=sign * mean,
        low=np.minimum(sign * (mean - half), sign * (mean + half)),
        high=np.maximum(sign * (mean - half), sign * (mean + half)),
        best=int(np.argmax(surface.mean)),
        best_low=min(int(ends[0]), decision.chosen),
        best_high=max(int(ends[1]), decision.chosen),
        differences=_differences(decision, measured),
        known=near,
        repeat_parts=sign * parts,
    )


def _repeat_parts(decision: Decision) -> Floats:
    """How much higher each repeat scores than the average one, from the values near the top."""
    progress, surface = decision.progress, decision.surface
    assert surface is not None
    near = surface.bend.top - surface.mean <= surface.bend.width
    scores = np.where(np.isfinite(progress.scores), progress.scores, np.nan)
    shared = near & (np.isfinite(scores).sum(axis=1) > 1)
    parts = np.zeros(scores.shape[1])
    if not shared.any():
        return parts
    value, repeat = np.nonzero(np.isfinite(scores) & shared[:, None])
    design = np.zeros((len(value), sum(scores.shape)))
    design[np.arange(len(value)), value] = 1.0
    design[np.arange(len(value)), len(scores) + repeat] = 1.0
    cells = scores[value, repeat]
    found, *_ = np.linalg.lstsq(design, cells - cells.mean(), rcond=None)
    seen = np.unique(repeat)
    effects = found[len(scores) :][seen]
    parts[seen] = effects - effects.mean()
    return parts


def _differences(decision: Decision, measured: Measured) -> tuple[Interval, ...]:
    """Each candidate's difference with the default by the curve, the overlap of redrawn splits counted in."""
    progress, surface = decision.progress, decision.surface
    assert surface is not None
    covariance, default = surface.covariance, progress.default
    variance = np.diag(covariance) + covariance[default, default] - 2 * covariance[default]
    variance = np.maximum(variance, 0.0) + 2 * measured.valid_to_train * surface.noise_sd**2
    variance[default] = 0.0
    reach = float(special.ndtri((1 + SHOWN_LEVEL) / 2))
    return tuple(
        Interval(gap, gap - reach * math.sqrt(v), gap + reach * math.sqrt(v))
        for gap, v in zip(
            (surface.mean - surface.mean[default]).tolist(), variance.tolist(), strict=True
        )
    )
