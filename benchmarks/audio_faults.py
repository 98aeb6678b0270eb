"""Faults of recordings, at several strengths, for `audit_audio.py`."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import soundfile as sf
import soxr

Fault = Callable[[np.ndarray, int, np.random.Generator], bytes]


def wav(samples: np.ndarray, rate: int, subtype: str = "PCM_16", kind: str = "WAV") -> bytes:
    """A file in memory."""
    stream = io.BytesIO()
    sf.write(stream, samples, rate, subtype=subtype, format=kind)
    return stream.getvalue()


def level(samples: np.ndarray) -> float:
    """Root mean square of the sounding half of the frames."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    power = np.sort((frames**2).mean(axis=1))
    return float(np.sqrt(power[len(power) // 2 :].mean()))


def cut(share: float) -> Fault:
    """The end of the file is missing."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        whole = wav(x, rate)
        return whole[: 44 + int((len(whole) - 44) * (1 - share))]

    return made


def flac_cut(share: float) -> Fault:
    """The end of a FLAC is missing."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        whole = wav(x, rate, kind="FLAC")
        return whole[: int(len(whole) * (1 - share))]

    return made


def garbage(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
    """An error page in place of the file."""
    return b"<html><body>404 not found</body></html>" * 20


def nan(count: int) -> Fault:
    """Some samples are NaN."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        y = x.astype(np.float32)
        y[random.integers(0, len(y), count)] = np.nan
        return wav(y, rate, "FLOAT")

    return made


def silent(db: float | None) -> Fault:
    """Nothing but zeros, or noise at a level in dBFS."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        y = np.zeros(len(x)) if db is None else random.normal(size=len(x)) * 10 ** (db / 20)
        return wav(y, rate)

    return made


def no_samples(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
    """A header alone."""
    return wav(x[:0], rate)


def other_rate(ratio: float) -> Fault:
    """Resampled, and honest about it."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        new = int(rate * ratio)
        return wav(np.clip(soxr.resample(x, rate, new), -1, 1), new)

    return made


def upsampled(ratio: float) -> Fault:
    """Once at a lower rate."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        new = int(rate * ratio)
        return wav(np.clip(soxr.resample(soxr.resample(x, rate, new), new, rate), -1, 1), rate)

    return made


def stereo(second: float) -> Fault:
    """Two channels, the second times a factor: -1 is opposite phase, 0 silent."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        return wav(np.stack([x, second * x], axis=1), rate)

    return made


def padded(before: float, after: float) -> Fault:
    """Silence around the sound, in multiples of its length but half a second at least."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        sizes = [int(max(share * len(x), 0.6 * rate)) if share else 0 for share in (before, after)]
        rest = 0.5 / 32768
        y = np.concatenate([random.normal(size=sizes[0]) * rest, x, np.zeros(sizes[1])])
        return wav(y, rate)

    return made


def paused(share: float) -> Fault:
    """A pause in the middle, in multiples of the length but 1.2 s at least."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        middle = len(x) // 2
        gap = np.zeros(int(max(share * len(x), 1.2 * rate)))
        return wav(np.concatenate([x[:middle], gap, x[middle:]]), rate)

    return made


def holes(count: int, seconds: float) -> Fault:
    """Dropouts where the sound is loud."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        y = x.copy()
        size, frame = int(seconds * rate), rate // 50
        power = (y[: len(y) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)
        loud = np.flatnonzero(power > np.quantile(power, 0.8))
        for place in random.choice(loud, min(count, len(loud)), replace=False):
            start = int(place) * frame + frame // 2
            y[start : start + size] = 0
        return wav(y, rate)

    return made


def clipped(db: float, after: float = 0.0) -> Fault:
    """So many dB too loud, measured from the peak; then turned down by `after` dB."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        y = np.clip(x / np.abs(x).max() * 10 ** (db / 20), -1, 1)
        return wav(y * 10 ** (-after / 20), rate)

    return made


def offset(size: float) -> Fault:
    """A constant added."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        return wav(np.clip(0.8 * x + size, -1, 1), rate)

    return made


def gain(db: float) -> Fault:
    """Turned down."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        return wav(x * 10 ** (db / 20), rate)

    return made


def noise(db: float, colour: str) -> Fault:
    """White or pink noise, so many dB below the sound."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        n = random.normal(size=len(x))
        if colour == "pink":
            spectrum = np.fft.rfft(n)
            spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), len(x) * 40 / rate))
            n = np.fft.irfft(spectrum, len(x))
        y = x + n / n.std() * level(x) * 10 ** (-db / 20)
        return wav(0.9 * y / max(1, np.abs(y).max()), rate)

    return made


def hum(mains: int, db: float) -> Fault:
    """The mains and four multiples, so many dB below the sound."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        time = np.arange(len(x)) / rate
        h = sum(
            a * np.sin(2 * np.pi * mains * (k + 1) * time + random.uniform(0, 6))
            for k, a in enumerate((1.0, 0.7, 0.5, 0.25, 0.15))
        )
        y = x + h / h.std() * level(x) * 10 ** (-db / 20)
        return wav(0.9 * y / max(1, np.abs(y).max()), rate)

    return made


def mu_law(header: bool) -> Fault:
    """Coded in mu-law, or decoded from it."""

    def made(x: np.ndarray, rate: int, random: np.random.Generator) -> bytes:
        coded = wav(x, rate, "ULAW")
        return coded if header else wav(sf.read(io.BytesIO(coded), dtype="int16")[0], rate)

    return made


FAULTS: dict[str, tuple[str, Fault]] = {
    "cut off by 5 %": ("MD360", cut(0.05)),
    "cut off by 50 %": ("MD360", cut(0.5)),
    "FLAC cut off by 30 %": ("MD360", flac_cut(0.3)),
    "a web page": ("MD360", garbage),
    "1 NaN": ("MD361", nan(1)),
    "20 NaN": ("MD361", nan(20)),
    "zeros": ("MD361", silent(None)),
    "noise at -95 dBFS": ("MD361", silent(-95.0)),
    "no samples": ("MD361", no_samples),
    "rate x 2": ("MD362", other_rate(2.0)),
    "rate x 0.6875": ("MD362", other_rate(0.6875)),
    "upsampled from 1/2": ("MD363", upsampled(0.5)),
    "upsampled from 2/3": ("MD363", upsampled(2 / 3)),
    "opposite phase": ("MD364", stereo(-1.0)),
    "opposite phase, -3 dB": ("MD364", stereo(-0.7)),
    "silent channel": ("MD364", stereo(0.0)),
    "silence before, half": ("MD365", padded(0.5, 0)),
    "silence after, half": ("MD365", padded(0, 0.5)),
    "pause, two thirds": ("MD365", paused(0.66)),
    "1 hole of 10 ms": ("MD365", holes(1, 0.010)),
    "3 holes of 20 ms": ("MD365", holes(3, 0.020)),
    "10 holes of 5 ms": ("MD365", holes(10, 0.005)),
    "clipped by 6 dB": ("MD366", clipped(6)),
    "clipped by 12 dB": ("MD366", clipped(12)),
    "clipped by 12 dB, then -8 dB": ("MD366", clipped(12, 8)),
    "offset .03": ("MD367", offset(0.03)),
    "offset .1": ("MD367", offset(0.1)),
    "-16 dB": ("MD368", gain(-16)),
    "-24 dB": ("MD368", gain(-24)),
    "white noise, SNR 15": ("MD369", noise(15, "white")),
    "white noise, SNR 10": ("MD369", noise(10, "white")),
    "white noise, SNR 5": ("MD369", noise(5, "white")),
    "pink noise, SNR 10": ("MD369", noise(10, "pink")),
    "pink noise, SNR 5": ("MD369", noise(5, "pink")),
    "hum 50 Hz, -20 dB": ("MD369", hum(50, 20)),
    "hum 60 Hz, -30 dB": ("MD369", hum(60, 30)),
    "mu-law by header": ("MD384", mu_law(True)),
    "mu-law in linear": ("MD384", mu_law(False)),
}
