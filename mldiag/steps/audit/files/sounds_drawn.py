"""Where in a sound a finding is seen, and the samples that are drawn of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audio.facts import AudioFacts, Sound
from mldiag.data.audio.libraries import load
from mldiag.data.audio.read import opened_one
from mldiag.data.media import MediaCollection

MOST_SECONDS = 60.0
"""So much of a longer sound is drawn, around the place in question."""

QUIET_SECONDS = 0.12


@dataclass(frozen=True)
class Place:
    """Where to look, in seconds.

    Args:
        spans: What is marked in the whole sound.
        centre: Middle of the close-up; None for the loudest place, NaN for the quietest.
        width: Seconds of the close-up.
        words: What is seen there.
    """

    spans: tuple[tuple[float, float], ...] = ()
    centre: float | None = None
    width: float = 0.05
    words: str = ""


@dataclass(frozen=True)
class Drawn:
    """Samples of a sound.

    Args:
        samples: Shape (n, channels).
        rate: Samples a second.
        start: Seconds at which they begin.
        announced: Seconds that the header announces, where that is more.
    """

    samples: NDArray[np.float32]
    rate: int
    start: float
    announced: float | None = None

    @property
    def end(self) -> float:
        """Seconds at which they end."""
        return self.start + len(self.samples) / self.rate


def _silence(sound: Sound, seconds: float) -> Place:
    silence = sound.silence
    if silence.dropout_places:
        spans = tuple((start, start + length) for start, length in silence.dropout_places)
        first = spans[0]
        width = max(0.03, 3 * (first[1] - first[0]))
        return Place(spans, sum(first) / 2, width, "the first hole")
    edges = [(0.0, silence.leading), (seconds - silence.trailing, seconds)]
    inner = (silence.inner_start, silence.inner_start + silence.longest_inner)
    spans = tuple(span for span in (*edges, inner) if span[1] - span[0] > 0.3)
    longest = max((*edges, inner), key=lambda span: span[1] - span[0])
    at = longest[1] if longest[0] == 0 else longest[0]
    return Place(spans, at, 0.3, "where the silence ends" if longest[0] == 0 else "where it begins")


def _clipping(sound: Sound, seconds: float) -> Place:
    spans = tuple((place, place + 0.002) for place in sound.clipping.places)
    at = sound.clipping.places[0] if sound.clipping.places else None
    return Place(spans, at, 0.012, "flat tops")


def _not_finite(sound: Sound, seconds: float) -> Place:
    at = sound.first_not_finite
    return Place(((at, at),), at, 0.0012, "the first NaN is a gap") if sound.not_finite else Place()


def _quiet(words: str) -> Callable[[Sound, float], Place]:
    return lambda sound, seconds: Place((), float("nan"), QUIET_SECONDS, words)


def _loud(words: str) -> Callable[[Sound, float], Place]:
    return lambda sound, seconds: Place((), None, 0.03, words)


PLACES: Mapping[str, Callable[[Sound, float], Place]] = {
    "MD360": lambda sound, seconds: Place((), seconds, 0.1, "where the file ends"),
    "MD361": _not_finite,
    "MD362": _loud("the loudest place"),
    "MD363": _loud("the loudest place"),
    "MD364": _loud("the channels"),
    "MD365": _silence,
    "MD366": _clipping,
    "MD367": _quiet("a quiet place: the line is its mean"),
    "MD368": _loud("the loudest place"),
    "MD369": _quiet("a quiet place"),
    "MD384": _loud("the loudest place"),
}
"""By code of a finding: where its worst file shows it."""


def read_drawn(collection: MediaCollection, facts: AudioFacts, place: Place) -> Drawn:
    """The samples of a file, of a long one those around the place.

    Args:
        collection: Where the file lies.
        facts: What was measured of it.
        place: Where to look.

    Raises:
        ValueError: It cannot be decoded.
    """
    if facts.header is None:
        raise ValueError(f"{facts.file.name} cannot be decoded")
    centre = place.centre if place.centre is not None and np.isfinite(place.centre) else 0.0
    start = max(0.0, min(centre - MOST_SECONDS / 2, facts.header.seconds - MOST_SECONDS))
    rate = facts.header.rate
    with (
        opened_one(collection, facts.file) as stream,
        load("soundfile").SoundFile(stream) as sound,
    ):
        if start:
            sound.seek(int(start * rate))
        samples = sound.read(int(MOST_SECONDS * rate), dtype="float32", always_2d=True)
    missing = facts.header.missing_share
    announced = facts.header.seconds / (1 - missing) if 0 < missing < 1 else None
    return Drawn(samples, rate, start, announced)


def close_up(drawn: Drawn, place: Place) -> tuple[float, NDArray[np.float32]]:
    """The samples of the close-up, and the second at which they begin."""
    count = min(len(drawn.samples), max(16, int(place.width * drawn.rate)))
    if place.centre is None or not np.isfinite(place.centre):
        power = np.nan_to_num(np.square(drawn.samples).mean(axis=1))
        sums = np.cumsum(np.concatenate([[0.0], power]))
        windows = sums[count:] - sums[:-count]
        if place.centre is not None:  # the quietest place that is not digital silence
            windows = np.where(windows / count > 1e-10, windows, np.inf)
        first = int(np.argmin(windows) if place.centre is not None else np.argmax(windows))
    else:
        first = int((place.centre - drawn.start) * drawn.rate) - count // 2
    first = min(max(first, 0), max(0, len(drawn.samples) - count))
    return drawn.start + first / drawn.rate, drawn.samples[first : first + count]
