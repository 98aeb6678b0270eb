"""What the forecast reads off a curve: differences to its largest size, in units of its own spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BACK = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 5, 7])
"""Doublings before the largest size at which the curve is read, between sizes by interpolation."""

FLOOR = 0.002
"""Smallest spread: below it a curve counts as flat and free of noise."""

LONGEST = 8.0
"""Doublings: how far back a curve counts."""

BANDWIDTHS = (1.0, 2.5, 8.0)
"""Doublings over which the weight of a size falls by e in the local fits."""

TRAIN_FEATURES = 19
"""Scale-free features of the train scores, at the end of the vector; 0 without train scores."""

TRAIN_LEVELS = 4
"""Features of the level of the train score, at the end of the vector."""


@dataclass(frozen=True)
class Features:
    """A curve in numbers.

    Args:
        scale_free: Features that no change of unit alters.
        levels: Features of the level, for metrics between 0 and 1.
        level: Mean score at the largest size.
        spread: The curve's own unit: how much it changes and how noisy it is.
        run_sd: Standard deviation of one run at the largest size.
        widening: Factor of the widths where the noise of the curve is hardly known.
        with_train: Whether train scores were there.
    """

    scale_free: Floats
    levels: Floats
    level: float
    spread: float
    run_sd: float
    widening: float
    with_train: bool


@dataclass(frozen=True)
class _Noise:
    """Standard deviations of one run, and errors of means."""

    recent: float
    overall: float
    at_largest: float
    roughness: float
    doubling_error: float
    error: float

    def values(self) -> Floats:
        return np.array(
            [self.recent, self.overall, self.at_largest, self.roughness,
             self.doubling_error, self.error]
        )  # fmt: skip


def read_features(sizes: Floats, scores: Floats, train_scores: Floats | None) -> Features:
    """Describe a curve.

    Args:
        sizes: Ascending, shape (S,), at least two.
        scores: Shape (S, R), higher is better, at least one finite score for every size.
        train_scores: Shaped as `scores`, or None.
    """
    x = np.log2(sizes / sizes[-1])
    finite = np.isfinite(scores)
    count = finite.sum(axis=1)
    mean = np.where(finite, scores, 0.0).sum(axis=1) / count
    rest = np.where(finite, scores - mean[:, None], 0.0)
    weights = _reading(x, -BACK)
    read = weights @ mean
    noise = _noise(x, mean, rest, count, weights[2] - weights[0])
    spread = _spread(read, noise)
    fits = _fits(x, mean, read[0])
    steps = np.array([
        read[0] - read[2], read[2] - read[4], read[4] - read[5], read[5] - read[6],
        read[0] - mean.max(), read[0] - mean.min(), read[0] - mean[0],
    ])  # fmt: skip
    span = min(-x[0], LONGEST)
    design = [
        np.clip(np.log2(sizes[-1]), 4, 18), span, np.log2(len(x)), np.log2(count[-1]),
        np.sqrt(span / (len(x) - 1)),
    ]  # fmt: skip
    differences = np.concatenate([read[0] - read[1:], fits, steps])
    train, train_levels, with_train = _train_features(x, train_scores, read, spread)
    return Features(
        np.concatenate([
            np.arcsinh(differences / spread), _share(noise.values(), spread), design, train
        ]),
        np.concatenate([_levels(read, mean[0], spread, noise.error), train_levels]),
        float(read[0]),
        spread,
        noise.at_largest,
        _widening(len(x), int(count.max())),
        with_train,
    )  # fmt: skip


def _reading(x: Floats, at: Floats) -> Floats:
    """Weights that interpolate linearly between sizes, and hold the end value beyond them."""
    left = np.clip(np.searchsorted(x, at) - 1, 0, len(x) - 2)
    part = np.clip((at - x[left]) / (x[left + 1] - x[left]), 0, 1)
    weights = np.zeros((len(at), len(x)))
    rows = np.arange(len(at))
    weights[rows, left] = 1 - part
    weights[rows, left + 1] += part
    return weights


def _noise(
    x: Floats, mean: Floats, rest: Floats, count: NDArray[np.int_], doubling: Floats
) -> _Noise:
    recency = np.exp(x / 2)
    roughness = _roughness(x, mean, recency)
    squares, freedom = (rest**2).sum(axis=1), count - 1
    if freedom.sum() == 0:  # one run of each size: only the curve itself tells of its noise
        return _Noise(roughness, roughness, roughness, roughness, 1.4 * roughness, roughness)
    runs = rest.shape[1]
    recent = (recency * squares).sum() / (recency * freedom).sum()
    at_largest = np.sqrt((squares[-1] + 0.25 * recent) / (freedom[-1] + 0.25))
    # Repeats share their split over the sizes, so that a difference is taken within each of them.
    paired = ((doubling @ rest) ** 2).sum() / max(runs - 1, 1) / runs
    return _Noise(
        float(np.sqrt(recent)),
        float(np.sqrt(squares.sum() / freedom.sum())),
        float(at_largest),
        roughness,
        float(np.sqrt(paired)),
        float(at_largest / np.sqrt(count[-1])),
    )


def _widening(sizes: int, runs: int) -> float:
    """One run of each size shows its noise by the curve's roughness only, and with two sizes not at all.

    The factors that 80 % intervals at twice the rows needed on cross-fitted curves cut to 2, 3, 4 and 5
    sizes with one run each: 1.7 to 2.2, 1.2, 1.2 and 1.15; with two runs 1.0, whatever the sizes.
    """
    return 1.0 if runs > 1 else 1.1 + 0.7 / (sizes - 1) ** 2


def _roughness(x: Floats, mean: Floats, recency: Floats) -> float:
    """Root mean square distance of the sizes from the line between their neighbours, as noise of a mean."""
    if len(x) < 3:
        return 0.25 * abs(float(mean[-1] - mean[0]))
    step = np.diff(x)
    both = step[1:] + step[:-1]
    line = (mean[:-2] * step[1:] + mean[2:] * step[:-1]) / both
    variance = 1 + (step[1:] ** 2 + step[:-1] ** 2) / both**2
    squares = (mean[1:-1] - line) ** 2 / variance
    return float(np.sqrt((recency[1:-1] * squares).sum() / recency[1:-1].sum()))


def _spread(read: Floats, noise: _Noise) -> float:
    changes = np.array([read[0] - read[2], read[2] - read[4], read[4] - read[5], read[0] - read[6]])
    squares = np.array([0.3, 0.2, 0.1, 0.05]) @ changes**2
    return float(np.sqrt(squares + 0.5 * noise.error**2 + 0.3 * noise.roughness**2 + FLOOR**2))


def _fits(x: Floats, values: Floats, level: float) -> Floats:
    """Level (less `level`) and slope at the largest size of three local lines and a parabola."""
    out = []
    for bandwidth in BANDWIDTHS:
        weight = np.exp(x / bandwidth)
        weight /= weight.sum()
        middle, mean = weight @ x, weight @ values
        slope = weight @ ((x - middle) * (values - mean)) / (weight @ (x - middle) ** 2 + 1e-3)
        out += [mean - slope * middle - level, slope]
    weight = np.exp(x / 3)
    weight /= weight.sum()
    powers = np.stack([np.ones_like(x), x, x * x], axis=1)
    normal = powers.T @ (powers * weight[:, None]) + np.diag([1e-6, 1e-3, 1e-2])
    parabola = np.linalg.solve(normal, powers.T @ (weight * (values - level)))
    return np.concatenate([out, parabola])


def _share(noise: Floats, spread: float) -> Floats:
    return np.log(noise / spread + 0.05)


def _levels(read: Floats, first: float, spread: float, error: float) -> Floats:
    left, before = (np.clip(1 - read[i], 0, 1) for i in (0, 2))
    return np.array([
        np.log(spread), np.sqrt(left), left, np.log(left + 0.01), np.log(error + FLOOR),
        1 - first, np.log((before + 0.01) / (left + 0.01)),
    ])  # fmt: skip


def _train_features(
    x: Floats, scores: Floats | None, read: Floats, spread: float
) -> tuple[Floats, Floats, bool]:
    scored = np.zeros(len(x), bool) if scores is None else np.isfinite(scores).any(axis=1)
    if scores is None or scored.sum() < 2:
        return np.zeros(TRAIN_FEATURES), np.zeros(TRAIN_LEVELS), False
    seen = scores[scored]
    mean = np.nanmean(seen, axis=1)
    deviation = np.sqrt(np.nanmean(np.nanvar(seen, axis=1)))
    places = [0, 2, 4, 6]
    train = _reading(x[scored], -BACK[places]) @ mean
    gap = train - read[places]
    parts = np.concatenate([gap, train[0] - train[1:], _fits(x[scored], mean, train[0])])
    left = np.clip(1 - train[0], 0, 1)
    return (
        np.concatenate([
            np.arcsinh(parts / spread), np.arcsinh(np.diff(gap) / spread)[:2],
            _share(np.array([deviation]), spread),
        ]),
        np.array([left, np.log(left + 0.01), gap[0], np.log(max(gap[0], 0) + 0.01)]),
        True,
    )  # fmt: skip
