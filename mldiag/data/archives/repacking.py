"""An archive written anew as a zip that every program reads: plain deflate, whole or not at all."""

from __future__ import annotations

import os
import shlex
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mldiag.data.archives.member import (
    LIMITS,
    BrokenArchive,
    BrokenMember,
    Limits,
    Member,
    Opener,
    TooLarge,
    lazy,
    no_content,
)
from mldiag.data.archives.names import safe_parts, same_place, shown
from mldiag.data.archives.reading import REST, checked
from mldiag.data.archives.walking import walk
from mldiag.errors import MldiagError

_FIRST_DATE, _LAST_YEAR = (1980, 1, 1, 0, 0, 0), 2107
"""What the date of a zip can say."""

Progress = Callable[[Member], None]


@dataclass(frozen=True)
class Repacked:
    """What was written.

    Args:
        path: The new zip.
        kept: Files in it.
        size: Unpacked bytes of them.
        left_out: Names and problems of the members that are not in it.
    """

    path: Path
    kept: int
    size: int
    left_out: tuple[tuple[str, str], ...] = ()


def repack(
    source: Path | str,
    target: Path | str,
    *,
    keep_going: bool = False,
    replace: bool = False,
    limits: Limits = LIMITS,
    progress: Progress | None = None,
) -> Repacked:
    r"""Write an archive anew as a zip with plain deflate.

    The new file appears when it is whole. Nothing is left behind otherwise, and the source is only read.

    Args:
        source: Any archive that can be read, also a tar.
        target: The new zip.
        keep_going: Leave out members that cannot be read, instead of writing nothing.
        replace: Replace a target that exists.
        limits: What the source may unpack to.
        progress: Is told every member before it is written.

    Raises:
        MldiagError: If a member cannot be read and `keep_going` is not set, none can be read, the target is
            the source or exists, or there is no place to write.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "in.zip"
        ...     with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as file:
        ...         file.writestr("a.csv", "a\n1\n")
        ...     repack(path, Path(folder) / "out.zip").kept
        1
    """
    source, target = Path(source), Path(target)
    _check_target(source, target, replace)
    bad = _bad_members(source, limits) if keep_going else {}
    try:
        kept, size = _written(source, target, bad, replace, limits, progress)
    except BrokenArchive as error:
        raise _broken(source, REST, str(error)) from error
    except OSError as error:  # no room, no permission
        raise MldiagError(
            f"{target} cannot be written: {error.strerror or error}",
            expected="a folder with room that this user may write to",
            hint=f"df -h {shlex.quote(str(target.parent))}",
        ) from error
    return Repacked(target, kept, size, tuple(bad.values()))


def _written(
    source: Path,
    target: Path,
    bad: dict[int, tuple[str, str]],
    replace: bool,
    limits: Limits,
    progress: Progress | None,
) -> tuple[int, int]:
    """Write to a temporary file beside the target, which takes its name once it is whole."""
    handle, name = tempfile.mkstemp(prefix=".repacked.", suffix=".part", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            kept, size = _write(source, file, bad, limits, progress)
            if not kept:
                raise _nothing(source, bad)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_mask())
        if target.exists() and not replace:
            raise _exists(target)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return kept, size


def _bad_members(source: Path, limits: Limits) -> dict[int, tuple[str, str]]:
    """Names and problems of members that cannot be kept, by their position; -1 for the lost rest."""
    bad: dict[int, tuple[str, str]] = {}
    taken: dict[str, str] = {}
    try:
        for position, (member, content) in enumerate(walk(source, limits)):
            try:
                _path_of(member, taken)
            except BrokenMember as error:
                bad[position] = member.name, str(error)
                continue
            problem = checked(member, content).problem
            if problem:
                bad[position] = member.name, problem
    except BrokenArchive as error:
        bad[-1] = REST, str(error)
    return bad


def _write(
    source: Path,
    file: object,
    bad: dict[int, tuple[str, str]],
    limits: Limits,
    progress: Progress | None,
) -> tuple[int, int]:
    """Write every member that is not bad; how many files and bytes that were."""
    kept = size = 0
    taken: dict[str, str] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        try:
            for position, (member, content) in enumerate(walk(source, limits)):
                if position in bad:
                    continue
                if progress is not None:
                    progress(member)
                try:
                    size += _add(archive, member, content, taken)
                except TooLarge as error:
                    raise MldiagError(
                        f"{shown(member.name)} in {source.name} {error}",
                        expected=f"at most {limits.ratio:g} times: Limits(ratio=...) allows more",
                    ) from error
                except BrokenMember as error:
                    raise _broken(source, member.name, str(error)) from error
                kept += member.kind == "file"
        except BrokenArchive:
            if -1 not in bad:
                raise
    return kept, size


def _add(archive: zipfile.ZipFile, member: Member, content: Opener, taken: dict[str, str]) -> int:
    name = _path_of(member, taken)
    date = member.modified or _FIRST_DATE
    fits = _FIRST_DATE[0] <= date[0] <= _LAST_YEAR
    info = zipfile.ZipInfo(name, date if fits else _FIRST_DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    if member.kind == "folder":
        info.filename += "/"
        info.external_attr = (0o40755 << 16) | 0x10
        archive.writestr(info, b"")
        return 0
    if member.kind != "file":
        raise BrokenMember(no_content(member))
    size = 0
    with archive.open(info, "w", force_zip64=member.size is None or member.size > 2**31) as opened:
        for piece in lazy(content):
            opened.write(piece)
            size += len(piece)
    return size


def _path_of(member: Member, taken: dict[str, str]) -> str:
    """The name in the new zip.

    Raises:
        BrokenMember: If it is no safe name, or there already.
    """
    parts = safe_parts(member.name)
    place = same_place(parts)
    if place in taken and member.kind != "folder":
        raise BrokenMember(f"the same name as {taken[place]} where case makes no difference")
    taken[place] = member.name
    return "/".join(parts)


def _check_target(source: Path, target: Path, replace: bool) -> None:
    if target.is_dir():
        hint = f"mldiag data repack {shlex.quote(str(source))} {shlex.quote(str(target / source.name))}"
        raise MldiagError(f"{target} is a folder", expected="the name of the new zip", hint=hint)
    if not target.parent.is_dir():
        raise MldiagError(
            f"the folder {target.parent} does not exist",
            expected="an existing folder",
            hint=f"mkdir -p {shlex.quote(str(target.parent))}",
        )
    if target.exists() and source.exists() and target.samefile(source):
        raise MldiagError(
            f"{target} is the archive itself",
            expected="another name: the original is never touched",
            hint=f"mldiag data repack {shlex.quote(str(source))} "
            + shlex.quote(str(source.with_name(f"repacked-{source.stem}.zip"))),
        )
    if target.exists() and not replace:
        raise _exists(target)


def _exists(target: Path) -> MldiagError:
    return MldiagError(
        f"{target} exists already", expected="a new file, or --force to replace it", hint="--force"
    )


def _broken(source: Path, name: str, problem: str) -> MldiagError:
    where = source.name if name == REST else f"{shown(name)} in {source.name}"
    return MldiagError(
        f"{where} cannot be read: {problem}",
        expected="a whole archive; nothing was written",
        hint="--keep-going",
    )


def _nothing(source: Path, bad: dict[int, tuple[str, str]]) -> MldiagError:
    first = next(iter(bad.values()), None)
    told = f": {shown(first[0])}: {first[1]}" if first else ""
    return MldiagError(
        f"no file of {source.name} can be read{told}",
        expected="at least one file",
        hint=f"mldiag data list --check {shlex.quote(str(source))}",
    )


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
