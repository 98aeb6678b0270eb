"""What kind of archive a file is, by how it begins."""

from __future__ import annotations

import shlex
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mldiag.data.archives.decoders import compressed_pieces
from mldiag.data.archives.member import BrokenMember
from mldiag.errors import MldiagError, nearest_name

Container = Literal["zip", "tar", "single"]

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")
_COMPRESSED = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}
_OFFICE = b"[Content_Types].xml"
_OTHERS = {b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive", b"Rar!\x1a\x07": "a RAR archive"}
_TAR_BLOCK = 512


@dataclass(frozen=True)
class ArchiveKind:
    """How an archive is made.

    Args:
        container: `zip`, `tar`, or `single` for one compressed file.
        compression: `gz`, `bz2`, `xz` or `zst` around a tar or a file; else empty.
    """

    container: Container
    compression: str = ""

    def __str__(self) -> str:
        parts = [part for part in (self.container, self.compression) if part != "single"]
        return ".".join(parts)


def is_archive(path: Path | str) -> bool:
    r"""Whether a file holds other files that can be read here, by its first bytes, whatever its name.

    Zip files that are something else to their users (Excel and other office documents, NumPy's `.npz`)
    are none.

    Args:
        path: The file; one that is missing or may not be read is no archive.

    Example:
        >>> import tempfile, zipfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "data.csv"
        ...     with zipfile.ZipFile(path, "w") as file:
        ...         file.writestr("train.csv", "a\n1\n")
        ...     is_archive(path), is_archive(Path(folder) / "nothing.zip")
        (True, False)
    """
    path = Path(path)
    try:
        kind = found_kind(path)
        if kind is None or kind.container != "zip":
            return kind is not None
        with path.open("rb") as file:
            start = file.read(1 << 16)
            file.seek(max(0, path.stat().st_size - (1 << 16)))
            return not _has_another_purpose(start, file.read())
    except OSError:
        return False


def archive_kind(path: Path) -> ArchiveKind:
    """What kind of archive a file is.

    Raises:
        MldiagError: If there is no such file, it may not be read, or it is no archive that can be read.
    """
    if not path.is_file():
        raise _absent(path)
    try:
        kind = found_kind(path)
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise MldiagError(
            f"{path} cannot be read: {error.strerror}",
            expected="a file that may be read",
            hint=f"ls -l {shlex.quote(str(path))}",
        ) from error
    if kind is None:
        other = next((name for magic, name in _OTHERS.items() if start.startswith(magic)), "")
        empty = "empty" if not start else "no archive"
        raise MldiagError(
            f"{path.name} is {other or empty}",
            expected="a .zip, a .tar (also .gz, .bz2, .xz, .zst), or one file in .gz, .bz2, .xz, .zst",
        )
    return kind


def found_kind(path: Path) -> ArchiveKind | None:
    """The kind by the first bytes, or None; OSError where they cannot be read."""
    with path.open("rb") as file:
        start = file.read(_TAR_BLOCK)
        if start.startswith(ZIP_STARTS):
            return ArchiveKind("zip")
        if _is_tar(start):
            return ArchiveKind("tar")
        compression = next((c for magic, c in _COMPRESSED.items() if start.startswith(magic)), "")
        if not compression:
            return None
        file.seek(0)
        inside = b""
        try:
            for piece in compressed_pieces(file, compression):
                inside += piece
                if len(inside) >= _TAR_BLOCK:
                    break
        except BrokenMember:
            pass  # told by whoever reads it
    return ArchiveKind("tar" if _is_tar(inside[:_TAR_BLOCK]) else "single", compression)


def _is_tar(block: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def _has_another_purpose(start: bytes, end: bytes) -> bool:
    """Whether the names in a zip say that it is a document or NumPy's arrays."""
    name = start[30 : 30 + int.from_bytes(start[26:28], "little")]
    arrays = name.endswith(b".npy") and b"/" not in name
    return arrays or name == b"mimetype" or _OFFICE in start or _OFFICE in end


def _absent(path: Path) -> MldiagError:
    if path.is_dir():
        return MldiagError(f"{path} is a folder", expected="a file such as data.zip or data.tar.gz")
    if path.exists():
        return MldiagError(f"{path} is no regular file", expected="a file such as data.zip")
    folder = path.parent
    names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    return MldiagError(
        f"there is no file {path}",
        expected="a file such as data.zip or data.tar.gz",
        nearest=nearest_name(path.name, names),
        hint=f"ls {shlex.quote(str(folder))}",
    )
