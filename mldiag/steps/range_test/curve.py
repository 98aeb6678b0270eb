"""One range test as numbers: where the loss begins to fall, falls fastest, is lowest, and breaks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """How a curve is read.

    Args:
        window: Standard deviation of the smoothing, in decades of the learning rate.
        begun: Share of the whole fall after which the loss has begun to fall.
        lost: Share of the whole fall that is lost again where training breaks.
        noises: The whole fall must be so many standard errors of the smoothed noise, else the loss does
            not fall at all.
        fewest: Steps below which nothing is read.
    """

    window: float = 0.12
    begun: float = 0.1
    lost: float = 0.3
    noises: float = 6.0
    fewest: int = 20


READING = Reading()


@dataclass(frozen=True, eq=False)
class RangeCurve:
    """What one seed's range test says.

    Args:
        seed: Number of the repeat.
        rates: Learning rate of each step with a loss, shape (S,).
        losses: Loss of each step before it was taken, shape (S,).
        smooth: The same, smoothed, shape (S,).
        begins: Rate at which the loss begins to fall; NaN where it never does.
        steepest: Rate at which it falls fastest; NaN likewise.
        lowest: Rate at which the smoothed loss is lowest; NaN likewise.
        breaks: Rate at which it has climbed again, or left its range; NaN where it does not.
        last: The last rate tried.
    """

    seed: int
    rates: Floats
    losses: Floats
    smooth: Floats
    begins: float
    steepest: float
    lowest: float
    breaks: float
    last: float

    @property
    def falls(self) -> bool:
        """Whether the loss falls anywhere by more than its noise."""
        return math.isfinite(self.steepest)


def read_curve(
    history: Sequence[tuple[int, Mapping[str, float]]], *, seed: int = 0
) -> RangeCurve | None:
    """Read the record of a range test.

    The loss is smoothed over the logarithm of the rate, its level before it falls is the median of the
    first sixth, and the points are where the smoothed loss crosses a share of the whole fall.

    Args:
        history: `(step, {"lr", "loss", "gradient_norm", "broken"})`, in order.
        seed: Number of the repeat.

    Returns:
        The curve; None where there are too few steps with a loss.

    Example:
        >>> rates = np.geomspace(1e-4, 10, 100)
        >>> losses = 2 - 1.5 / (1 + (0.01 / rates) ** 2) + (rates / 1.0) ** 3
        >>> curve = read_curve([(i, {"lr": r, "loss": v}) for i, (r, v) in enumerate(zip(rates, losses))])
        >>> bool(0.002 < curve.begins < 0.006 < curve.steepest < 0.02), bool(0.5 < curve.breaks < 1.2)
        (True, True)
    """
    seen = [values for _, values in history if "loss" in values]
    if len(seen) < READING.fewest:
        return None
    rates = np.array([values["lr"] for values in seen])
    losses = np.array([values["loss"] for values in seen])
    broken = any("broken" in values for _, values in history)
    last = float(history[-1][1]["lr"])
    log_rates = np.log10(rates)
    first = max(5, len(losses) // 6)
    level = float(np.median(losses[:first]))
    # a wild loss at the end must not reach back into the smoothed ones before it
    capped = np.minimum(losses, level + 2 * max(level - float(losses.min()), 1e-12))
    smooth, support = smoothed(log_rates, capped)
    bottom = int(np.argmin(smooth))
    fall = level - float(smooth[bottom])
    noise = _noise(losses[:first])
    if not fall > READING.noises * noise / math.sqrt(support):
        nothing = (math.nan,) * 4
        return RangeCurve(seed, rates, losses, smooth, *nothing, last)
    above = np.flatnonzero(smooth[: bottom + 1] >= level - READING.begun * fall)
    begins = int(above[-1]) if above.size else 0
    slope = np.gradient(smooth, log_rates)
    steepest = begins + int(np.argmin(slope[begins : bottom + 1]))
    turned = np.flatnonzero(smooth[bottom:] > smooth[bottom] + READING.lost * fall)
    breaks = float(rates[bottom + turned[0]]) if turned.size else last if broken else math.nan
    return RangeCurve(
        seed, rates, losses, smooth, float(rates[begins]), float(rates[steepest]), float(rates[bottom]),
        breaks, last,
    )  # fmt: skip


def smoothed(log_rates: Floats, losses: Floats) -> tuple[Floats, float]:
    """A running mean with normal weights over the logarithm of the rate, and how many steps it averages.

    Example:
        >>> values, steps = smoothed(np.linspace(0, 1, 21), np.ones(21))
        >>> values.round(6).tolist() == [1.0] * 21, steps > 3
        (True, True)
    """
    spacing = (log_rates[-1] - log_rates[0]) / max(len(log_rates) - 1, 1)
    width = max(READING.window, 1.2 * spacing)  # a short ramp has few steps in a decade
    weights = np.exp(-0.5 * ((log_rates[:, None] - log_rates[None, :]) / width) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ losses, float(1 / (weights**2).sum(axis=1).max())


def _noise(losses: Floats) -> float:
    """Standard deviation of one loss before it falls, from neighbours, so that no slope counts in."""
    gaps = np.diff(losses)
    return float(np.median(np.abs(gaps))) / 0.6745 / math.sqrt(2)
