"""Nearest neighbours with their number chosen on the training rows, and the noise that neighbours tell of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors

Floats = NDArray[np.float64]

COUNTS = (1, 3, 5, 9, 15, 25)
"""Numbers of neighbours that are tried."""

EQUAL = 1e-6
"""Distance below which standardised rows count as equal: rounding of the search."""

GAMMA_NEIGHBOURS = 10
"""Neighbours over which the noise of quantities is carried on to distance 0 (Stefansson et al. 1997)."""


class ChosenNeighbours(BaseEstimator):  # type: ignore[misc]
    """The mean or the vote of the k nearest training rows, k chosen by leaving out one row after the other.

    Args:
        classes: Whether the targets are classes.

    Attributes:
        noise_: What neighbours tell of the noise: for classes `one_neighbour_error`, the share of training
            rows whose nearest other row has another class, and `conflicting_rows`, where that row is equal
            in every feature; for quantities `noise_variance`, the variance
            at distance 0.
    """

    def __init__(self, *, classes: bool = True) -> None:
        self.classes = classes

    def fit(self, X: Any, y: Any) -> ChosenNeighbours:
        """Keep the rows and choose k."""
        targets = np.asarray(y)
        if self.classes:
            self.classes_, codes = np.unique(targets, return_inverse=True)
            self.values_ = np.eye(len(self.classes_))[codes.reshape(-1)]
        else:
            self.values_ = targets.astype(np.float64)[:, None]
        most = max(1, min(COUNTS[-1], len(targets) - 1))
        self.search_ = NearestNeighbors(n_neighbors=most).fit(X)
        if len(targets) == 1:
            self.count_, self.noise_ = 1, {}
            return self
        distances, found = self.search_.kneighbors()  # of every row among the others
        counts = [count for count in COUNTS if count <= most]
        losses = [self._loss(self.values_[found[:, :count]].mean(axis=1)) for count in counts]
        self.count_ = counts[int(np.argmin(losses))]
        if self.classes:
            errs = self.values_.argmax(axis=1) != self.values_[found[:, 0]].argmax(axis=1)
            self.noise_ = {
                "one_neighbour_error": float(losses[0]),
                "conflicting_rows": float((errs & (distances[:, 0] <= EQUAL)).mean()),
            }
        else:
            self.noise_ = {
                "noise_variance": noise_variance(distances, targets[found], targets),
                "target_variance": float(targets.astype(float).var()),
            }
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Share of each class among the neighbours and one row of the overall shares; only for classes.

        Without that row a class that no neighbour has would be impossible, and its log loss endless.
        """
        mixed = self.count_ * self._mean(X) + self.values_.mean(axis=0)
        return np.asarray(mixed / (self.count_ + 1))

    def predict(self, X: Any) -> NDArray[Any]:
        """The class with the most neighbours, or their mean."""
        mean = self._mean(X)
        if self.classes:
            return np.asarray(self.classes_[mean.argmax(axis=1)])
        return np.asarray(mean[:, 0])

    def _mean(self, X: Any) -> Floats:
        _, found = self.search_.kneighbors(X, n_neighbors=min(self.count_, len(self.values_)))
        return np.asarray(self.values_[found].mean(axis=1))

    def _loss(self, mean: Floats) -> float:
        if self.classes:
            return float((mean.argmax(axis=1) != self.values_.argmax(axis=1)).mean())
        return float(((mean - self.values_) ** 2).mean())


def noise_variance(distances: Floats, near: NDArray[Any], targets: NDArray[Any]) -> float:
    """Variance of quantities that no smooth function of the features explains: the Gamma test.

    Half the mean squared difference to the k-th neighbour falls towards the noise variance as the
    neighbour gets near; a line over its mean squared distance is carried on to 0 (Stefansson, Koncar and
    Jones 1997; Evans and Jones 2002).

    Args:
        distances: To the nearest other rows, ascending, shape (n, k).
        near: Their targets, shape (n, k).
        targets: Shape (n,).

    Example:
        >>> random = np.random.default_rng(0)
        >>> x = np.sort(random.uniform(0, 6, 3000))
        >>> y = np.sin(x) + random.normal(0, 0.5, 3000)
        >>> found = NearestNeighbors(n_neighbors=10).fit(x[:, None]).kneighbors()
        >>> round(noise_variance(found[0], y[found[1]], y), 2)
        0.25
    """
    count = min(GAMMA_NEIGHBOURS, distances.shape[1])
    squared = (distances[:, :count].astype(float) ** 2).mean(axis=0)
    halves = 0.5 * ((near[:, :count] - targets[:, None]).astype(float) ** 2).mean(axis=0)
    if count < 3 or np.ptp(squared) <= 1e-12 * max(float(squared.max()), 1e-300):
        return float(halves[0])
    slope, start = np.polyfit(squared, halves, 1)
    return float(min(max(start, 0.0), halves[0])) if slope > 0 else float(halves.mean())


def least_error(one_neighbour_error: float, classes: int) -> float:
    """What no classifier can beat, from the error of one neighbour: the bound of Cover and Hart (1967).

    It holds for endless rows and for these features in this scale; with few rows one neighbour errs more
    often, and the bound is too high.

    Args:
        one_neighbour_error: Share of rows whose nearest other row has another class.
        classes: Number of classes.

    Example:
        >>> round(least_error(0.32, 2), 2), least_error(0.0, 10), round(least_error(0.9, 10), 2)
        (0.2, 0.0, 0.9)
    """
    most = 1 - 1 / classes
    return most * (1 - math.sqrt(max(0.0, 1 - one_neighbour_error / most)))
