"""Speech-like sounds, and folders of them, for tests."""

from pathlib import Path

import numpy as np
import soundfile

from mldiag.data.audio.read import read_audio
from mldiag.data.media import find_media

RATE = 16000


def speech(seed=0, *, seconds=1.5, rate=RATE, level=0.25):
    """Syllables with a gliding voice and hiss, between short pauses, over a floor at -80 dBFS."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    pitch = (
        110 + 60 * random.random() + 25 * np.sin(2 * np.pi * (0.7 + random.random()) * time + seed)
    )
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    voice = sum(np.sin(k * phase) / k for k in range(1, int(0.45 * rate / 200)))
    hiss = random.normal(size=len(time))
    syllables = np.clip(1.6 * np.sin(2 * np.pi * 3 * time - 0.5), 0, 1) ** 0.6
    sound = syllables * (voice + 0.25 * hiss * (np.sin(2 * np.pi * 1.1 * time) > 0.6))
    sound *= np.clip(np.minimum(time, time[-1] - time) / 0.03, 0, 1)
    return sound / np.abs(sound).max() * level * 2 + 1e-4 * hiss


def write(folder, name, samples, rate=RATE, subtype="PCM_16"):
    """A file of a sound."""
    place = Path(folder) / name
    place.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(place, samples, rate, subtype=subtype)
    return place


def healthy(folder, count=12, **parts):
    """A folder of healthy sounds."""
    for number in range(count):
        write(folder, f"{number:02d}.wav", speech(number, **parts))
    return Path(folder)


def audit(folder):
    """What is measured of a folder."""
    return read_audio(find_media(folder, kind="audio"))


def facts_of(folder, samples, rate=RATE, subtype="PCM_16", name="one.wav"):
    """The facts of one sound."""
    write(folder, name, samples, rate, subtype)
    return next(f for f in audit(folder).all if f.file.name == name)
