"""Is the sound that a file announces really in it? The decoder is silent about what is missing."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

UNKNOWN_LENGTH = (0, 0xFFFFFFFF)
"""What writers to a pipe leave as the length, because they cannot go back to fill it in."""

LEAST_MISSING = 0.0005
"""A smaller share of the announced sound is padding, not a loss."""

TAIL_BYTES = 66_000
"""The last page of an Ogg stream begins within so many bytes of the end (65,307 at most)."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a header announces beside what follows it.

    Args:
        announced: Bytes of sound that the header tells, None where it does not.
        present: Bytes that follow it.
        doubts: What does not fit, one phrase each.
        cut: Whether the end is missing, by whatever sign.
    """

    announced: int | None = None
    present: int | None = None
    doubts: tuple[str, ...] = ()
    cut: bool = False

    @property
    def missing_share(self) -> float:
        """Share of the announced bytes that are not there."""
        if not self.announced or self.present is None:
            return 0.0
        return max(0.0, 1.0 - self.present / self.announced)


def announced(stream: BinaryIO) -> Announced:
    """Read the header of a WAV, RF64, AIFF or AU file, or the last page of an Ogg file.

    Other kinds (FLAC, MP3) announce their length to the decoder, which is compared with what it decodes.

    Args:
        stream: The file, which can be wound; it is left at its beginning.

    Example:
        >>> import io
        >>> wav = b"RIFF" + struct.pack("<I", 136) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1,
        ...     8000, 16000, 2, 16) + b"data" + struct.pack("<I", 100) + bytes(60)
        >>> announced(io.BytesIO(wav)).missing_share
        0.4
    """
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    head = stream.read(12)
    try:
        if head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE":
            return _riff(stream, size, ">" if head[:4] == b"RIFX" else "<")
        if head[:4] == b"FORM" and head[8:11] == b"AIF":
            return _aiff(stream, size)
        if head[:4] == b".snd":
            start, length = struct.unpack(">II", head[4:12])
            return _compared(length, size - start)
        if head[:4] == b"OggS":
            return _ogg(stream, size)
    except struct.error:
        return Announced(1, 0, ("the header itself is cut off",), cut=True)
    finally:
        stream.seek(0)
    return Announced()


def _compared(length: int, present: int, doubts: tuple[str, ...] = ()) -> Announced:
    if length in UNKNOWN_LENGTH:
        return Announced(None, max(present, 0), doubts)
    found = max(0, min(present, length))
    return Announced(length, found, doubts, cut=found < length * (1 - LEAST_MISSING))


def _riff(stream: BinaryIO, size: int, order: str) -> Announced:
    doubts: tuple[str, ...] = ()
    long_length: int | None = None
    place = 12
    while place + 8 <= size:
        stream.seek(place)
        name, length = struct.unpack(order + "4sI", stream.read(8))
        if name == b"ds64":
            long_length = struct.unpack("<Q", stream.read(16)[8:])[0]
        elif name == b"fmt ":
            doubts = _format_doubts(struct.unpack(order + "HHIIHH", stream.read(16)))
        elif name == b"data":
            if length == 0xFFFFFFFF and long_length is not None:
                length = long_length
            return _compared(length, size - place - 8, doubts)
        place += 8 + length + length % 2
    return Announced(1, 0, (*doubts, "there is no chunk of samples"), cut=True)


def _format_doubts(fields: tuple[int, ...]) -> tuple[str, ...]:
    """The byte rate follows from the rest; a header that was patched by hand often forgets it."""
    kind, channels, rate, byte_rate, block, bits = fields
    if kind not in (1, 3) or not block:
        return ()
    doubts = []
    if byte_rate and byte_rate != rate * block:
        doubts.append(
            f"its header says {rate:,} samples a second, and {byte_rate // block:,} by the byte rate"
        )
    if bits and block != channels * ((bits + 7) // 8):
        doubts.append(f"its header does not fit itself: {block} bytes for {channels} x {bits} bits")
    return tuple(doubts)


def _aiff(stream: BinaryIO, size: int) -> Announced:
    place = 12
    while place + 8 <= size:
        stream.seek(place)
        name, length = struct.unpack(">4sI", stream.read(8))
        if name == b"SSND":
            return _compared(length, size - place - 8)
        place += 8 + length + length % 2
    return Announced(1, 0, ("there is no chunk of samples",), cut=True)


def _ogg(stream: BinaryIO, size: int) -> Announced:
    """A whole file ends in a whole page; the mark of the end is not asked for, many encoders forget it."""
    stream.seek(max(0, size - TAIL_BYTES))
    tail = stream.read()
    last = tail.rfind(b"OggS")
    whole = last >= 0 and last + 27 <= len(tail)
    if whole:
        segments = tail[last + 26]
        table = tail[last + 27 : last + 27 + segments]
        whole = len(table) == segments and last + 27 + segments + sum(table) <= len(tail)
    return Announced() if whole else Announced(doubts=("its last page is cut off",), cut=True)
