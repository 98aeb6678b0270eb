"""Archives as others use them: the list of members, their content, one of them as a stream."""

from __future__ import annotations

import io
import shlex
from collections.abc import Collection, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from mldiag.data.archives.member import (
    LIMITS,
    BrokenArchive,
    BrokenMember,
    Limits,
    Member,
    MemberContent,
    Opener,
    in_bytes,
    lazy,
    no_content,
)
from mldiag.data.archives.walking import walk
from mldiag.errors import MldiagError, unknown_name

REST = "(the rest of the archive)"
"""Name under which is told that an archive cannot be read to its end."""


@dataclass(frozen=True)
class Checked:
    """A member whose content was read to its end.

    Args:
        member: What it is.
        size: Bytes that came out.
        problem: Why it cannot be read; empty where all is well.
    """

    member: Member
    size: int
    problem: str = ""


def members(path: Path | str, *, limits: Limits = LIMITS) -> tuple[Member, ...]:
    r"""What an archive holds, in its order; where it is damaged, what can still be found.

    Archives within it are members like all others: they are not opened.

    Args:
        path: A `.zip`, a `.tar` also packed as `.gz`, `.bz2`, `.xz` or `.zst`, or one file packed so.
        limits: A packed tar must be unpacked to be listed: what it may unpack to.

    Raises:
        MldiagError: If there is no such file, it is no archive, or goes beyond the limits.

    Example:
        >>> import tempfile, zipfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "data.zip"
        ...     with zipfile.ZipFile(path, "w") as file:
        ...         file.writestr("train.csv", "a\n1\n")
        ...     [(member.name, member.size) for member in members(path)]
        [('train.csv', 4)]
    """
    found: list[Member] = []
    with suppress(BrokenArchive):  # told by whoever reads the contents
        for member, _ in walk(Path(path), limits):
            found.append(member)
    return tuple(found)


def read_members(
    path: Path | str, names: Collection[str] | None = None, *, limits: Limits = LIMITS
) -> Iterator[MemberContent]:
    r"""The contents of the files in an archive, one at a time, in its order.

    Args:
        path: The archive.
        names: Members that are wanted; all files where None.
        limits: What the archive and each member may unpack to.

    Yields:
        Every file with its bytes, or with why it cannot be read. Links and devices have a problem; folders
        are left out. Where the archive cannot be read to its end, the last one is named `REST`.

    Raises:
        MldiagError: If there is no such archive, a name that is not in it, or more than the limits allow.

    Example:
        >>> import tempfile, zipfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "data.zip"
        ...     with zipfile.ZipFile(path, "w") as file:
        ...         file.writestr("train.csv", "a\n1\n")
        ...     [(found.name, found.content) for found in read_members(path)]
        [('train.csv', b'a\n1\n')]
    """
    wanted = None if names is None else set(names)
    seen: set[str] = set()
    known: list[str] = []
    damaged = False
    try:
        for member, content in walk(Path(path), limits):
            known.append(member.name)
            if member.kind == "folder" or (wanted is not None and member.name not in wanted):
                continue
            seen.add(member.name)
            try:
                yield MemberContent(member.name, read_whole(member, content, limits))
            except BrokenMember as error:
                yield MemberContent(member.name, problem=str(error))
    except BrokenArchive as error:
        damaged = True
        yield MemberContent(REST, problem=str(error))
    missing = sorted((wanted or set()) - seen)
    if missing and not damaged:
        raise _unknown_member(Path(path), missing[0], known)


def read_whole(member: Member, content: Opener, limits: Limits) -> bytes:
    """All bytes of a member that is held in memory.

    Raises:
        BrokenMember: If it cannot be read, is no file, or is larger than one may be.
    """
    if member.kind != "file":
        raise BrokenMember(no_content(member))
    pieces, count = [], 0
    for piece in lazy(content):
        count += len(piece)
        if count > limits.member_bytes:
            most = in_bytes(limits.member_bytes)
            raise BrokenMember(
                f"larger than {most}: unpack it first, or Limits(member_bytes=...) allows more"
            )
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def check(path: Path | str, *, limits: Limits = LIMITS) -> Iterator[Checked]:
    """Read every member to its end, keep nothing, and tell which are whole.

    Args:
        path: The archive.
        limits: What it may unpack to.

    Yields:
        Every member in order, folders too; the last one named `REST` where the archive is cut off.

    Raises:
        MldiagError: If there is no such archive, or it goes beyond the limits.
    """
    try:
        for member, content in walk(Path(path), limits):
            yield checked(member, content)
    except BrokenArchive as error:
        yield Checked(Member(REST, None), 0, str(error))


def checked(member: Member, content: Opener) -> Checked:
    """Read one member to its end."""
    if member.kind != "file":
        return Checked(member, 0, "" if member.kind == "folder" else no_content(member))
    count = 0
    try:
        for piece in lazy(content):
            count += len(piece)
    except BrokenMember as error:
        return Checked(member, count, str(error))
    return Checked(member, count)


def open_member(path: Path | str, name: str, *, limits: Limits = LIMITS) -> BinaryIO:
    """One member as a stream that is read forwards; the checksum is compared at its end.

    Args:
        path: The archive.
        name: The member; of several with this name the first.
        limits: What it may unpack to.

    Raises:
        MldiagError: If there is no such member; while reading, if it turns out to be damaged.
    """
    path = Path(path)
    walked = cast("Generator[tuple[Member, Opener]]", walk(path, limits))
    known: list[str] = []
    try:
        for member, content in walked:
            if member.name == name and member.kind == "file":
                return io.BufferedReader(_Stream(path, name, content, walked))
            known.append(member.name)
    except BrokenArchive as error:
        raise MldiagError(
            f"{path.name} has no readable member {name!r}: {error}", expected="a whole archive"
        ) from error
    raise _unknown_member(path, name, known)


class _Stream(io.RawIOBase):
    """The pieces of a member as a file; the archive is closed with it."""

    def __init__(
        self, path: Path, name: str, content: Opener, walked: Generator[tuple[Member, Opener]]
    ) -> None:
        super().__init__()
        self._path, self._member, self._walked = path, name, walked
        self._pieces, self._held = lazy(content), memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._held:
            try:
                piece = next(self._pieces, None)
            except (BrokenMember, BrokenArchive) as error:
                raise broken_member(self._path, self._member, str(error)) from error
            if piece is None:
                return 0
            self._held = memoryview(piece)
        count = min(len(buffer), len(self._held))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            self._walked.close()
        super().close()


def broken_member(path: Path, name: str, problem: str) -> MldiagError:
    """The error for a member that is needed and cannot be read."""
    return MldiagError(
        f"{name} in {path.name} cannot be read: {problem}",
        expected="a whole member",
        hint=f"mldiag data list --check {shlex.quote(str(path))}",
    )


def _unknown_member(path: Path, name: str, known: list[str]) -> MldiagError:
    error = unknown_name(f"member of {path.name}", name, known)
    return MldiagError(
        error.what,
        expected=error.expected,
        nearest=error.nearest,
        given=name,
        hint=f"mldiag data list {shlex.quote(str(path))}",
    )
