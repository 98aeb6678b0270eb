"""Calibration in numbers: its error, what chance makes of it, and one factor that mends it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

MOST_BINS = 15
"""Bins of equal numbers of rows, as Guo et al. (2017) take 15; fewer where a bin would hold under 20 rows."""

BIN_ROWS = 20

DRAWS = 300
"""Draws of what a calibrated model would show."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """How far confidence and accuracy are apart.

    Args:
        error: Expected calibration error, in shares of rows.
        chance: Its mean for a calibrated model with the same confidences: never 0.
        p_value: Of an error this large or larger for a calibrated model.
        confidence: Mean of each bin, shape (B,).
        accuracy: Of each bin, shape (B,).
        low: 5 % quantile of each bin's accuracy for a calibrated model, shape (B,).
        high: 95 % quantile, shape (B,).
    """

    error: float
    chance: float
    p_value: float
    confidence: Floats
    accuracy: Floats
    low: Floats
    high: Floats

    @property
    def excess(self) -> float:
        """The error above that of a calibrated model."""
        return max(self.error - self.chance, 0.0)


def calibration(confidence: Floats, right: Mask, *, seed: int = 0) -> Calibration:
    """Measure it in bins of equal numbers of rows against consistency resampling.

    Bins of few rows deviate by chance, so that the error of a perfectly calibrated model is above 0; what it
    would be is drawn (Bröcker and Smith 2007, Increasing the reliability of reliability diagrams).

    Args:
        confidence: Probability of what was predicted, shape (n,).
        right: Whether it was right, shape (n,).
        seed: Of the draws.

    Example:
        >>> random = np.random.default_rng(0)
        >>> sure = random.uniform(0.5, 1.0, 2000)
        >>> honest = calibration(sure, random.random(2000) < sure)
        >>> boasting = calibration(sure, random.random(2000) < sure - 0.2)
        >>> honest.p_value > 0.05, round(honest.excess, 2), boasting.p_value < 0.01, round(boasting.excess, 1)
        (True, 0.0, True, 0.2)
    """
    n = len(confidence)
    order = np.argsort(confidence, kind="stable")
    bins = int(np.clip(n // BIN_ROWS, 1, MOST_BINS))
    edges = np.linspace(0, n, bins + 1).astype(int)
    sizes = np.diff(edges).astype(float)
    sure = confidence[order]
    means = np.add.reduceat(sure, edges[:-1]) / sizes
    hits = np.add.reduceat(right[order].astype(float), edges[:-1]) / sizes
    random = np.random.default_rng(seed)
    drawn = (random.random((DRAWS, n)) < sure).astype(float)
    made = np.add.reduceat(drawn, edges[:-1], axis=1) / sizes
    errors = np.abs(made - means) @ sizes / n
    error = float(np.abs(hits - means) @ sizes / n)
    p_value = (1 + int((errors >= error).sum())) / (1 + DRAWS)
    low, high = np.quantile(made, [0.05, 0.95], axis=0)
    return Calibration(error, float(errors.mean()), p_value, means, hits, low, high)


def tempered(probabilities: Floats, temperature: float) -> Floats:
    """Probabilities of logits divided by the temperature, shape (n, K).

    Example:
        >>> tempered(np.array([[0.9, 0.1]]), 2.0).round(2).tolist()
        [[0.75, 0.25]]
    """
    logs = np.log(probabilities) / temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def best_temperature(probabilities: Floats, targets: Whole) -> float:
    """The temperature with the smallest negative log likelihood (Guo et al. 2017), from 1/8 to 16.

    Args:
        probabilities: Shape (n, K), none of them 0.
        targets: Shape (n,).

    Example:
        >>> random = np.random.default_rng(0)
        >>> logits = random.normal(0, 2, (3000, 2))
        >>> chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        >>> truth = (random.random(3000) < chances[:, 1]).astype(int)
        >>> sharpened = tempered(chances, 0.5)
        >>> 1.8 < best_temperature(sharpened, truth) < 2.2
        True
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log: row_losses(probabilities, targets, float(np.exp(log))).mean(),
        bounds=(np.log(1 / 8), np.log(16.0)), method="bounded", options={"xatol": 1e-3},
    )  # fmt: skip
    return float(np.exp(found.x))


def row_losses(probabilities: Floats, targets: Whole, temperature: float = 1.0) -> Floats:
    """Negative log likelihood of each row at that temperature, shape (n,)."""
    chances = tempered(probabilities, temperature)[np.arange(len(targets)), targets]
    return np.asarray(-np.log(np.maximum(chances, 1e-300)))
