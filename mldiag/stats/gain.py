"""The gain of the best of many values, corrected for having been chosen because it looked best."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mldiag.errors import MldiagError
from mldiag.findings import Interval
from mldiag.stats.comparisons import Comparisons
from mldiag.stats.intervals import t_interval, undetermined


def gain_of_best(comparisons: Comparisons, *, chosen: int | None = None) -> Interval:
    """The true gain over the default of the value with the highest mean among the others.

    The highest of several noisy means is too high. How much is told by leaving out part of the data again
    and again, choosing on the rest, and looking what that choice gains on the part that did not choose it
    (after Tibshirani and Tibshirani 2009, Annals of Applied Statistics 3, who leave out one fold). The
    interval is the chosen value's own, moved by that much.

    Two repeats of five are left out, and one third of fixed rows: choosing without one repeat corrects as
    much but is noisier (nine equal values: coverage .73 against .81). On five real sweeps this covered
    .82 to .98 (.70 on a sixth, where the default's score jumps from one data set to the next) and left
    less than half of the bias (benchmarks/uncertainty.py). Rejected: shrinking all values towards their
    mean covers .45 to .74 where one value is good; a bootstrap of the shrunken means errs by half as much
    the other way on curves.

    Args:
        comparisons: From `many.compare_with_default` or `fixed_rows.compare_on_fixed_rows`.
        chosen: The value that was chosen; the best value other than the default where None.

    Returns:
        The gain, negative where even the best value is worse; undetermined where there is no candidate,
        no spread, or nothing could be left out.

    Raises:
        MldiagError: `chosen` is the default.

    Example:
        >>> from mldiag.stats.many import compare_with_default
        >>> found = compare_with_default(
        ...     [[0.70, 0.72, 0.71], [0.72, 0.71, 0.74], [0.70, 0.73, 0.73]], 0, valid_to_train=0.25)
        >>> gain = gain_of_best(found)
        >>> round(float(found.difference.max()), 4), round(gain.estimate, 4)
        (0.0133, 0.0067)
    """
    candidates = comparisons.candidates
    if chosen == comparisons.default:
        raise MldiagError("the default has no gain over itself", expected="another value, or None")
    if candidates.size == 0:
        return undetermined(math.nan, level=comparisons.level)
    best = int(candidates[np.argmax(comparisons.difference[candidates])])
    value = best if chosen is None else chosen
    basis = comparisons.basis
    correction = selection_optimism(basis.left_out, basis.elsewhere, candidates, best=best)
    estimate = float(comparisons.difference[value]) - correction
    error, df = float(basis.interval_error[value]), float(basis.interval_df[value])
    return t_interval(estimate, error, df=df, level=comparisons.level)


def selection_optimism(
    left_out: NDArray[np.float64],
    elsewhere: NDArray[np.float64],
    candidates: NDArray[np.intp],
    *,
    best: int,
) -> float:
    """How much more the best value shows on each part than the one chosen without that part, on average.

    Args:
        left_out: Differences on the parts, shape (L, V).
        elsewhere: Differences without each part, shape (L, V).
        candidates: Positions to choose from.
        best: The choice on all data.

    Returns:
        The mean over parts, never negative; NaN where no part allows a second choice.
    """
    parts = []
    for part, rest in zip(left_out, elsewhere, strict=True):
        usable = candidates[np.isfinite(part[candidates]) & np.isfinite(rest[candidates])]
        if usable.size and math.isfinite(part[best]):
            again = usable[np.argmax(rest[usable])]
            parts.append(float(part[best] - part[again]))
    return max(float(np.mean(parts)), 0.0) if parts else math.nan
