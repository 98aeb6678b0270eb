"""Mains hum: peaks that stand still at 50 or 60 Hz and their multiples, all through a file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audio.facts import Hum
from mldiag.data.audio.framing import Floats, Framing, Samples

WINDOW_SECONDS = 2.0
LEAST_SECONDS = 0.8
MOST_WINDOWS = 1500
HIGHEST = 420.0
HARMONICS = 6
FUNDAMENTAL_DB = 25.0
"""From here on the mains alone is enough: voices cover its multiples, but are never so deep and steady."""

PRESENT_IN = 0.25
"""A quantile over the windows: what is loud in fewer than three quarters of them is no hum."""

PROMINENCE_DB = 10.0
FEW_WINDOWS = 3
FEW_PROMINENCE_DB = 14.0
"""With so few windows a note may be held through all: the peaks must stand out more, and be three, or"""

ALONE_DB = 18.0
"""two, where the mains itself, which is below the voices of people, stands out by this."""


class HumFinder:
    """Takes blocks of samples, then tells whether there is hum.

    Args:
        framing: The framing of the file.
        frames: Samples of one channel that the file holds.
    """

    def __init__(self, framing: Framing, frames: int) -> None:
        self._slow = framing.slow
        self._rate = framing.rate / framing.slow
        length = min(WINDOW_SECONDS, frames / framing.rate)
        self._length = int(length * self._rate)
        self._enough = length >= LEAST_SECONDS and self._rate > 2.2 * HIGHEST
        self._step = max(self._length, frames // framing.slow // MOST_WINDOWS) or 1
        self._window = np.hanning(self._length + 1)[:-1]
        self._rest: NDArray[np.float64] = np.empty(0)
        self._skip = 0
        self._found: list[Floats] = []

    def add(self, block: Samples) -> None:
        """The next samples, shape (n, channels); a whole number of frames but for the last."""
        if not self._enough:
            return
        whole = len(block) // self._slow * self._slow
        slow = block[:whole, 0].reshape(-1, self._slow).mean(axis=1, dtype=np.float64)
        if block.shape[1] > 1:
            slow = (slow + block[:whole, 1].reshape(-1, self._slow).mean(axis=1)) / 2
        joined = np.concatenate([self._rest, slow])
        start = self._skip
        while start + self._length <= len(joined):
            piece = joined[start : start + self._length]
            spectrum = np.fft.rfft((piece - piece.mean()) * self._window)
            kept = int(HIGHEST / self._rate * self._length) + 1
            self._found.append(2 * np.square(np.abs(spectrum[:kept]) / self._window.sum()))
            start += self._step
        used = min(start, len(joined))
        self._rest, self._skip = joined[used:], start - used

    def hum(self, loud_db: float) -> Hum | None:
        """The hum, or None.

        Args:
            loud_db: Level of the sound, in dBFS.
        """
        if not self._found:
            return None
        spectrum = np.quantile(np.array(self._found), PRESENT_IN, axis=0)
        few = len(self._found) < FEW_WINDOWS
        found = [h for m in (50, 60) if (h := self._at(spectrum, m, few=few, loud_db=loud_db))]
        return max(found, key=lambda hum: hum.level_db, default=None)

    def _at(self, spectrum: Floats, mains: int, *, few: bool, loud_db: float) -> Hum | None:
        to_bin = self._length / self._rate
        places, power, lowest = [], 0.0, 0.0
        for multiple in range(1, HARMONICS + 1):
            target = mains * multiple
            near = _bins(target - 3.0, target + 3.0, to_bin, len(spectrum))
            if not len(near):
                continue
            top = int(near[np.argmax(spectrum[near])])
            if abs(top / to_bin - target) > 0.55 + 0.1 * multiple + 0.25 / to_bin:
                continue
            gap = max(2.5, 3.0 / to_bin)
            beside = np.concatenate(
                [
                    _bins(target - gap - 8, target - gap, to_bin, len(spectrum)),
                    _bins(target + gap, target + gap + 8, to_bin, len(spectrum)),
                ]
            )
            around = float(np.median(spectrum[beside])) if len(beside) else np.inf
            prominence = 10 * np.log10(max(float(spectrum[top]), 1e-20) / max(around, 1e-18))
            if prominence >= (FEW_PROMINENCE_DB if few else PROMINENCE_DB):
                places.append(target)
                lowest = prominence if multiple == 1 else lowest
                power += float(spectrum[top])
        needed = 2 if not few or lowest >= ALONE_DB else 3
        close = len(places) > 2 or (len(places) == 2 and places[1] <= 4 * mains)
        enough = len(places) >= needed and places[0] <= 2 * mains and close
        enough = enough or (not few and lowest >= FUNDAMENTAL_DB)
        if not enough:
            return None
        return Hum(mains, float(10 * np.log10(power) - loud_db), tuple(places))


def _bins(low: float, high: float, to_bin: float, count: int) -> NDArray[np.int64]:
    return np.arange(max(1, int(np.ceil(low * to_bin))), min(count, int(high * to_bin) + 1))
