"""Seconds of processor time and memory that an hour of sound takes: noise under a voice-like swell.

OMP_NUM_THREADS=1 python benchmarks/audio_speed.py
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile as sf

from mldiag.data.audio.read import read_audio
from mldiag.data.media import find_media

HOUR = 3600


def write_hour(place: Path, rate: int, channels: int, seconds: int) -> None:
    """An hour in files of some seconds each, or in one."""
    random = np.random.default_rng(0)
    for number in range(HOUR // seconds):
        with sf.SoundFile(
            place / f"{number}.wav", "w", samplerate=rate, channels=channels, subtype="PCM_16"
        ) as file:
            for start in range(0, seconds, 10):
                length = min(10, seconds - start) * rate
                swell = 0.1 + np.sin(np.arange(length) / rate) ** 2
                file.write(0.1 * swell[:, None] * random.normal(size=(length, channels)))


def main() -> None:
    """Measure four shapes of an hour."""
    print("rate | channels | files of | processor seconds for an hour | peak MB of the process")
    for rate, channels, seconds in (
        (16000, 1, 3), (16000, 1, 30), (16000, 1, 3600), (44100, 2, 3600),
    ):  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            write_hour(Path(folder), rate, channels, seconds)
            collection = find_media(folder, kind="audio")
            started = time.process_time()
            read_audio(collection)
            used = time.process_time() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{rate} | {channels} | {seconds} s | {used:.1f} | {peak:.0f}")


if __name__ == "__main__":
    main()
