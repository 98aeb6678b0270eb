"""The members of a tar file, read once from the beginning to the end."""

from __future__ import annotations

import tarfile
import time
from collections.abc import Iterator
from typing import cast

from mldiag.data.archives.member import (
    BrokenArchive,
    BrokenMember,
    Member,
    MemberKind,
    Opener,
    Walk,
)

_MOST_AT_ONCE = 64 * 2**20
"""Tar's own headers are read whole; a larger one is made to fill the memory."""

_PIECE_BYTES = 1 << 20


def tar_walk(pieces: Iterator[bytes]) -> Walk:
    """Members in their order.

    Args:
        pieces: The tar, already unpacked.

    Raises:
        BrokenArchive: If it ends too early, or what follows is no tar.
    """
    stream = _Forward(pieces)
    try:
        with tarfile.TarFile(fileobj=stream, mode="r", errorlevel=2) as archive:  # type: ignore[arg-type]
            while (info := archive.next()) is not None:
                vars(archive)["members"] = []  # tarfile would keep them all
                if info.size < 0:
                    raise BrokenArchive("damaged: a member has a negative size")
                yield _member_of(info), _content_of(archive, info)
    except (BrokenMember, tarfile.TarError) as error:
        raise BrokenArchive(f"{_plain(error)}, and later members are lost") from error
    except (
        ValueError,
        OSError,
        OverflowError,
        MemoryError,
    ) as error:  # numbers and names in headers
        raise BrokenArchive(f"damaged: {error}, and later members are lost") from error
    if stream.last_block.strip(b"\0"):
        raise BrokenArchive("damaged: no member begins where one should, and later ones are lost")
    if not stream.last_block:
        raise BrokenArchive("truncated: the mark at its end is missing, so members may be lost")


def _content_of(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Opener:
    def content() -> Iterator[bytes]:
        opened = archive.extractfile(info)
        if opened is None:
            raise BrokenMember("neither a file nor a folder")
        try:
            while piece := opened.read(_PIECE_BYTES):
                yield piece
        except tarfile.TarError as error:
            raise BrokenMember(_plain(error)) from error

    return content


def _member_of(info: tarfile.TarInfo) -> Member:
    kind: MemberKind = "device"
    if info.isdir():
        kind = "folder"
    elif info.issym() or info.islnk():
        kind = "link"
    elif info.isfile():
        kind = "file"
    return Member(
        info.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        info.size,
        kind=kind,
        method="sparse" if info.issparse() else "stored",
        modified=_modified(info.mtime),
    )


def _modified(seconds: float) -> tuple[int, int, int, int, int, int] | None:
    try:
        moment = time.gmtime(seconds)
    except (OverflowError, ValueError, OSError):
        return None
    return cast("tuple[int, int, int, int, int, int]", tuple(moment[:6]))


def _plain(error: Exception) -> str:
    told = str(error)
    if "end of data" in told or "truncated" in told:
        return "truncated: the archive ends within it"
    return told if isinstance(error, BrokenMember) else f"damaged: {told}"


class _Forward:
    """Bytes that come in pieces, as a file that is read forwards; going back one block is enough for tar."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held, self._start, self._at = b"", 0, 0
        self.last_block = b""

    def tell(self) -> int:
        return self._at

    def seek(self, place: int) -> int:
        if place < self._start:
            raise BrokenMember("damaged: a member begins before the one before it")
        while place > self._start + len(self._held) and self._fetch():
            pass
        self._at = min(place, self._start + len(self._held))
        return self._at

    def read(self, count: int) -> bytes:
        if not 0 <= count <= _MOST_AT_ONCE:
            raise BrokenMember(f"damaged: a header of {count:,} bytes")
        parts = []
        while count > 0:
            offset = self._at - self._start
            part = self._held[offset : offset + count]
            if not part:
                if not self._fetch():
                    break
                continue
            parts.append(part)
            self._at += len(part)
            count -= len(part)
        found = b"".join(parts)
        if count == 0 and len(found) == 1:
            return found  # tar looks whether the byte before a header is there
        self.last_block = found
        return found

    def _fetch(self) -> bool:
        """Take the next piece, and keep the last byte of the one before."""
        piece = next(self._pieces, b"")
        while not piece:
            following = next(self._pieces, None)
            if following is None:
                return False
            piece = following
        kept = self._held[-512:]
        self._start += len(self._held) - len(kept)
        self._held = kept + piece
        return True
