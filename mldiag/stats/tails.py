"""Values that no tail of their column explains, on the scale on which it is nearest to symmetric."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVELS = (0.25, 0.75, 0.9, 0.95, 0.975)
"""Quantile levels that the tails are fitted to: what lies beyond the last has no say."""

NORMAL_RATIO = 2.906
"""Of the normal distribution: distance of its .975 quantile from the median over that of its .75 quantile."""

MOST_BEHIND = 0.03
"""Share of the values that may lie behind a gap."""

LIGHT_DF = 3.0
"""A tail as light as this is judged on the scale as it is too, however asymmetric the column."""

MOST_INDEX = 10.0
"""A tail lighter than this counts as no lighter where gaps are judged."""

MOST_DF = 100.0
LEAST_DF = 1.0


@dataclass(frozen=True)
class Tail:
    """One side of a column.

    Args:
        scale: What a standard deviation would be for the middle half of the values.
        df: Degrees of freedom of the Student t whose tail is as heavy, at the heavy end of what the
            quantiles leave open.
    """

    scale: float
    df: float


@dataclass(frozen=True)
class Extremes:
    """How far values lie outside.

    Args:
        distances: Robust standard deviations from the median on the scale chosen, shape (n,); signed.
        p_values: Of a value so far outside in its tail, times the number of values, shape (n,).
        transform: "as they are", "log" or "signed log".
    """

    distances: Floats
    p_values: Floats
    transform: str


def extremes(values: Floats, *, least_distance: float = 6.0) -> Extremes | None:
    """Judge every value against the tails of all of them.

    The scale is that on which the quartiles and the .9 quantiles lie most symmetrically. Each tail is
    likened to that of a Student t through its quantiles up to .975, so that up to one value in forty on a
    side may be wrong without hiding itself; the ratio is taken one standard error heavier than it is.
    Several values behind a gap that such a tail does not leave are judged together.

    Args:
        values: Finite, shape (n,).
        least_distance: Values nearer to the median are no extremes: their p-value is 1.

    Returns:
        None where half of the values or more are equal, or fewer than twenty.

    Example:
        >>> rows = np.append(np.random.default_rng(0).normal(size=400), [15.0])
        >>> found = extremes(rows)
        >>> int((found.p_values < 0.01).sum())
        1
    """
    if len(values) < 20:
        return None
    best: tuple[float, str, Floats] | None = None
    for name, changed in _scales(values):
        lopsided = _asymmetry(changed)
        if math.isfinite(lopsided) and (best is None or lopsided < best[0] - 0.05):
            best = lopsided, name, changed
    if best is None:
        return None
    _, name, changed = best
    found = _judged(changed, name, least_distance)
    if name != "as they are" and found is not None:
        other = _judged(values, "as they are", least_distance, least_df=LIGHT_DF)
        if other is not None and other.p_values.min() < found.p_values.min():
            return other
    return found


def _judged(
    changed: Floats, name: str, least_distance: float, *, least_df: float = 0.0
) -> Extremes | None:
    """Both tails on one scale; one that is heavier than `least_df` says nothing."""
    distances = np.zeros(len(changed))
    p_values = np.ones(len(changed))
    middle = float(np.median(changed))
    for side in (-1.0, 1.0):
        tail = _tail(side * (changed - middle))
        if tail is None:
            return None
        outside = side * (changed - middle) > 0
        if tail.df < least_df:
            continue
        distances[outside] = (changed[outside] - middle) / tail.scale
        far = np.abs(distances[outside])
        alone = np.ones(len(far))
        alone[far >= least_distance] = _beyond(far[far >= least_distance], tail.df) * len(changed)
        p_values[outside] = np.minimum(alone, _behind_a_gap(far, tail.df, len(changed)))
    p_values[np.abs(distances) < least_distance] = 1.0
    return Extremes(distances, np.minimum(p_values, 1.0), name)


def _scales(values: Floats) -> list[tuple[str, Floats]]:
    scales = [("as they are", values)]
    if values.min() > 0:
        scales.append(("log", np.log(values)))
    spread = float(np.median(np.abs(values - np.median(values))))
    if spread > 0:
        scales.append(("signed log", np.arcsinh(values / spread)))
    return scales


def _asymmetry(values: Floats) -> float:
    """How unequal the two sides are at the quartiles and at the tenths; infinite where they have no width."""
    low, quarter, middle, three, high = np.quantile(values, (0.1, 0.25, 0.5, 0.75, 0.9))
    if high <= middle or low >= middle or three <= quarter:
        return math.inf
    inner = abs((three - middle) - (middle - quarter)) / (three - quarter)
    outer = abs((high - middle) - (middle - low)) / (high - low)
    return float(inner + 2 * outer)


def _tail(outward: Floats) -> Tail | None:
    """The side on which `outward` is positive."""
    quarter, far, farther, farthest = np.quantile(outward, LEVELS[1:])
    if quarter <= 0 or farthest <= quarter:
        return None
    noise = 1 + 2 / math.sqrt(len(outward))
    ratios = np.array([far, farther, farthest]) / quarter
    normal = np.array([1.900, 2.439, NORMAL_RATIO])
    heavier = float((ratios / normal).max()) * noise
    return Tail(float(max(quarter / 0.6745, farthest / 1.96 / 1.5)), _df_of(heavier * NORMAL_RATIO))


def _behind_a_gap(distances: Floats, index: float, n: int) -> Floats:
    """P-value of the emptiest gap in the tail, for the values behind it; 1 for all others.

    In a tail with index a, k times the logarithm of the ratio of the k-th to the next largest value is
    exponential with rate a (Renyi's representation): several values behind a wide gap are no tail.
    """
    found = np.ones(len(distances))
    most = min(max(int(MOST_BEHIND * n), 1), len(distances) - 1)
    if most < 2:
        return found
    largest = np.sort(distances)[::-1][: most + 1]
    counts = np.arange(1, most + 1)
    gaps = counts * np.log(largest[:-1] / np.maximum(largest[1:], 1e-12))
    chance = np.exp(-min(index, MOST_INDEX) * gaps) * most
    chance[0] = 1.0  # one value has no say in how heavy the tail is
    widest = int(np.argmin(chance))
    found[distances >= largest[widest]] = min(float(chance[widest]), 1.0)
    return found


def tail_index(outward: Floats) -> float:
    """How light the tail on the positive side is: the index of a power law, at most `MOST_INDEX`.

    Args:
        outward: Distances from the middle, positive on the side in question, shape (n,).

    Example:
        >>> tail_index(np.random.default_rng(0).normal(size=5000))
        10.0
    """
    tail = _tail(outward)
    return LEAST_DF if tail is None else min(tail.df, MOST_INDEX)


def _df_of(ratio: float) -> float:
    """Degrees of freedom of the t with this ratio of quantiles."""
    from scipy.special import stdtrit

    low, high = math.log(LEAST_DF), math.log(MOST_DF)
    for _ in range(30):
        middle = (low + high) / 2
        df = math.exp(middle)
        if stdtrit(df, 0.975) / stdtrit(df, 0.75) > ratio:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def _beyond(distances: Floats, df: float) -> Floats:
    """Probability of a value at least so many robust standard deviations outside, on one side."""
    from scipy.special import stdtr, stdtrit

    unit = 0.6745 / stdtrit(df, 0.75)  # a t has quartiles of its own
    return np.asarray(stdtr(df, -distances / unit), dtype=np.float64)
