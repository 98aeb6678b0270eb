"""Where is the best value of one parameter? A smooth curve through noisy scores, and what to try next.

A Gaussian process on the parameter's own scale shares strength between neighbouring values, with a part for
each repeat (its rows are harder or easier), a part in which neighbours err together within a repeat, and
noise. Its parameters are never optimised: a small grid of them is averaged by marginal likelihood, so that
nothing can fail to converge and few scores do not settle on one explanation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import special

from mldiag.stats.bend import Bend, bend_of, bent, repeat_effects

Floats = NDArray[np.float64]

LENGTHS = (0.12, 0.25, 0.5, 1.0)
"""Distances over which scores agree, in shares of the declared range."""

SIGNALS = (0.0, 1.0, 3.0, 7.0)
"""Standard deviation of the curve over that of the noise."""

TOGETHER = (0.0, 0.7, 0.97)
"""Share of the noise in which neighbouring values err together within a repeat."""

REPEATS = (0.7, 3.0)
"""Standard deviation of the repeats over that of the noise."""

_LEVEL = 100.0  # of the unknown mean, in noise standard deviations: as good as unknown
_FEWEST_SHARE = 0.01  # explanations that weigh less than this are left out
_MOST = 24  # explanations that are kept
_NOISE_PRIOR = 0.01
_NODES = special.ndtri((np.arange(21) + 0.5) / 21)
_DRAWS = 512


@dataclass(frozen=True, eq=False)
class Surface:
    """What the scores say of the curve over all candidates.

    Args:
        mean: Posterior mean (C,) of each candidate's true score, the default's repeats counted in.
        covariance: Of the true scores (C, C).
        noise_sd: Of one score within a repeat.
        bend: How scores far below the top were drawn nearer; all of the above are bent.
        cells: Covariance (C, C) of the true scores (rows) with the next score of a candidate (columns).
        cell_covariance: Covariance (C, C) of those next scores.
        draws: True curves (512, C) as likely as the scores leave them.
    """

    mean: Floats
    covariance: Floats
    noise_sd: float
    bend: Bend
    cells: Floats = field(repr=False)
    cell_covariance: Floats = field(repr=False)
    draws: Floats = field(repr=False)

    def regret(self, chosen: int) -> Floats:
        """How much better the best candidate is than the chosen one, in each draw."""
        return np.asarray(self.draws.max(axis=1) - self.draws[:, chosen])

    def variance_of_difference(self, first: int, second: int) -> float:
        """Posterior variance of the difference of two candidates' true scores."""
        c = self.covariance
        return float(c[first, first] + c[second, second] - 2 * c[first, second])


def fit_surface(scores: Floats, place: Floats, *, scale: bool = True) -> Surface:
    """Fit the curve.

    Args:
        scores: Shape (C, R), higher is better; NaN where not run, -inf where the trial failed.
        place: Where the candidates stand, shape (C,), the range being 0 to 1.
        scale: False for choices: no two of them are neighbours.
    """
    joined, effect = _Layout(place, scores, scale=scale), repeat_effects(scores)
    bend = bend_of(scores, effect)
    values = bent(scores, bend, effect)[joined.observed, joined.repeat]
    middle, unit = float(values.mean()), max(float(values.std()), 1e-12)
    y = (values - middle) / unit
    weights, grid, spreads, inverses = _explanations(joined, y)
    means, covariances = [], []
    for setting, spread, inverse in zip(grid, spreads, inverses, strict=True):
        of_all, with_seen = joined.prior(setting)
        gain = with_seen @ inverse
        means.append(gain @ y)
        covariances.append(spread * (of_all - gain @ with_seen.T))
    mean, covariance = _mixed(weights, means, covariances)
    noise = math.sqrt(float(weights @ spreads)) * unit
    count = len(place)
    draws = _draws(weights, means, covariances, count)
    return Surface(
        mean=middle + unit * mean[:count],
        covariance=unit**2 * covariance[:count, :count],
        noise_sd=noise,
        bend=bend,
        cells=unit**2 * covariance[:count, count:],
        cell_covariance=unit**2 * covariance[count:, count:],
        draws=middle + unit * draws,
    )


def worth_trying(surface: Surface, allowed: NDArray[np.bool_], count: int) -> list[int]:
    """Candidates whose next score is expected to better the choice most, one after the other.

    The knowledge gradient (Frazier, Powell and Dayanik 2009): how much the highest posterior mean is
    expected to rise with that score. The covariance is updated after each pick, so that a batch does not
    ask for the same thing twice.

    Args:
        surface: From `fit_surface`.
        allowed: Candidates (C,) that still have a repeat to run.
        count: Most candidates to name.

    Returns:
        Positions, best first; fewer where no other score can change the choice.
    """
    mean, cells, between = surface.mean, surface.cells.copy(), surface.cell_covariance.copy()
    open_, chosen = allowed.copy(), list[int]()
    top = float(mean.max())
    for _ in range(count):
        spread = np.sqrt(np.maximum(np.diag(between), 1e-18))
        moves = cells / spread  # (C, candidates)
        risen = (mean[:, None, None] + moves[:, :, None] * _NODES).max(axis=0).mean(axis=1) - top
        gains = np.where(open_, risen, -np.inf)
        pick = int(np.argmax(gains))
        if not gains[pick] > 1e-9 * max(surface.noise_sd, 1e-15):
            break
        chosen.append(pick)
        open_[pick] = False
        column, variance = between[:, pick].copy(), max(float(between[pick, pick]), 1e-18)
        cells = cells - np.outer(cells[:, pick], column) / variance
        between = between - np.outer(column, column) / variance
    return chosen


class _Layout:
    """Which scores were seen, which may come next, and how all of them and the curve go together."""

    def __init__(self, place: Floats, scores: Floats, *, scale: bool) -> None:
        self.observed, self.repeat = np.nonzero(~np.isnan(scores))
        # Where all repeats are run the first stands in for the next; it is never proposed.
        next_repeat = np.isnan(scores).argmax(axis=1)
        lengths = LENGTHS if scale else LENGTHS[:1]
        apart = np.abs(place[:, None] - place[None, :])
        self.kernels = [
            _matern(apart / length) if scale else np.eye(len(place)) for length in lengths
        ]
        self.same = (self.repeat[:, None] == self.repeat[None, :]).astype(float)
        self.next_same = (next_repeat[:, None] == self.repeat[None, :]).astype(float)
        self.next_next = (next_repeat[:, None] == next_repeat[None, :]).astype(float)
        self.grid = [
            Explanation(number, signal, together, repeats)
            for number in range(len(lengths))
            for signal in SIGNALS
            for together in TOGETHER
            for repeats in REPEATS
            if signal or together or number == 0  # else the length says nothing
        ]

    def seen(self) -> Floats:
        """Covariances of the seen scores, one of each explanation, shape (explanations, n, n)."""
        near = np.stack([kernel[np.ix_(self.observed, self.observed)] for kernel in self.kernels])
        shared = near * self.same
        number = [e.length for e in self.grid]
        signal, together, repeats = (
            np.array([getattr(e, part) for e in self.grid])[:, None, None]
            for part in ("signal", "together", "repeats")
        )
        found = signal**2 * near[number] + together * shared[number] + repeats**2 * self.same
        found += _LEVEL**2
        diagonal = np.arange(len(self.observed))
        found[:, diagonal, diagonal] += 1 - together[:, 0]
        return np.asarray(found)

    def prior(self, explanation: Explanation) -> tuple[Floats, Floats]:
        """Covariance of curve and next scores (2C, 2C), and theirs with the seen scores (2C, n)."""
        kernel = self.kernels[explanation.length]
        together, repeats = explanation.together, explanation.repeats
        curve = _LEVEL**2 + explanation.signal**2 * kernel
        cell = curve + self.next_next * (repeats**2 + together * kernel)
        cell[np.diag_indices_from(cell)] += 1 - together
        seen = curve[:, self.observed]
        next_seen = seen + self.next_same * (repeats**2 + together * kernel[:, self.observed])
        return np.block([[curve, curve], [curve, cell]]), np.vstack([seen, next_seen])


@dataclass(frozen=True, slots=True)
class Explanation:
    """One setting of the process: position of its length, and parts in standard deviations of the noise."""

    length: int
    signal: float
    together: float
    repeats: float


def _matern(distance: Floats) -> Floats:
    """Matern's covariance of smoothness 5/2: smooth, yet it bends where a cliff begins."""
    scaled = math.sqrt(5) * distance
    return np.asarray((1 + scaled + scaled**2 / 3) * np.exp(-scaled))


def _explanations(layout: _Layout, y: Floats) -> tuple[Floats, list[Explanation], Floats, Floats]:
    """Weights of the explanations that matter, these, their noise variances and inverse covariances."""
    stack = layout.seen()
    lower = np.linalg.cholesky(stack)
    logdet = 2 * np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    solved = np.linalg.solve(stack, np.broadcast_to(y[:, None], (len(stack), len(y), 1)))[..., 0]
    # The noise is integrated out, under a weak prior: one score in a hundred of the spread.
    freedom, total = len(y), np.maximum(solved @ y, 1e-12) + _NOISE_PRIOR
    likelihood = -0.5 * logdet - 0.5 * freedom * np.log(total)
    weights = np.exp(likelihood - likelihood.max())
    weights /= weights.sum()
    kept = np.flatnonzero(
        weights >= min(_FEWEST_SHARE, float(np.sort(weights)[-min(8, len(weights))]))
    )
    kept = kept[np.argsort(-weights[kept], kind="stable")][:_MOST]
    shares = np.asarray(weights[kept] / weights[kept].sum(), dtype=np.float64)
    variances = np.asarray(total[kept] / freedom, dtype=np.float64)
    inverses = np.asarray(np.linalg.inv(stack[kept]), dtype=np.float64)
    return shares, [layout.grid[k] for k in kept], variances, inverses


def _mixed(
    weights: Floats, means: list[Floats], covariances: list[Floats]
) -> tuple[Floats, Floats]:
    """Mean and covariance of the mixture."""
    stacked = np.stack(means)
    mean = weights @ stacked
    away = stacked - mean
    within = np.tensordot(weights, np.stack(covariances), axes=1)
    return mean, within + (away * weights[:, None]).T @ away


def _draws(weights: Floats, means: list[Floats], covariances: list[Floats], count: int) -> Floats:
    """Curves drawn from the mixture, always the same for the same scores."""
    random = np.random.default_rng(0)
    share = np.maximum(np.round(weights * _DRAWS).astype(int), 1)
    found = []
    for number, mean, covariance in zip(share, means, covariances, strict=True):
        curve = covariance[:count, :count]
        # A little noise of its own makes the covariance regular; the level is common to all candidates.
        jitter = 1e-9 * float(np.trace(curve)) / count + 1e-12
        root = np.linalg.cholesky((curve + curve.T) / 2 + jitter * np.eye(count))
        found.append(mean[:count] + random.standard_normal((number, count)) @ root.T)
    return np.concatenate(found)
