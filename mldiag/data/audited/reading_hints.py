"""Hints that run where the person stands: with the path as it was typed, and for a member of an archive."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from mldiag.data.archives import is_archive
from mldiag.data.archives.kinds import archive_kind
from mldiag.errors import MldiagError

_ON_FILE = re.compile(
    r"(?P<command>sed -n \d+p|wc -l|grep -v '\S+'|tail -n \+\d+) .+?(?P<rest>( [|>] .+)?)"
)
_UNPACK = {"gz": "gzip -dc", "bz2": "bzip2 -dc", "xz": "xz -dc", "zst": "zstd -dc"}


def on_path(error: MldiagError, path: Path, member: str | None) -> MldiagError:
    """The same error with a hint that names the file as the user did.

    Args:
        error: What a reader said, which knows the name of the file alone.
        path: The file.
        member: The member of an archive that was read, where known.

    Example:
        >>> told = MldiagError("data.csv, line 3: 2 fields", hint="sed -n 3p data.csv")
        >>> on_path(told, Path("in/my data.csv"), None).hint
        "sed -n 3p 'in/my data.csv'"
    """
    hint = _hint(error.hint, path, member)
    if hint == error.hint:
        return error
    return type(error)(
        error.what, expected=error.expected, nearest=error.nearest, hint=hint, given=error.given
    )


def _hint(hint: str, path: Path, member: str | None) -> str:
    quoted = shlex.quote(str(path))
    if not is_archive(path):
        hint = hint.replace(f"read_csv({path.name!r}", f"read_csv({str(path)!r}")
    found = _ON_FILE.fullmatch(hint)
    if found is None or quoted in hint:
        return hint
    command, rest = found["command"], found["rest"]
    if not is_archive(path):
        return f"{command} {quoted}{rest}"
    kind = archive_kind(path)
    if kind.container == "single":
        return f"{_UNPACK[kind.compression]} {quoted} | {command}{rest}"
    if member is None:
        return f"mldiag data list {quoted}"
    how = f"unzip -p {quoted}" if kind.container == "zip" else f"tar -xOf {quoted}"
    return f"{how} {shlex.quote(member)} | {command}{rest}"
