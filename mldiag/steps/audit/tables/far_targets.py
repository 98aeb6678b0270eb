"""How far the values of a quantity lie from what a probe predicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mldiag.steps.audit.tables.probe_model import Probe


def local_spread(predicted: NDArray[np.float64], gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Robust standard deviation of the residuals among rows predicted alike, shape (n,)."""
    order = np.argsort(predicted, kind="stable")
    spread = np.empty(len(gaps))
    for part in np.array_split(order, max(1, min(10, len(order) // 50))):
        spread[part] = 1.4826 * np.median(gaps[part])
    whole = 1.4826 * float(np.median(gaps))
    return np.asarray(np.maximum(spread, max(0.5 * whole, 1e-9)))


def median_skill(probe: Probe) -> float:
    """Share of the median error of a guess that the best learner removes: few wrong values do not move it."""
    guess = float(np.median(np.abs(probe.target - np.median(probe.target))))
    left = min(float(np.median(probe.absolute_errors(name))) for name in probe.families)
    return 1 - left / guess if guess > 0 else 0.0
