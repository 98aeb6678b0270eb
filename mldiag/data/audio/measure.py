"""One pass over a waveform: everything that the checks want to know of it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audio.companding import ValueFinder
from mldiag.data.audio.facts import Channels, Levels, Silence, Sound
from mldiag.data.audio.framing import Floats, Framing, Samples, decibels, frame_sums
from mldiag.data.audio.hum import HumFinder
from mldiag.data.audio.levels import (
    SILENT_DB,
    floor_level,
    loud_level,
    pauses,
    signal_to_noise,
    silence_threshold,
)
from mldiag.data.audio.loudness import LoudnessMeter
from mldiag.data.audio.runs import MOST_PLACES, RunFinder
from mldiag.data.audio.spectra import SpectrumSampler, cutoff, steady_noise

HOLE_BELOW_LOUD_DB = 20.0
SILENT_CHANNEL_DB = -75.0
SILENT_BELOW_OTHER_DB = 40.0


class Measuring:
    """Takes the blocks of one file in order, then tells what was found.

    Args:
        framing: Its framing.
        channels: Its channels.
        subtype: Coding of its samples.
        frames: Samples of one channel that its header announces.
    """

    def __init__(self, framing: Framing, *, channels: int, subtype: str, frames: int) -> None:
        self._framing = framing
        self._loudness = LoudnessMeter(framing, channels)
        self._runs = RunFinder(framing, channels, subtype)
        self._spectra = SpectrumSampler(framing, frames)
        self._hum = HumFinder(framing, frames)
        self._values = ValueFinder() if subtype == "PCM_16" else None
        self._means: list[Floats] = []
        self._powers: list[Floats] = []
        self._products = np.zeros((channels, channels))
        self._equal = channels > 1
        self._peak = 0.0
        self._seen = self._bad = 0
        self._first_bad = -1

    def add(self, block: Samples) -> None:
        """The next samples, shape (n, channels)."""
        block = self._finite(block)
        self._peak = max(self._peak, float(np.abs(block).max()))
        means, powers = frame_sums(block, self._framing)
        self._means.append(means)
        self._powers.append(powers)
        self._products += (block.T @ block).astype(np.float64)
        if self._equal:
            self._equal = bool((block[:, 1:] == block[:, :1]).all())
        self._loudness.add(block)
        self._runs.add(block)
        self._spectra.add(block)
        self._hum.add(block)
        if self._values is not None:
            self._values.add(block)
        self._seen += len(block)

    def _finite(self, block: Samples) -> Samples:
        """The block with zeros for NaN and infinities, which are counted."""
        if np.isfinite(block.sum()):
            return block
        bad = ~np.isfinite(block)
        count = int(bad.sum())
        if not count:  # the sum alone was too large
            return block
        if self._first_bad < 0:
            self._first_bad = self._seen + int(np.flatnonzero(bad.any(axis=1))[0])
        self._bad += count
        return np.where(bad, np.float32(0), block)

    def sound(self) -> Sound | None:
        """What was found; None where there was no sample."""
        if not self._seen:
            return None
        powers = np.concatenate(self._powers)
        levels = decibels(powers)
        loud = loud_level(levels)
        spectra = self._spectra.spectra()
        end = cutoff(spectra, self._framing.rate)
        noise = steady_noise(spectra, self._framing.rate, end)
        silent = bool(levels.max() < SILENT_DB)
        snr = signal_to_noise(levels, loud, noise)
        rest = powers <= np.median(powers)
        means = np.median(np.concatenate(self._means)[rest], axis=0)
        return Sound(
            not_finite=self._bad,
            first_not_finite=max(self._first_bad, 0) / self._framing.rate,
            silent=silent,
            levels=Levels(
                self._peak,
                loud,
                floor_level(levels),
                snr,
                self._loudness.loudness(),
                float(means[np.argmax(np.abs(means))]),
            ),
            silence=self._silence(levels, loud, noise),
            clipping=self._runs.clipping(self._seen),
            channels=channel_facts(self._products / self._seen, equal=self._equal),
            cutoff=None if silent else end,
            hum=None if silent else self._hum.hum(loud),
            companding=self._values.companding() if self._values is not None else None,
        )

    def _silence(self, levels: Floats, loud: float, noise: float | None) -> Silence:
        noise_db = None if noise is None else float(decibels(np.array([noise]))[0])
        found = pauses(levels, silence_threshold(loud, noise_db))
        seconds = self._framing.frame_seconds
        holes = self._runs.dropouts(10.0 ** ((loud - HOLE_BELOW_LOUD_DB) / 20))
        return Silence(
            min(found.leading * seconds, self._seen / self._framing.rate),
            found.trailing * seconds,
            found.longest * seconds,
            found.longest_start * seconds,
            len(holes),
            tuple(holes[:MOST_PLACES]),
        )


def channel_facts(products: Floats, *, equal: bool) -> Channels:
    """How channels relate, from the mean products of their samples.

    Args:
        products: Shape (channels, channels).
        equal: Whether all samples are equal in all channels.

    Example:
        >>> channel_facts(np.array([[0.1, -0.1], [-0.1, 0.1]]), equal=False)
        Channels(identical=False, silent=(), correlation=-1.0)
    """
    power: NDArray[np.float64] = np.diag(products)
    levels = decibels(power)
    quiet = (levels < SILENT_CHANNEL_DB) & (levels < levels.max() - SILENT_BELOW_OTHER_DB)
    correlation = None
    if len(power) > 1 and power[0] > 0 and power[1] > 0 and not quiet[:2].any():
        correlation = round(float(products[0, 1] / np.sqrt(power[0] * power[1])), 6)
    return Channels(
        bool(equal and len(power) > 1), tuple(np.flatnonzero(quiet).tolist()), correlation
    )


def measure(
    blocks: Iterable[Samples], framing: Framing, *, channels: int, subtype: str, frames: int
) -> Sound | None:
    """Measure a waveform that comes in blocks; None where it holds no sample.

    Args:
        blocks: Samples, each of shape (framing.block, channels), the last one shorter.
        framing: The framing of the file.
        channels: Its channels.
        subtype: Coding of its samples, as soundfile names it.
        frames: Samples of one channel that its header announces.
    """
    measuring = Measuring(framing, channels=channels, subtype=subtype, frames=frames)
    for block in blocks:
        if len(block):
            measuring.add(block)
    return measuring.sound()
