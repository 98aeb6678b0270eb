"""How the weights move: how fast, how far, how straight; what the rates and update checks share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.steps.probe.signals import Signals

EARLY = 12
"""Sampled steps that count as early."""


@dataclass(frozen=True)
class Motion:
    """Numbers of the movement of the weight matrices; powers of ten where so named, NaN where not measured.

    Args:
        early: Largest over the early steps of the median over matrices of update over weight, power of ten.
        early_any: The same of the fastest matrix.
        late: Median over matrices and the second half of update over weight, power of ten.
        travel: Distance from the start over the length of the start.
        straight: Distance from the start over the length of the way taken; 1 is a straight line.
        agreement: The same in the second half.
        gradient: Median gradient over weight, power of ten.
        grown: Largest growth of a matrix's length, as a factor.
        shrunk: Median over matrices of last over first length.
    """

    early: float
    early_any: float
    late: float
    travel: float
    straight: float
    agreement: float
    gradient: float
    grown: float
    shrunk: float


def motion_of(signals: Signals) -> Motion:
    """Work out how the weights moved.

    Args:
        signals: Numbers of the recording.
    """
    with np.errstate(all="ignore"):
        ratios = np.log10(signals.ratios + 1e-15)
        ratios = np.where(np.isfinite(ratios), ratios, np.nan)
    ratios = _without_those_from_zero(ratios, signals)
    agreement = _agreement(signals.recording.series("window/0"))
    travel, straight = _travel(signals.recording.series("travel/0"))
    grown, shrunk = _lengths(signals.of_matrices("weight/norm"))
    head = ratios[1:EARLY] if len(ratios) > 2 else ratios
    return Motion(
        early=_most(_medians(head)),
        early_any=_most(head.reshape(-1)),
        late=_middle(ratios[len(ratios) // 2 :].reshape(-1)),
        travel=travel,
        straight=straight,
        agreement=agreement,
        gradient=_middle(signals.relative_gradients.reshape(-1)),
        grown=grown,
        shrunk=shrunk,
    )


def _without_those_from_zero(ratios: NDArray[np.float64], signals: Signals) -> NDArray[np.float64]:
    """Update over weight says nothing of the rate where the weights began at zero: any rate doubles them."""
    start = signals.recording.series("travel/0")
    if start.ndim == 2 and len(start) and start[0, 1] == 0:
        return np.full_like(ratios, np.nan)
    lengths = signals.of_matrices("weight/norm")
    if ratios.ndim == 2 and lengths.ndim == 2 and lengths.shape == ratios.shape and len(lengths):
        return np.where(lengths[0] == 0, np.nan, ratios)
    return ratios


def _medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = [row[np.isfinite(row)] for row in values]
    return np.array([np.median(row) if row.size else np.nan for row in rows])


def _most(values: NDArray[np.float64]) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.max()) if kept.size else math.nan


def _middle(values: NDArray[np.float64]) -> float:
    kept = values[np.isfinite(values)]
    return float(np.median(kept)) if kept.size else math.nan


def _agreement(windows: NDArray[np.float64]) -> float:
    """Median cosine of the first two gradients of each window, over the second half of the windows."""
    if windows.ndim != 3:
        return math.nan
    windows = np.asarray(windows, float)[np.isfinite(windows).all(axis=(1, 2))]
    if not len(windows):
        return math.nan
    lengths = np.sqrt(np.abs(np.einsum("nii->ni", windows)))
    product = lengths[:, 0] * lengths[:, 2]
    cosines = np.where(product > 0, windows[:, 0, 2] / np.maximum(product, 1e-300), np.nan)
    return _middle(cosines[len(cosines) // 2 :])


def _travel(rows: NDArray[np.float64]) -> tuple[float, float]:
    if rows.ndim != 2 or not len(rows):
        return math.nan, math.nan
    rows = np.asarray(rows, float)[np.isfinite(rows).all(axis=1)]
    if not len(rows) or rows[-1, 1] <= 0:
        return math.nan, math.nan
    way = float(rows[:, 2].sum())
    return float(rows[-1, 0] / rows[-1, 1]), float(rows[-1, 0] / way) if way > 0 else math.nan


def _lengths(weights: NDArray[np.float64]) -> tuple[float, float]:
    if not len(weights):
        return math.nan, math.nan
    first, last = weights[0], weights[-1]
    kept = np.isfinite(first) & np.isfinite(last) & (first > 0)
    if not kept.any():
        return math.nan, math.nan
    change = last[kept] / first[kept]
    return float(change.max()), float(np.median(change))
