"""What preparing does to one sound: offset, channels, edges, rate, loudness, noise."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audio.facts import AudioFacts, Channels
from mldiag.data.audio.framing import Samples, framing
from mldiag.data.audio.libraries import load
from mldiag.data.audio.loudness import LoudnessMeter
from mldiag.errors import MldiagError

HIGHEST_PEAK = 0.98
"""A gain stops here, so that nothing is clipped: about -0.2 dBFS."""

LOWEST_RATE, HIGHEST_RATE = 1000, 384_000
OPPOSITE = -0.9


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is to be done with every sound.

    Args:
        rate: Samples a second, None keeps each file's own.
        trim: Whether silence at the edges is cut off.
        margin: Seconds of it that are kept.
        loudness: Integrated loudness in LUFS to bring each sound to, None keeps it.
        mono: Whether several channels become one.
        mu_law: Whether it is written in mu-law, eight bits a sample, instead of 16 bits linear.
        snr: Decibels of the sound over the noise that is mixed in.
        seed: Of the choice of noise.

    Raises:
        MldiagError: A number is out of its range.
    """

    rate: int | None = None
    trim: bool = True
    margin: float = 0.1
    loudness: float | None = None
    mono: bool = False
    mu_law: bool = False
    snr: float = 10.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        _inside("--rate", self.rate, LOWEST_RATE, HIGHEST_RATE, "16000")
        _inside("--margin", self.margin, 0.0, 60.0, "0.1")
        _inside("--loudness", self.loudness, -60.0, 0.0, "-23")
        _inside("--snr", self.snr, -40.0, 80.0, "10")


def _inside(flag: str, value: float | None, low: float, high: float, example: str) -> None:
    if value is not None and not low <= value <= high:
        raise MldiagError(
            f"{flag} {value:g}",
            expected=f"a number from {low:g} to {high:g}",
            hint=f"{flag} {example}",
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to one sound, with what it takes to undo it.

    Args:
        offsets: What was subtracted from each channel.
        mono: How the one channel was made: `mean`, `channel 1`, `difference`; empty where nothing was done.
        cut_start: Seconds cut off before the sound.
        cut_end: Seconds cut off after it.
        rate_before: Samples a second of the original.
        rate: And now.
        loudness_before: In LUFS, before the gain; None for what is too quiet to measure.
        gain_db: Gain that was applied; its negative restores the level.
        limited: Whether the gain stops short of the loudness asked for, because of the peaks.
    """

    offsets: tuple[float, ...] = ()
    mono: str = ""
    cut_start: float = 0.0
    cut_end: float = 0.0
    rate_before: int = 0
    rate: int = 0
    loudness_before: float | None = None
    gain_db: float = 0.0
    limited: bool = False


def prepared(samples: Samples, facts: AudioFacts, preparation: Preparation) -> tuple[Samples, Done]:
    """Prepare one sound.

    Args:
        samples: Shape (n, channels).
        facts: What was measured of it.
        preparation: What is to be done.

    Raises:
        ValueError: The facts are those of a file without sound.
    """
    if facts.header is None or facts.sound is None:
        raise ValueError(f"{facts.file.name} holds no sound")
    rate = facts.header.rate
    offsets = samples.mean(axis=0, dtype=np.float64)
    sound: Samples = (samples - offsets).astype(np.float32)
    done = Done(tuple(offsets.tolist()), rate_before=rate, rate=rate)
    if preparation.mono and sound.shape[1] > 1:
        sound, how = _one_channel(sound, facts.sound.channels)
        done = replace(done, mono=how)
    if preparation.trim:
        start, end = cuts(facts, preparation.margin)
        first, last = round(start * rate), len(sound) - round(end * rate)
        sound = sound[first:last]
        done = replace(done, cut_start=first / rate, cut_end=(len(samples) - last) / rate)
    if preparation.rate is not None and preparation.rate != rate:
        sound = load("soxr").resample(sound, rate, preparation.rate).astype(np.float32)
        done = replace(done, rate=preparation.rate)
    return _levelled(sound, done, preparation)


def cuts(facts: AudioFacts, margin: float) -> tuple[float, float]:
    """Seconds to cut off before and after the sound, with a margin kept.

    Args:
        facts: What was measured.
        margin: Seconds of silence that stay.
    """
    if facts.sound is None:
        return 0.0, 0.0
    silence = facts.sound.silence
    return max(0.0, silence.leading - margin), max(0.0, silence.trailing - margin)


def _one_channel(sound: Samples, channels: Channels) -> tuple[Samples, str]:
    """One channel out of several: the sounding one, the difference of opposite ones, else the mean."""
    sounding = [c for c in range(sound.shape[1]) if c not in channels.silent]
    if len(sounding) == 1:
        return sound[:, sounding], f"channel {sounding[0] + 1}"
    if channels.correlation is not None and channels.correlation < OPPOSITE:
        return (sound[:, :1] - sound[:, 1:2]) / np.float32(2), "difference"
    return sound[:, sounding].mean(axis=1, keepdims=True), "mean"


def _levelled(sound: Samples, done: Done, preparation: Preparation) -> tuple[Samples, Done]:
    """The gain to the loudness asked for, and in any case to no peak above full scale."""
    peak = float(np.abs(sound).max(initial=0.0))
    loudness = measured_loudness(sound, done.rate)
    wanted = 0.0
    if preparation.loudness is not None and loudness is not None:
        wanted = preparation.loudness - loudness
    highest = 20 * np.log10(HIGHEST_PEAK / peak) if peak > 0 else np.inf
    allowed = highest if preparation.loudness is not None or peak > 1.0 else np.inf
    gain = float(min(wanted, allowed))
    return (
        (sound * np.float32(10.0 ** (gain / 20))).astype(np.float32),
        replace(done, loudness_before=loudness, gain_db=gain, limited=gain < wanted - 0.05),
    )


def measured_loudness(sound: Samples, rate: int) -> float | None:
    """Integrated loudness in LUFS of samples of shape (n, channels); None for silence."""
    if not len(sound):
        return None
    meter = LoudnessMeter(framing(rate, sound.shape[1]), sound.shape[1])
    meter.add(sound)
    return meter.loudness()


def with_noise(
    sound: Samples, noise: Samples, *, snr: float, name: str, seed: int
) -> tuple[Samples, float, float]:
    """Mix noise into a sound at a signal-to-noise ratio of mean powers over the whole sound.

    Args:
        sound: Shape (n, channels).
        noise: Shape (m, 1) at the same rate; repeated where it is shorter.
        snr: Decibels.
        name: Of the sound: with the seed it draws where in the noise it begins.
        seed: Of the draw.

    Returns:
        The noisy sound, the place in the noise in samples, and the gain in dB that both this and the clean
        target must be given so that no peak is above full scale.

    Example:
        >>> time = np.arange(8000, dtype=np.float32)[:, None]
        >>> noisy, _, gain = with_noise(np.sin(time / 9) / 3, np.cos(time / 7), snr=20.0, name="a", seed=0)
        >>> added = noisy - np.sin(time / 9) / 3
        >>> round(10 * float(np.log10((np.sin(time / 9) ** 2).mean() / 9 / (added ** 2).mean())), 2), gain
        (20.0, 0.0)
    """
    random = random_of(name, seed)
    start = int(random.integers(0, max(1, len(noise))))
    places = (start + np.arange(len(sound))) % len(noise)
    added: NDArray[np.float64] = noise[places].astype(np.float64)
    added = added - added.mean()
    power, of_noise = (
        float(np.square(sound, dtype=np.float64).mean()),
        float(np.square(added).mean()),
    )
    factor = np.sqrt(power / max(of_noise, 1e-20)) * 10.0 ** (-snr / 20)
    noisy = (sound + added * factor).astype(np.float32)
    peak = float(np.abs(noisy).max(initial=0.0))
    gain = min(0.0, 20 * float(np.log10(HIGHEST_PEAK / peak))) if peak > 0 else 0.0
    return noisy, start, gain


def random_of(name: str, seed: int) -> np.random.Generator:
    """A random generator that depends on the name and the seed, and not on the order of files."""
    return np.random.default_rng([seed, zlib.crc32(name.encode("utf-8"))])
