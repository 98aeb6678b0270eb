"""Read a collection of sounds, one file at a time and each in blocks."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from mldiag.data.audio.facts import AudioAudit, AudioFacts, Header
from mldiag.data.audio.framing import Samples, framing
from mldiag.data.audio.header import LEAST_MISSING, Announced, announced
from mldiag.data.audio.libraries import load
from mldiag.data.audio.measure import measure
from mldiag.data.media import MediaCollection, MediaFile, Unreadable
from mldiag.data.media_sources import FolderSource

Progress = Callable[[int, int], None]

MOST_CHANNELS = 64
_HASHED_AT_ONCE = 1 << 20
_ENDINGS = {
    "wav": {"WAV", "WAVEX", "RF64"}, "flac": {"FLAC"}, "ogg": {"OGG"}, "mp3": {"MP3"}, "aiff": {"AIFF"},
    "aif": {"AIFF"}, "au": {"AU"},
}  # fmt: skip


def read_audio(collection: MediaCollection, *, progress: Progress | None = None) -> AudioAudit:
    """Measure every file of a collection.

    A file that cannot be decoded is among the facts with the reason. Files in folders are read in blocks,
    whatever their length; those in archives are unpacked in memory one at a time.

    Args:
        collection: Sounds, as `mldiag.data.media.find_media` finds them.
        progress: Told after each file how many are done, and of how many.

    Raises:
        MldiagError: soundfile or pyloudnorm is not installed.
    """
    load("soundfile"), load("pyloudnorm")
    found: dict[tuple[str, str], AudioFacts] = {}
    for number, (file, stream) in enumerate(opened(collection), 1):
        found[file.split, file.name] = _facts(file, stream)
        if progress is not None:
            progress(number, len(collection.files))
    facts = [found[file.split, file.name] for file in collection.files]
    return AudioAudit(
        tuple(f for f in facts if f.file.split == "train"),
        tuple(f for f in facts if f.file.split == "test"),
        collection,
    )


def opened(collection: MediaCollection) -> Iterator[tuple[MediaFile, BinaryIO | Unreadable]]:
    """Every file as a stream that can be wound; closed when the next one is asked for."""
    for side, source in collection.sources:
        wanted = {f.name: f for f in collection.files if side is None or f.split == side}
        if not isinstance(source, FolderSource):
            for name, content in source.contents(tuple(wanted)):
                whole = content if isinstance(content, Unreadable) else io.BytesIO(content)
                yield wanted[name], whole
            continue
        for name, file in wanted.items():
            try:
                with source.open(name) as stream:
                    yield file, stream
            except OSError as error:
                yield file, Unreadable(f"it cannot be read: {error.strerror or error}")


@contextmanager
def opened_one(collection: MediaCollection, file: MediaFile) -> Iterator[BinaryIO]:
    """One file as a stream that can be wound.

    Raises:
        MldiagError: The file is not of this collection.
    """
    with collection.open(file) as stream:
        yield stream if stream.seekable() else io.BytesIO(stream.read())


def _facts(file: MediaFile, stream: BinaryIO | Unreadable) -> AudioFacts:
    if isinstance(stream, Unreadable):
        return AudioFacts(file, "", problem=stream.problem)
    digest = hashlib.sha256()
    while piece := stream.read(_HASHED_AT_ONCE):
        digest.update(piece)
    content_hash = digest.hexdigest()
    if not stream.tell():
        return AudioFacts(file, content_hash, problem="the file is empty: 0 bytes")
    told = announced(stream)
    soundfile = load("soundfile")
    try:
        with soundfile.SoundFile(stream) as sound:
            return _measured(file, content_hash, sound, told)
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
        return AudioFacts(file, content_hash, problem=_reason(stream, error))


def _measured(file: MediaFile, content_hash: str, sound: Any, told: Announced) -> AudioFacts:
    if not 1 <= sound.channels <= MOST_CHANNELS:
        return AudioFacts(
            file, content_hash, problem=f"its header tells {sound.channels:,} channels"
        )
    frames = framing(sound.samplerate, sound.channels)
    decoded = 0
    broken: list[str] = []
    samples = hashlib.sha256(f"{sound.samplerate} {sound.channels} ".encode())

    def blocks() -> Iterator[Samples]:
        nonlocal decoded
        while True:
            try:
                block = sound.read(frames.block, dtype="float32", always_2d=True)
            except (RuntimeError, ValueError) as error:
                broken.append(str(error).rstrip("."))
                return
            if not len(block):
                return
            decoded += len(block)
            samples.update(memoryview(block).cast("B"))
            yield block

    heard = measure(
        blocks(),
        frames,
        channels=sound.channels,
        subtype=sound.subtype,
        frames=max(sound.frames, 0),
    )
    missing = told.missing_share
    if told.announced is None and 0 < sound.frames < 1 << 62 and decoded < sound.frames:
        missing = 1 - decoded / sound.frames
    doubts = (
        *told.doubts,
        *(f"the decoder stops: {b}" for b in broken),
        *_wrong_ending(file, sound),
    )
    header = Header(
        sound.format, sound.subtype, sound.samplerate, sound.channels, decoded,
        decoded / sound.samplerate, missing if missing > LEAST_MISSING else 0.0, doubts,
        told.cut or bool(broken) or missing > LEAST_MISSING,
    )  # fmt: skip
    return AudioFacts(
        file, content_hash, None, header, heard, samples.hexdigest() if decoded else ""
    )


def _wrong_ending(file: MediaFile, sound: Any) -> tuple[str, ...]:
    ending = PurePosixPath(file.name).suffix[1:].lower()
    known = _ENDINGS.get(ending)
    if known is None or sound.format in known:
        return ()
    return (f"it is named .{ending}, and holds {sound.format}",)


def _reason(stream: BinaryIO, error: Exception) -> str:
    """Why a file cannot be decoded, with what it is instead where its first bytes tell."""
    stream.seek(0)
    head = stream.read(64)
    if head[4:8] == b"ftyp":
        return "AAC or ALAC in MP4: libsndfile does not decode it; convert it to FLAC or WAV"
    if head.lstrip()[:1] == b"<":
        return "it is a web page or XML, not sound"
    if head[:4] == b"PK\x03\x04":
        return "it is a zip archive, not sound"
    if not any(head):
        return "it begins with zeros only: the download or copy was not finished"
    text = str(error).split(": ")[-1].rstrip(".")
    return f"no sound that can be decoded ({text})"
