"""How a waveform is cut into frames, so that every measure of it agrees on the pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]

FRAME_SECONDS = 0.02
SLOW_RATE = 2000
"""Hum is looked for in the mean of so many samples a second as are near to this rate."""

BLOCK_SAMPLES = 1 << 18
QUIET_DB = -120.0
"""Level given to frames without any sound, in dBFS."""


@dataclass(frozen=True, slots=True)
class Framing:
    """Lengths in samples of one channel.

    Args:
        rate: Samples a second.
        slow: So many samples are averaged to one for the search for hum.
        frame: Of a frame of about 20 ms.
        block: Of a piece that is read at once: a multiple of five frames.
    """

    rate: int
    slow: int
    frame: int
    block: int

    @property
    def frame_seconds(self) -> float:
        """Length of a frame in seconds."""
        return self.frame / self.rate


def framing(rate: int, channels: int) -> Framing:
    """The framing of a file.

    Example:
        >>> framing(16000, 1)
        Framing(rate=16000, slow=8, frame=320, block=260800)
    """
    slow = max(1, rate // SLOW_RATE)
    frame = slow * max(8, round(FRAME_SECONDS * rate / slow))
    group = 5 * frame
    return Framing(rate, slow, frame, group * max(1, BLOCK_SAMPLES // max(channels, 1) // group))


def decibels(power: Floats) -> Floats:
    """Power to decibels of full scale, never below `QUIET_DB`.

    Example:
        >>> decibels(np.array([1.0, 0.01, 0.0])).tolist()
        [0.0, -20.0, -120.0]
    """
    floor = 10.0 ** (QUIET_DB / 10)
    found: Floats = 10.0 * np.log10(np.maximum(power, floor))
    return found


def frame_sums(block: Samples, framing: Framing) -> tuple[Floats, Floats]:
    """Mean of each channel and mean power without the mean, by frame.

    Args:
        block: Samples, shape (n, channels); n is a multiple of the frame but for the last block, whose
            rest is left out unless it is all there is.
        framing: The framing.

    Returns:
        Means, shape (frames, channels), and power over all channels, shape (frames,).
    """
    length = min(framing.frame, len(block))
    count = len(block) // length
    frames = block[: count * length].reshape(count, length, block.shape[1])
    means = frames.mean(axis=1, dtype=np.float32)
    centred = frames - means[:, None, :]
    power = np.einsum("ftc,ftc->f", centred, centred) / (length * block.shape[1])
    return means.astype(np.float64), power.astype(np.float64)
