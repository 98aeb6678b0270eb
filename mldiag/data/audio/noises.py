"""Which sounds can be used at all, and sounds that are mixed into others."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mldiag.data.audio.facts import AudioFacts
from mldiag.data.audio.framing import Samples
from mldiag.data.audio.libraries import load
from mldiag.data.audio.read import opened, read_audio
from mldiag.data.media import Unreadable, find_media
from mldiag.errors import MldiagError

LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Noises:
    """Sounds to mix in, decoded to one channel.

    Args:
        names: Their names.
        samples: Their samples, shape (n, 1) each, at `rates`.
        rates: Samples a second of each.
    """

    names: tuple[str, ...]
    samples: tuple[Samples, ...] = field(repr=False)
    rates: tuple[int, ...]


def why_left_out(facts: AudioFacts) -> str | None:
    """Why a file is not prepared; None where it is."""
    if facts.problem is not None:
        return facts.problem
    if facts.sound is None:
        return "it holds no sample"
    if facts.sound.not_finite:
        return f"it holds {facts.sound.not_finite} NaN or infinite samples"
    return "it is silent" if facts.sound.silent else None


def read_noises(place: Path) -> Noises:
    """The sounds of a folder, one channel each; of a longer one the first ten minutes.

    Args:
        place: A folder or archive of sounds.

    Raises:
        MldiagError: There is none that can be used.
    """
    collection = find_media(place, kind="audio")
    usable = {f.file.name for f in read_audio(collection).all if why_left_out(f) is None}
    found = []
    for file, stream in opened(collection):
        if file.name not in usable or isinstance(stream, Unreadable):
            continue
        with load("soundfile").SoundFile(stream) as sound:
            rate = sound.samplerate
            samples = sound.read(LONGEST_SECONDS * rate, dtype="float32", always_2d=True)
        mono = samples.mean(axis=1, keepdims=True, dtype=np.float64).astype(np.float32)
        found.append((file.name, mono, rate))
    if not found:
        raise MldiagError(
            f"no sound in {place} can be used as noise", expected="sounds that are not silent"
        )
    names, sounds, rates = zip(*found, strict=True)
    return Noises(tuple(names), tuple(sounds), tuple(rates))
