"""Spectra of frames spread over a file: where its content ends, and what its quietest frames are like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audio.framing import Floats, Framing, Samples

MOST_FRAMES = 1200
"""So many frames are enough for a mean spectrum within 0.2 dB; a longer file is sampled evenly."""

LOWEST_CUTOFF = 1700.0
"""Below it a cliff in the spectrum is more likely an instrument than a rate."""

HIGHEST_CUTOFF = 0.75
"""Cliffs above this share of the Nyquist frequency belong to filters of converters and coders."""

LEAST_DROP_DB = 22.0
MOST_DECAY_DB = 14.0
MOST_SPREAD_DB = 16.0
CLIFF = (0.94, 1.09)
"""A cliff lies between these multiples of its frequency: resamplers fall off over a tenth of it or less."""

SMOOTHED = 0.012
"""Spectra are smoothed over this share of the Nyquist frequency before cliffs are looked for."""

LEAST_QUIET = 6
QUIET_SHARE = 0.1
LEAST_FLATNESS = 0.72
NOISE_VARIES = (0.7, 1.4)
"""Standard deviation over mean of a noise's power at one frequency is 1; these leave room for few frames."""


class SpectrumSampler:
    """Takes blocks of samples, then tells the spectra of frames that are spread over them.

    Args:
        framing: The framing of the file.
        frames: Samples of one channel that the file holds.
    """

    def __init__(self, framing: Framing, frames: int) -> None:
        self.length = 1 << max(5, round(np.log2(max(0.025 * framing.rate, 32))))
        self._window = np.hanning(self.length + 1)[:-1].astype(np.float32)
        self._stride = max(self.length // 2, -(-frames // MOST_FRAMES))
        self._next = 0
        self._seen = 0
        self._found: list[NDArray[np.float32]] = []
        self.rate = framing.rate

    def add(self, block: Samples) -> None:
        """The next samples, shape (n, channels)."""
        first = self._next - self._seen
        starts = np.arange(first, len(block) - self.length + 1, self._stride)
        if len(starts):
            from scipy.fft import rfft

            pieces = block[starts[:, None] + np.arange(self.length)]
            pieces = (pieces - pieces.mean(axis=1, keepdims=True)) * self._window[None, :, None]
            power = np.square(np.abs(rfft(pieces, axis=1))).mean(axis=2)
            scale = 2.0 / float(np.square(self._window).sum()) / self.length
            self._found.append((power * scale).astype(np.float32))
            self._next = self._seen + int(starts[-1]) + self._stride
        self._seen += len(block)
        self._next = max(self._next, self._seen)

    def spectra(self) -> Floats:
        """Power by frame and frequency, shape (frames, bins); a row sums to the power of its frame."""
        if not self._found:
            return np.empty((0, self.length // 2 + 1))
        return np.concatenate(self._found).astype(np.float64)


def cutoff(spectra: Floats, rate: int) -> float | None:
    """The frequency of a cliff beyond which there is nothing but a flat floor.

    What was once sampled at a lower rate ends at half of that rate however high its rate is now; music and
    speech alone fade.

    Args:
        spectra: Power, shape (frames, bins).
        rate: Samples a second.

    Returns:
        Hertz; None where the spectrum fades, or reaches far enough.
    """
    if len(spectra) < LEAST_QUIET:
        return None
    mean = spectra.mean(axis=0)
    bins = len(mean)
    half = max(1, round(SMOOTHED * bins / 2))
    smooth = 10 * np.log10(
        np.maximum(np.convolve(mean, np.ones(2 * half + 1) / (2 * half + 1), "same"), 1e-16)
    )
    smooth = smooth[: int(0.97 * bins)]  # the last bins carry the edge of the smoothing
    to_bin = 2.0 * (bins - 1) / rate
    candidates = np.arange(int(LOWEST_CUTOFF * to_bin), int(0.97 * bins), dtype=np.int64)
    highest_above = np.maximum.accumulate(smooth[::-1])[::-1]
    sums = np.concatenate([[0.0], np.cumsum(smooth)])

    def mean_of(low: float, high: float) -> Floats:
        a, b = (candidates * low).astype(int), (candidates * high).astype(int)
        found: Floats = (sums[b] - sums[a]) / np.maximum(b - a, 1)
        return found

    above = (candidates * CLIFF[1]).astype(int) + half
    inside = (above < len(smooth) - 4) & (candidates > 12)
    if not inside.any():
        return None
    beyond = np.full(len(candidates), np.inf)
    beyond[inside] = highest_above[above[inside]]
    below = mean_of(0.8, CLIFF[0] - 0.01)
    drop = below - beyond
    drop[mean_of(0.62, 0.74) - below > MOST_DECAY_DB] = -np.inf
    best = int(np.argmax(drop))
    if not drop[best] >= LEAST_DROP_DB:
        return None
    rest = smooth[above[best] :]
    halfway = (below[best] + beyond[best]) / 2
    edge = int(np.flatnonzero(smooth >= halfway)[-1])
    if float(rest.max() - np.quantile(rest, 0.05)) > MOST_SPREAD_DB or edge > HIGHEST_CUTOFF * bins:
        return None
    return float(edge / to_bin)


def steady_noise(spectra: Floats, rate: int, highest: float | None = None) -> float | None:
    """Mean power of the quietest frames, where these are noise: smooth in frequency, steady in level.

    Tones, voices and decays have peaks in every narrow band, a noise averaged over frames has not: the
    geometric mean of the power within a narrow band is then near to the arithmetic one (spectral flatness,
    Gray and Markel 1974, here by band). Low tones fall into one band together, but they stand still: the
    power of a noise at one frequency varies from frame to frame as much as it is large (exponential).

    Args:
        spectra: Power, shape (frames, bins).
        rate: Samples a second.
        highest: Where the content ends, in hertz.

    Returns:
        None where there are too few frames, or the quietest ones are no noise.
    """
    power = spectra.sum(axis=1)
    heard = np.flatnonzero(power > 1e-9)
    if len(heard) < 3 * LEAST_QUIET:
        return None
    order = heard[np.argsort(power[heard])]
    count = max(LEAST_QUIET, int(QUIET_SHARE * len(order)))
    quiet = order[:count]
    levels = 10 * np.log10(power[quiet])
    if float(levels[-1] - np.quantile(levels, 0.1)) > 5.0:
        return None
    mean = spectra[quiet].mean(axis=0)
    limit = min(0.95, 0.9 * (highest or rate) * 2 / rate)
    first, last = max(2, int(150 * 2 / rate * len(mean))), int(limit * len(mean))
    mean, width = mean[first:last], 8
    if len(mean) < 2 * width:
        return None
    bands = np.maximum(mean[: len(mean) // width * width].reshape(-1, width), 1e-18)
    arithmetic = bands.mean(axis=1)
    flatness = np.exp(np.log(bands).mean(axis=1)) / arithmetic
    weighted = float((flatness * arithmetic).sum() / arithmetic.sum())
    if min(weighted, float(np.median(flatness))) < LEAST_FLATNESS:
        return None
    inside = spectra[quiet][:, first:last]
    varies = inside.std(axis=0, ddof=1) / np.maximum(mean, 1e-18)
    usual = float((varies * mean).sum() / mean.sum())
    return float(power[quiet].mean()) if NOISE_VARIES[0] < usual < NOISE_VARIES[1] else None
