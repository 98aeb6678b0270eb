"""Integrated loudness after ITU-R BS.1770-4, as a stream: a file of any length, in little memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audio.framing import Floats, Framing
from mldiag.data.audio.libraries import load

ABSOLUTE_GATE = -70.0
RELATIVE_GATE = -10.0
OFFSET = -0.691
"""Of the standard: it makes a sine of 997 Hz at full scale in one channel read -3.01."""

SURROUND_WEIGHT = 1.41
PARTS = 4
"""Parts of 100 ms in a gating block of 400 ms, which steps on by one part."""

LOWEST_RATE = 4000
"""The standard's shelf filter ends at 1.5 kHz: below this rate loudness is not defined."""


class LoudnessMeter:
    """Takes blocks of samples one after the other, then tells the loudness.

    The two filters of the standard come from pyloudnorm, for any rate.

    Args:
        framing: The framing of the file.
        channels: Its channels; the fourth and fifth count as surround.

    Raises:
        MldiagError: pyloudnorm is not installed.
    """

    def __init__(self, framing: Framing, channels: int) -> None:
        self._part = 5 * framing.frame
        weights = np.ones(channels)
        weights[3:5] = SURROUND_WEIGHT
        self._weights = weights
        self._powers: list[Floats] = []
        self._sections: NDArray[np.float64] | None = None
        if framing.rate < LOWEST_RATE:
            return
        from scipy.signal import sosfilt_zi

        filters = load("pyloudnorm").IIRfilter
        shelf = filters(4.0, 1 / np.sqrt(2), 1500.0, framing.rate, "high_shelf")
        high_pass = filters(0.0, 0.5, 38.0, framing.rate, "high_pass")
        self._sections = np.array([np.concatenate([f.b, f.a]) for f in (shelf, high_pass)])
        self._state = np.zeros((*sosfilt_zi(self._sections).shape, channels))

    def add(self, block: NDArray[Any]) -> None:
        """The next samples, shape (n, channels)."""
        if self._sections is None:
            return
        from scipy.signal import sosfilt

        weighted, self._state = sosfilt(self._sections, block, axis=0, zi=self._state)
        whole = len(weighted) // self._part * self._part
        pieces = [weighted[:whole].reshape(-1, self._part, weighted.shape[1])]
        if not self._powers and not whole:
            pieces = [weighted[None]]
        for piece in pieces:
            if piece.shape[0]:
                self._powers.append(
                    np.einsum("ptc,ptc,c->p", piece, piece, self._weights) / piece.shape[1]
                )

    def loudness(self) -> float | None:
        """Integrated loudness in LUFS; None for silence. Of less than 400 ms, the level of what there is."""
        if not self._powers:
            return None
        parts = np.concatenate(self._powers)
        width = min(PARTS, len(parts))
        sums = np.cumsum(np.concatenate([[0.0], parts]))
        blocks = np.maximum((sums[width:] - sums[:-width]) / width, 0.0)
        heard = blocks[_lufs(blocks) >= ABSOLUTE_GATE]
        if not len(heard):
            return None
        gate = _lufs(heard.mean()) + RELATIVE_GATE
        kept = heard[_lufs(heard) > gate]
        return float(_lufs(kept.mean())) if len(kept) else None


def _lufs(power: Any) -> Any:
    return OFFSET + 10.0 * np.log10(np.maximum(power, 1e-20))
