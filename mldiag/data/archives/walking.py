"""The members of any archive one after the other, with what opens each of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mldiag.data.archives.decoders import ZIP_METHODS, compressed_pieces, raw_pieces
from mldiag.data.archives.kinds import archive_kind
from mldiag.data.archives.member import (
    BrokenArchive,
    BrokenMember,
    Limits,
    Member,
    Meter,
    Walk,
)
from mldiag.data.archives.tar_members import tar_walk
from mldiag.data.archives.zip_directory import (
    ZipEntry,
    data_start,
    directory_entries,
    walked_entries,
)
from mldiag.errors import MldiagError
from mldiag.wording import plural

_CUT_OFF = "the directory at its end is missing: the file was cut off, and later members are lost"


def walk(path: Path, limits: Limits) -> Walk:
    """Every member of an archive in its order; a content can be had until the next member is asked for.

    Args:
        path: The archive.
        limits: What it may unpack to.

    Raises:
        MldiagError: If it is no archive, or goes beyond the limits.
        BrokenArchive: Where the rest of it cannot be read, after the members before.
    """
    kind = archive_kind(path)
    size = path.stat().st_size
    meter = Meter(limits, path.name, size)
    with path.open("rb") as file:
        if kind.container == "zip":
            walked = _zip_walk(file, size, meter)
        elif kind.container == "tar":
            packed = size if kind.compression else None
            walked = tar_walk(meter.count(compressed_pieces(file, kind.compression), packed))
        else:
            walked = _single_walk(file, path, kind.compression, meter)
        for count, found in enumerate(walked):
            if count >= limits.members:
                raise MldiagError(
                    f"{path.name} has more than {plural(limits.members, 'member')}",
                    expected="fewer: Limits(members=...) allows more",
                )
            yield found


def _zip_walk(file: BinaryIO, size: int, meter: Meter) -> Walk:
    entries = directory_entries(file)
    whole = entries is not None
    for entry in entries if entries is not None else walked_entries(file, size):
        yield entry.member, _ZipContent(file, entry, meter)
    if not whole:
        raise BrokenArchive(_CUT_OFF)


class _ZipContent:
    """Opens one member of a zip; its size and checksum are compared at the end."""

    def __init__(self, file: BinaryIO, entry: ZipEntry, meter: Meter) -> None:
        self._file, self._entry, self._meter = file, entry, meter

    def __call__(self) -> Iterator[bytes]:
        """The content in pieces."""
        entry = self._entry
        if entry.member.encrypted:
            raise BrokenMember("encrypted: it needs a password")
        if entry.method not in ZIP_METHODS:
            raise BrokenMember(f"packed with compression type {entry.method}, which is not known")
        self._file.seek(data_start(self._file, entry))
        raw = raw_pieces(self._file, entry.packed_size)
        unpack = ZIP_METHODS[entry.method][1]
        crc = count = 0
        for piece in self._meter.count(unpack(raw), entry.packed_size):
            crc = zlib.crc32(piece, crc)
            count += len(piece)
            yield piece
        declared = entry.member.size
        if declared is not None and count < declared and entry.method == 0:
            raise BrokenMember("truncated: the archive ends within it")
        if declared is not None and count != declared:
            raise BrokenMember(f"damaged: {count:,} bytes came out instead of {declared:,}")
        if entry.crc is None:
            raise BrokenMember("damaged: its checksum is lost, so that nothing is known of it")
        if crc != entry.crc:
            raise BrokenMember("damaged: its checksum (CRC) is wrong")


def _single_walk(file: BinaryIO, path: Path, compression: str, meter: Meter) -> Walk:
    def content() -> Iterator[bytes]:
        file.seek(0)
        yield from meter.count(compressed_pieces(file, compression), meter.archive_bytes)

    name = path.name
    if name.lower().endswith(f".{compression}"):
        name = name[: -len(compression) - 1]
    yield (
        Member(name or path.name, None, packed_size=meter.archive_bytes, method=compression),
        content,
    )
