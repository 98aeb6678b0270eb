"""Unpacking into a folder that nothing leaves."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from mldiag.data.archives.member import (
    LIMITS,
    BrokenArchive,
    BrokenMember,
    Limits,
    Member,
    Opener,
    lazy,
    no_content,
)
from mldiag.data.archives.names import safe_parts, same_place
from mldiag.data.archives.reading import REST
from mldiag.data.archives.walking import walk
from mldiag.errors import MldiagError


@dataclass(frozen=True)
class Extracted:
    """A member that was unpacked, or why it was not.

    Args:
        name: Its name in the archive.
        path: The file that was written, or None.
        problem: Why there is none; empty where all is well.
    """

    name: str
    path: Path | None = None
    problem: str = ""


def extract(
    path: Path | str,
    folder: Path | str,
    names: Collection[str] | None = None,
    *,
    limits: Limits = LIMITS,
) -> tuple[Extracted, ...]:
    r"""Write the files of an archive below a folder.

    Nothing is written elsewhere and nothing is replaced: names that lead out of the folder, links, devices,
    names that another system takes for something else, and files that are there already are named with
    their problem. A member that turns out to be damaged leaves no file.

    Args:
        path: The archive.
        folder: Where to; made where it is missing.
        names: Members that are wanted; all files where None.
        limits: What the archive may unpack to.

    Returns:
        Every file in order; the last one is named `REST` where the archive is cut off.

    Raises:
        MldiagError: If there is no such archive, the folder cannot be used, or it goes beyond the limits.

    Example:
        >>> import tempfile, zipfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "data.zip"
        ...     with zipfile.ZipFile(path, "w") as file:
        ...         file.writestr("../evil.txt", "x")
        ...     [(one.path, one.problem) for one in extract(path, Path(folder) / "here")]
        [(None, 'its name leads out of the folder (..)')]
    """
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise MldiagError(f"{target} is a file", expected="a folder to unpack into")
    target.mkdir(parents=True, exist_ok=True)
    return tuple(_extracted(Path(path), target.resolve(), names, limits))


def _extracted(
    path: Path, folder: Path, names: Collection[str] | None, limits: Limits
) -> Iterator[Extracted]:
    taken: dict[str, str] = {}
    try:
        for member, content in walk(path, limits):
            if member.kind == "folder" or (names is not None and member.name not in names):
                continue
            try:
                yield Extracted(member.name, _write(member, content, folder, taken))
            except BrokenMember as error:
                yield Extracted(member.name, problem=str(error))
    except BrokenArchive as error:
        yield Extracted(REST, problem=str(error))


def _write(member: Member, content: Opener, folder: Path, taken: dict[str, str]) -> Path:
    if member.kind != "file":
        raise BrokenMember(no_content(member))
    parts = safe_parts(member.name)
    place = same_place(parts)
    if place in taken:
        raise BrokenMember(f"the same file as {taken[place]} where case makes no difference")
    target = folder.joinpath(*parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.parent.resolve().is_relative_to(folder):
            raise BrokenMember("a link in the folder leads out of it")
        # O_EXCL never opens what is there, be it a file or a link
        opened = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError as error:
        raise BrokenMember(f"{error.filename} is there already") from error
    except OSError as error:
        raise BrokenMember(f"cannot be written: {error.strerror}") from error
    taken[place] = member.name
    try:
        with os.fdopen(opened, "wb") as file:
            for piece in lazy(content):
                file.write(piece)
    except BaseException as error:
        target.unlink(missing_ok=True)
        taken.pop(place)
        if isinstance(error, OSError):
            raise BrokenMember(f"cannot be written: {error.strerror}") from error
        raise
    return target
