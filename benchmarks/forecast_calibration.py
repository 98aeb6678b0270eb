"""How wide the forecast's intervals have to be: conformal factors from cross-fitted outputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from forecast_data import HALF_DOUBLINGS
from numpy.typing import NDArray
from scipy.special import stdtrit

from mldiag.steps.learning_curve.forecasting.network import KNOTS, Layers, split
from mldiag.steps.learning_curve.forecasting.outlook import TAIL_FREEDOM

Floats = NDArray[np.float64]

COVERAGE = 0.81
"""Aimed at by the factors: a little over the 80 % stated, since other curves are harder."""


def knot_weights() -> Floats:
    """From values at the knots to values at `HALF_DOUBLINGS`, shape (targets, knots)."""
    return np.stack([np.interp(HALF_DOUBLINGS, KNOTS, row) for row in np.eye(len(KNOTS))], axis=1)


def ratios(out: Floats, truth: Floats, *, gain: bool) -> Floats:
    """Error over the width of its side, at every target: below 1 where the interval holds the truth."""
    knots = knot_weights()
    middle, below, above, gain_below, gain_above = (part @ knots.T for part in split(out))
    error = truth - middle
    if gain:
        error, below, above = error - error[:, :1], gain_below, gain_above
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(error < 0, -error / below, error / above)


def weighted_quantile(values: Floats, weight: Floats, probability: float) -> float:
    """The smallest value with this share of the weight at or below it."""
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, probability * total[-1])])


def conformal(out: Floats, truth: Floats, weight: Floats, *, gain: bool) -> Floats:
    """Factor of the widths by knot, such that cross-fitted intervals hold the aimed share of the truths."""
    ratio = ratios(out, truth, gain=gain)
    factors = []
    for knot in KNOTS:
        target = int(2 * knot)
        found = np.isfinite(ratio[:, target]) & (weight > 0)
        if gain and target == 0:
            factors.append(1.0)
            continue
        factors.append(weighted_quantile(ratio[found, target], weight[found], COVERAGE))
    return np.array(factors)


def calibrated(layers: Layers, out: Floats, truth: Floats, weights: list[Floats]) -> Layers:
    """The same networks with the factors that every one of these weightings needs at least.

    Args:
        layers: The networks.
        out: Cross-fitted outputs, shape (N, OUTPUTS).
        truth: Truths, shape (N, targets).
        weights: Weights of the examples, shape (N,) each.
    """
    level, gain = (
        np.max([conformal(out, truth, weight, gain=of_gain) for weight in weights], axis=0)
        for of_gain in (False, True)
    )
    return replace(layers, level_factor=level, gain_factor=gain)


def print_widths(name: str, out: Floats, truth: Floats, weight: Floats) -> None:
    """Conformal factors, and the shape of the errors at 2x, which `TAIL_FREEDOM` stands for."""
    level, gain = (conformal(out, truth, weight, gain=g) for g in (False, True))
    ratio = ratios(out, truth, gain=False)[:, 2]
    kept = np.isfinite(ratio) & (weight > 0)
    shares = (0.5, 0.8, 0.9, 0.95, 0.98)
    quantiles = [weighted_quantile(ratio[kept], weight[kept], share) for share in shares]
    shape = "  ".join(f"{q / quantiles[1]:.2f}" for q in quantiles)
    student = "  ".join(
        f"{stdtrit(TAIL_FREEDOM, (1 + share) / 2) / stdtrit(TAIL_FREEDOM, 0.9):.2f}"
        for share in shares
    )
    print(f"{name}\n  factors of scores by knot {level.round(2)}, of gains {gain.round(2)}")
    print(f"  error over width at 50 80 90 95 98 %: {shape}   (t: {student})", flush=True)
