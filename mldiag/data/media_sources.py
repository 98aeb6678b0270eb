"""Where media files are read from: a folder or an archive. Nothing is followed out of the folder."""

from __future__ import annotations

import io
import os
import shlex
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from mldiag.data.media_kinds import HEAD_BYTES, MediaKind, kind_by_content, kind_by_ending
from mldiag.errors import MldiagError
from mldiag.wording import plural

MOST_SNIFFED = 20_000
"""Files without a telling name whose first bytes are read; of a folder with more, the names alone count."""

_CLUTTER = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In place of a file's content: why it could not be read."""

    problem: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a place, of whatever kind: its path inside, its size in bytes, what it is."""

    name: str
    bytes: int
    kind: MediaKind | None


class MediaSource(Protocol):
    """A place that files are read from."""

    @property
    def path(self) -> Path:
        """The folder or archive."""

    def files(self) -> tuple[tuple[FoundFile, ...], list[str]]:
        """All that is not hidden, and sentences about what was left out."""

    def contents(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
        """The content of the files with these names, one at a time."""

    def open(self, name: str) -> BinaryIO:
        """One file as a stream."""


def media_source(path: Path) -> MediaSource:
    """The reader for a folder or an archive.

    Raises:
        MldiagError: There is nothing at the path, or a file that is no archive.
    """
    if path.is_dir():
        return FolderSource(path)
    if not path.exists():
        raise MldiagError(
            f"{path} does not exist", expected="a folder or an archive of images, sounds or texts"
        )
    from mldiag.data.archives import is_archive

    if is_archive(path):
        return ArchiveSource(path)
    raise MldiagError(
        f"{path} is neither a folder nor an archive",
        expected="a folder of images, sounds or texts, or a .zip, .tar or .tar.gz of one",
        hint=f"mldiag audit {shlex.quote(str(path.parent))}",
    )


def is_hidden(name: str) -> bool:
    """Whether a path is hidden, or of the clutter that operating systems leave behind.

    Example:
        >>> is_hidden("cat/.DS_Store"), is_hidden("__MACOSX/cat/1.png"), is_hidden("cat/1.png")
        (True, True, False)
    """
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part.lower() in _CLUTTER for part in parts)


@dataclass(frozen=True)
class FolderSource:
    """A folder with everything below it."""

    path: Path

    def files(self) -> tuple[tuple[FoundFile, ...], list[str]]:
        """All regular files that are not hidden and not reached by leaving the folder."""
        root = self.path.resolve()
        names: list[tuple[str, int]] = []
        hidden = links = refused = 0

        def not_listed(_: OSError) -> None:
            nonlocal refused
            refused += 1

        for folder, below, files in os.walk(self.path, onerror=not_listed):
            here = Path(folder)
            links += sum((here / name).is_symlink() for name in below)
            hidden += sum(is_hidden(name) for name in below)
            below[:] = sorted(name for name in below if not is_hidden(name))
            for name in files:
                if is_hidden(name):
                    hidden += 1
                    continue
                size = _size_inside(here / name, root)
                if size is None:
                    links += 1
                else:
                    names.append(((here / name).relative_to(self.path).as_posix(), size))
        names.sort()
        found = _with_kinds(names, self._head)
        return found, _left_out(hidden, links, refused)

    def contents(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
        """Files in the order of the names."""
        for name in names:
            try:
                yield name, (self.path / name).read_bytes()
            except OSError as error:
                yield name, Unreadable(f"it cannot be read: {error.strerror or error}")

    def open(self, name: str) -> BinaryIO:
        """The file, opened."""
        return (self.path / name).open("rb")

    def _head(self, name: str) -> bytes:
        try:
            with self.open(name) as file:
                return file.read(HEAD_BYTES)
        except OSError:
            return b""


@dataclass(frozen=True)
class ArchiveSource:
    """A zip or tar, read in place: nothing is unpacked to disk."""

    path: Path

    def files(self) -> tuple[tuple[FoundFile, ...], list[str]]:
        """All members that are files and not hidden."""
        from mldiag.data.archives import members

        names: dict[str, int] = {}
        hidden = links = 0
        for member in members(self.path):
            if member.kind == "folder":
                continue
            if member.kind != "file":
                links += 1
            elif is_hidden(member.name):
                hidden += 1
            else:
                names[member.name] = member.size or 0
        found = _with_kinds(sorted(names.items()), self._head)
        return found, _left_out(hidden, links, 0)

    def contents(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | Unreadable]]:
        """Members in the order of the archive; those with these names that do not come say why."""
        from mldiag.data.archives import REST, read_members

        missing = dict.fromkeys(names)
        why = "the archive does not give it"
        for member in read_members(self.path, names=tuple(names)):
            if member.name == REST:
                why = f"the archive cannot be read to its end: {member.problem}"
            if member.name not in missing:
                continue
            del missing[member.name]
            problem = member.problem
            yield member.name, Unreadable(str(problem)) if problem else member.content
        for name in missing:
            yield name, Unreadable(why)

    def open(self, name: str) -> BinaryIO:
        """The member as a stream."""
        from mldiag.data.archives import open_member

        return open_member(self.path, name)

    def _head(self, name: str) -> bytes:
        try:
            with self.open(name) as file:
                return file.read(HEAD_BYTES)
        except (OSError, MldiagError, io.UnsupportedOperation):
            return b""


def _size_inside(path: Path, root: Path) -> int | None:
    """Size of a regular file; None for a link that leaves the folder or leads nowhere, pipes and devices."""
    try:
        if path.is_symlink() and not path.resolve(strict=True).is_relative_to(root):
            return None
        facts = path.stat()
    except (OSError, RuntimeError):  # a circle of links
        return None
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None


def _with_kinds(
    names: Sequence[tuple[str, int]], head: Callable[[str], bytes]
) -> tuple[FoundFile, ...]:
    """The files with their kinds: by the name, where that does not tell by the first bytes."""
    kinds = [kind_by_ending(name) for name, _ in names]
    silent = [
        place for place, (name, size) in enumerate(names) if size and not PurePosixPath(name).suffix
    ]
    for place in silent if len(silent) <= MOST_SNIFFED else ():
        kinds[place] = kind_by_content(head(names[place][0]))
    return tuple(
        FoundFile(name, size, kind) for (name, size), kind in zip(names, kinds, strict=True)
    )


def _left_out(hidden: int, links: int, refused: int) -> list[str]:
    said = []
    if hidden:
        said.append(f"Left out: {plural(hidden, 'hidden file')} or folders.")
    if links:
        said.append(f"Left out: {plural(links, 'link')} that leave the folder, or no plain files.")
    if refused:
        said.append(f"{plural(refused, 'folder')} could not be opened.")
    return said
