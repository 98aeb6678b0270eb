"""What an archive holds, how much of it is read at most, and how a member fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from mldiag.errors import MldiagError
from mldiag.wording import number, plural

MemberKind = Literal["file", "folder", "link", "device"]

GIB = 2**30


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to; what really comes out is counted, not what it declares.

    Args:
        ratio: Unpacked bytes for each packed one. Deflate reaches 1,032.
        ratio_from_bytes: Output of a member below which no ratio is looked at: so little harms nobody. For
            the whole archive it is ten times as much, so that what stands beside a bad member is still read.
        member_bytes: Largest member that is held in memory.
        total_bytes: Unpacked bytes of the whole archive.
        members: Members of an archive.
    """

    ratio: float = 200.0
    ratio_from_bytes: int = 100 * 2**20
    member_bytes: int = 4 * GIB
    total_bytes: int = 64 * GIB
    members: int = 2_000_000


LIMITS = Limits()


@dataclass(frozen=True)
class Member:
    """One entry of an archive.

    Args:
        name: Its name, with `/` between folders, as the archive has it: not safe as a path.
        size: Unpacked bytes as declared, or None where the archive does not say.
        encrypted: Whether it needs a password.
        kind: Only files have content.
        packed_size: Bytes in the archive, or None where members are not packed one by one.
        method: How it is packed, such as `deflate64`.
        modified: Year, month, day, hour, minute, second; None where unknown.
    """

    name: str
    size: int | None
    encrypted: bool = False
    kind: MemberKind = "file"
    packed_size: int | None = None
    method: str = ""
    modified: tuple[int, int, int, int, int, int] | None = None


@dataclass(frozen=True)
class MemberContent:
    """A member that was read, or why it could not be.

    Args:
        name: Its name in the archive.
        content: All its bytes; empty where there is a problem.
        problem: Why there is no content, as a phrase; empty where all is well.
    """

    name: str
    content: bytes = b""
    problem: str = ""


def no_content(member: Member) -> str:
    """Why a member that is no file has no content."""
    return "a link, which is not followed" if member.kind == "link" else "no file but a device"


class BrokenMember(Exception):
    """A member cannot be read; the others may."""


class TooLarge(BrokenMember):
    """A member unpacks to too many times its size."""


class BrokenArchive(Exception):
    """From here on nothing of the archive can be read."""


Opener = Callable[[], Iterator[bytes]]
"""Gives the content in pieces, once; raises `BrokenMember` at the latest at the end."""

Walk = Iterator[tuple[Member, Opener]]
"""Members in their order; the content of one can be had until the next one is asked for."""


def lazy(content: Opener) -> Iterator[bytes]:
    """The pieces of a content that is not opened before the first one is asked for."""
    yield from content()


@dataclass
class Meter:
    """Counts what comes out of an archive.

    Args:
        limits: What may.
        archive: Name of the archive, for the error.
        archive_bytes: Its size.
        total: Bytes that came out so far.
    """

    limits: Limits
    archive: str
    archive_bytes: int
    total: int = field(default=0)

    def count(self, pieces: Iterator[bytes], packed: int | None) -> Iterator[bytes]:
        """Pass pieces on while they stay within the limits.

        Args:
            pieces: Unpacked bytes.
            packed: Packed bytes of all these pieces; None where only the whole archive is known.

        Raises:
            BrokenMember: If the member unpacks to too many times its size.
            MldiagError: If the whole archive does, or there is too much of it.
        """
        own = 0
        for piece in pieces:
            own += len(piece)
            self.total += len(piece)
            self._check_total()
            if packed is not None and self._too_much(own, packed, self.limits.ratio_from_bytes):
                raise TooLarge(
                    f"unpacks to more than {self.limits.ratio:g} times its {plural(packed, 'byte')}, "
                    "as archives do that are made to fill a disk"
                )
            yield piece

    def _too_much(self, unpacked: int, packed: int, harmless: int) -> bool:
        return unpacked > max(harmless, self.limits.ratio * packed)

    def _check_total(self) -> None:
        if self.total > self.limits.total_bytes:
            self._refuse(
                f"unpacks to more than {in_bytes(self.limits.total_bytes)}",
                f"at most {in_bytes(self.limits.total_bytes)}: Limits(total_bytes=...)",
            )
        if self._too_much(self.total, self.archive_bytes, 10 * self.limits.ratio_from_bytes):
            self._refuse(
                f"unpacks to more than {self.limits.ratio:g} times its size, as archives do that are "
                "made to fill a disk",
                f"at most {self.limits.ratio:g} times: Limits(ratio=...)",
            )

    def _refuse(self, what: str, expected: str) -> NoReturn:
        raise MldiagError(f"{self.archive} {what}", expected=f"{expected} allows more")


def in_bytes(count: float) -> str:
    """A number of bytes as people say it.

    Example:
        >>> in_bytes(512), in_bytes(52_428_800), in_bytes(4 * GIB)
        ('512 bytes', '50 MB', '4 GB')
    """
    if count < 1000:
        return plural(int(count), "byte")
    for unit in ("KB", "MB", "GB"):
        count /= 1024
        if count < 1000:
            return f"{number(count)} {unit}"
    return f"{number(count / 1024)} TB"
