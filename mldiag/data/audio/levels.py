"""Levels of frames: how loud the sound is, where it begins and ends, and how long its pauses are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audio.framing import Floats

SILENT_DB = -80.0
"""A file whose frames are all below this level, in dBFS, holds nothing to learn from."""

DIGITAL_DB = -100.0
LOUD_RANGE_DB = 20.0
BELOW_LOUD_DB = 45.0
"""What is so far below the sound of a file is silence in it."""

LOWEST_THRESHOLD_DB = -65.0
ABOVE_NOISE_DB = 6.0
LEAST_CONTRAST_DB = 10.0


def loud_level(levels: Floats) -> float:
    """The level of the sound itself: the upper quartile of the frames near to the loudest ones.

    Pauses, however long, do not count, and two odd frames (a click) are not taken for the sound.

    Args:
        levels: Level of each frame in dBFS.
    """
    ordered = np.sort(levels)[::-1]
    top = ordered[min(len(ordered) - 1, max(2, len(ordered) // 200))]
    return float(np.quantile(levels[levels >= top - LOUD_RANGE_DB], 0.75))


def floor_level(levels: Floats) -> float | None:
    """The 5th percentile of the frames that are not digital silence; None without such frames."""
    heard = levels[levels > DIGITAL_DB]
    return float(np.quantile(heard, 0.05)) if len(heard) else None


def silence_threshold(loud: float, noise_db: float | None) -> float:
    """The level below which a frame counts as silence.

    Args:
        loud: Level of the sound in dBFS.
        noise_db: Level of a steady noise, None without.

    Example:
        >>> silence_threshold(-20.0, None), silence_threshold(-20.0, -50.0), silence_threshold(-20.0, -22.0)
        (-65.0, -44.0, -30.0)
    """
    threshold = max(LOWEST_THRESHOLD_DB, loud - BELOW_LOUD_DB)
    if noise_db is not None:
        threshold = max(threshold, noise_db + ABOVE_NOISE_DB)
    return min(threshold, loud - LEAST_CONTRAST_DB)


@dataclass(frozen=True, slots=True)
class Pauses:
    """Leading, trailing and longest inner silence, and where the latter begins, in frames."""

    leading: int
    trailing: int
    longest: int
    longest_start: int


def pauses(levels: Floats, threshold: float) -> Pauses:
    """Where the frames are below a threshold; single frames above it (clicks) are not the sound.

    Example:
        >>> pauses(np.array([-90.0, -90, -20, -20, -90, -20, -20, -90]), -60.0)
        Pauses(leading=2, trailing=1, longest=1, longest_start=4)
    """
    active = levels > threshold
    beside = np.zeros_like(active)
    beside[1:] |= active[:-1]
    beside[:-1] |= active[1:]
    places = np.flatnonzero(active & beside)
    if not len(places):
        places = np.flatnonzero(active)
    if not len(places):
        return Pauses(len(levels), 0, 0, 0)
    gaps = np.diff(places) - 1
    longest = int(np.argmax(gaps)) if len(gaps) else 0
    return Pauses(
        int(places[0]),
        len(levels) - 1 - int(places[-1]),
        int(gaps[longest]) if len(gaps) else 0,
        int(places[longest]) + 1 if len(gaps) else 0,
    )


def signal_to_noise(levels: Floats, loud: float, noise_power: float | None) -> float | None:
    """Decibels of the sound over a steady noise; None without noise.

    Args:
        levels: Level of each frame in dBFS.
        loud: Level of the sound in dBFS.
        noise_power: Mean square of the noise.
    """
    if noise_power is None or noise_power <= 0:
        return None
    active: NDArray[np.bool_] = levels >= loud - LEAST_CONTRAST_DB
    power = float(np.mean(10.0 ** (levels[active] / 10))) - noise_power
    return float(10 * np.log10(max(power, 1e-3 * noise_power) / noise_power))
