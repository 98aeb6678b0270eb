"""Several seeds' range tests together: each point with its interval, and what to make of the default."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mldiag.findings import SHOWN_LEVEL, Interval
from mldiag.parameters import rounded
from mldiag.stats.distributions import t_upper_tail
from mldiag.stats.intervals import is_determined, t_interval, undetermined
from mldiag.steps.range_test.curve import Floats, RangeCurve


@dataclass(frozen=True)
class Rules:
    """How a value and a range are suggested from the points.

    Args:
        below_lowest: The suggestion lies this factor below the rate at which the loss is lowest. Common
            practice (fastai) divides by ten; four came nearer to the best of a sweep, among eleven rules
            tried on eleven trainings (benchmarks/range_test.txt holds it against others).
        sweep_below: The suggested range begins this factor below the suggestion.
        sweep_above: It ends this factor above, or where training breaks.
    """

    below_lowest: float = 4.0
    sweep_below: float = 30.0
    sweep_above: float = 10.0


RULES = Rules()


@dataclass(frozen=True)
class RangeSummary:
    """What the seeds say together; rates in the unit of the parameter.

    Args:
        begins: Where the loss begins to fall.
        steepest: Where it falls fastest.
        lowest: Where it is lowest.
        breaks: Where training breaks; its estimate is NaN where fewer than half of the seeds break.
        broken: Seeds that broke.
        seeds: Seeds whose loss falls.
        suggestion: Rate to start with.
        sweep_low: Lower end of the range to sweep.
        sweep_high: Upper end.
        p_beyond: One-sided p-value of "the default lies beyond where training breaks".
        p_too_low: One-sided p-value of "the default lies `too_low` times below the suggestion, or more".
    """

    begins: Interval
    steepest: Interval
    lowest: Interval
    breaks: Interval
    broken: int
    seeds: int
    suggestion: float
    sweep_low: float
    sweep_high: float
    p_beyond: float
    p_too_low: float

    @property
    def breaks_somewhere(self) -> bool:
        """Whether at least half of the seeds break within the range."""
        return math.isfinite(self.breaks.estimate)


def summarize(
    curves: Sequence[RangeCurve], default: float, *, too_low: float
) -> RangeSummary | None:
    """Bring the seeds' curves together on the logarithmic scale.

    A seed's points are known to one step of the ramp, so each variance has that of the rounding added:
    equal seeds give a narrow interval, never one without width.

    Args:
        curves: One a seed.
        default: The parameter's default.
        too_low: Factor below the suggestion at which the default is too low.

    Returns:
        The summary; None where the loss falls in less than half of the seeds.

    Example:
        >>> from mldiag.steps.range_test.curve import read_curve
        >>> rates = np.geomspace(1e-4, 10, 100)
        >>> losses = 2 - 1.5 / (1 + (0.01 / rates) ** 2) + (rates / 1.0) ** 3
        >>> history = [(i, {"lr": r, "loss": v}) for i, (r, v) in enumerate(zip(rates, losses))]
        >>> found = summarize([read_curve(history, seed=s) for s in range(3)], 5.0, too_low=30)
        >>> found.p_beyond < 0.05, bool(0.01 < found.suggestion < 0.3)
        (True, True)
    """
    falling = [curve for curve in curves if curve.falls]
    if not curves or 2 * len(falling) < len(curves) or not falling:
        return None
    step = max(_step(curve) for curve in falling)
    points = {
        name: np.log10([getattr(curve, name) for curve in falling])
        for name in ("begins", "steepest", "lowest", "breaks")
    }
    finite = np.isfinite(points["breaks"])
    # A seed that did not break would have done so above the last rate: that is the least it can be.
    ends = np.log10([curve.last for curve in falling])
    breaks = np.where(finite, points["breaks"], ends)
    if 2 * int(finite.sum()) < len(falling):
        breaks = np.full(len(falling), math.nan)
    lowest, suggested = points["lowest"], points["lowest"] - math.log10(RULES.below_lowest)
    suggestion = 10 ** float(suggested.mean())
    high = suggestion * RULES.sweep_above
    if np.isfinite(breaks).all():
        high = min(high, 10 ** float(breaks.mean()))
    place = math.log10(default) if default > 0 else -math.inf
    return RangeSummary(
        begins=_interval(points["begins"], step),
        steepest=_interval(points["steepest"], step),
        lowest=_interval(lowest, step),
        breaks=_interval(breaks, step),
        broken=int(finite.sum()),
        seeds=len(falling),
        suggestion=rounded(suggestion, 2),
        sweep_low=rounded(suggestion / RULES.sweep_below, 1),
        sweep_high=max(rounded(high, 1), rounded(suggestion * 1.5, 1)),
        p_beyond=_p_above(place - breaks, step),
        p_too_low=_p_above(suggested - math.log10(too_low) - place, step),
    )


def _step(curve: RangeCurve) -> float:
    return float(np.median(np.diff(np.log10(curve.rates))))


def _error(values: Floats, step: float) -> float:
    """Standard error of a mean of logarithms, the rounding to a step counted in."""
    count = len(values)
    if count < 2:
        return math.nan
    return math.sqrt((float(values.var(ddof=1)) + step**2 / 12) / count)


def _interval(values: Floats, step: float) -> Interval:
    mean = float(values.mean())
    shown = t_interval(mean, _error(values, step), df=len(values) - 1, level=SHOWN_LEVEL)
    if not math.isfinite(mean):
        return undetermined(math.nan)
    if not is_determined(shown):
        return undetermined(10**mean)
    return Interval(10**shown.estimate, 10**shown.low, 10**shown.high, shown.level)


def _p_above(gaps: Floats, step: float) -> float:
    """One-sided p-value of a mean above zero; NaN with one seed."""
    error = _error(gaps, step)
    mean = float(gaps.mean())
    if not error > 0 or not math.isfinite(mean):
        return math.nan
    return t_upper_tail(mean / error, len(gaps) - 1)
