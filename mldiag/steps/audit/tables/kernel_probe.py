"""Kernel least squares on landmarks: a smooth learner whose leave-one-out predictions cost one fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LANDMARKS = 800
WIDTHS = (0.03, 0.1, 0.3, 1.0, 3.0)
"""Widths of the kernel that are tried, over the number of columns."""
TRIED_ROWS = 500
"""Rows on which the width is chosen."""
RIDGES = tuple(float(ridge) for ridge in np.geomspace(1e-3, 30, 10))
CHUNK = 4_000


@dataclass(frozen=True, eq=False)
class KernelFit:
    """A fitted kernel model.

    Args:
        left_out: Predictions of the training rows, each without its own target, shape (n, outputs).
        error: Mean squared error of these.
        landmarks: Shape (m, d).
        width: Of the kernel.
        weights: Shape (m, outputs).
        mean: Of the targets, shape (outputs,).
    """

    left_out: Floats
    error: float
    landmarks: Floats
    width: float
    weights: Floats
    mean: Floats

    def predict(self, X: Floats) -> Floats:
        """Predictions for other rows, shape (k, outputs)."""
        parts = [
            kernel(X[start : start + CHUNK], self.landmarks, self.width) @ self.weights
            for start in range(0, len(X), CHUNK)
        ]
        return np.concatenate(parts) + self.mean if parts else np.empty((0, len(self.mean)))


def kernel(X: Floats, Z: Floats, width: float) -> Floats:
    """Gaussian kernel of rows with rows, shape (len(X), len(Z))."""
    squared = (X * X).sum(axis=1)[:, None] + (Z * Z).sum(axis=1)[None, :] - 2 * (X @ Z.T)
    np.maximum(squared, 0, out=squared)
    squared *= -width
    return np.asarray(np.exp(squared, out=squared))


def fit_kernel(X: Floats, Y: Floats, *, seed: int, width: float | None = None) -> KernelFit:
    """Regularised least squares on Gaussian kernels of random landmarks.

    Width and ridge are those of the least leave-one-out error, which for least squares follows from the
    hat matrix (Allen 1974, PRESS): no row has seen its own target.

    Args:
        X: Standardised features, shape (n, d).
        Y: Targets, one column an output, shape (n, outputs).
        seed: Which rows are landmarks.
        width: Of the kernel; None to choose it.

    Example:
        >>> x = np.linspace(-2, 2, 60)[:, None]
        >>> fit_kernel(x, np.sin(x), seed=0).error < 0.01
        True
    """
    random = np.random.default_rng([7, seed])
    if width is None:
        some = np.sort(random.permutation(len(X))[:TRIED_ROWS])
        unit = 1.0 / _mean_distance(X[some])
        tried = [_fit(X[some], Y[some], unit * w, len(some)) for w in WIDTHS]
        width = min(tried, key=lambda fit: fit.error).width
        if len(X) <= TRIED_ROWS:
            return min(tried, key=lambda fit: fit.error)
    order = random.permutation(len(X))
    return _fit(X, Y, width, LANDMARKS, order)


def _mean_distance(X: Floats) -> float:
    """Half of the mean squared distance of two rows: the number of columns, where all are standardised."""
    return max(float(X.var(axis=0).sum()), 1e-12)


def _fit(
    X: Floats, Y: Floats, width: float, most: int, order: NDArray[np.intp] | None = None
) -> KernelFit:
    Z = X if len(X) <= most or order is None else X[np.sort(order[:most])]
    mean = Y.mean(axis=0)
    centred = Y - mean
    values, vectors = np.linalg.eigh(kernel(Z, Z, width))
    kept = values > 1e-9 * values[-1]
    whiten = vectors[:, kept] / np.sqrt(values[kept])
    features = kernel(X, Z, width) @ whiten
    squares, turn = np.linalg.eigh(features.T @ features)
    squares = np.maximum(squares, 0)
    turned = features @ turn
    answers = turned.T @ centred
    best: tuple[float, Floats, Floats] | None = None
    leverages = turned * turned
    for ridge in RIDGES:
        inner = answers / (squares + ridge)[:, None]
        leverage = leverages @ (1 / (squares + ridge))
        left_out = centred - (centred - turned @ inner) / np.maximum(1 - leverage, 1e-6)[:, None]
        error = float(((left_out - centred) ** 2).mean())
        if best is None or error < best[0]:
            best = (error, left_out, inner)
    assert best is not None
    return KernelFit(best[1] + mean, best[0], Z, width, whiten @ (turn @ best[2]), mean)
