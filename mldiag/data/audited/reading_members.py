"""Which tables an archive holds, and which one is meant."""

from __future__ import annotations

import re
import shlex
from pathlib import Path, PurePosixPath

from mldiag.data.archives import REST, is_archive, members, read_members
from mldiag.data.archives.kinds import archive_kind
from mldiag.data.archives.names import shown
from mldiag.data.archives.reading import broken_member
from mldiag.data.audited.reading_arrays import sides_of
from mldiag.errors import MldiagError, unknown_name

SURE_ENDINGS = (
    ".csv", ".tsv", ".parquet", ".pq", ".arrow", ".feather", ".npy", ".jsonl", ".ndjson",
)  # fmt: skip
POSSIBLE_ENDINGS = (".txt", ".data", ".dat", ".tab", ".json")
ARCHIVE_ENDINGS = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst", ".7z", ".rar", ".npz")
_SIDES = {
    "train": re.compile(r"(?<![a-z])(train|training)(?![a-z])"),
    "test": re.compile(r"(?<![a-z])(test|testing)(?![a-z])"),
}
_SHOWN = 15


def tables_in(path: Path | str) -> dict[str, str]:
    r"""The tables of an archive by what they are for: `{"train": member}`, also with `"test"`.

    Args:
        path: An archive or an `.npz`.

    Returns:
        The only table as `train`, or those whose names say train and test. Empty where the file is a table
        itself. For an `.npz` the members are the words `train` and `test`.

    Raises:
        MldiagError: If there is no table, or several and their names do not tell.

    Example:
        >>> import tempfile, zipfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "data.zip"
        ...     with zipfile.ZipFile(path, "w") as file:
        ...         for name in ("train.csv", "test.csv", "readme.md"):
        ...             file.writestr(name, "a\n1\n")
        ...     tables_in(path)
        {'train': 'train.csv', 'test': 'test.csv'}
    """
    path = Path(path)
    if not is_archive(path):
        if _begins_like_zip(path):
            names = [member.name for member in members(path)]
            if names and all(name.endswith(".npy") for name in names):
                return {side: side for side in sides_of([n.removesuffix(".npy") for n in names])}
        return {}
    tables = _tables(path)
    if len(tables) == 1:
        return {"train": tables[0]}
    found = {side: _named(tables, pattern) for side, pattern in _SIDES.items()}
    if len(found["train"]) == 1 and len(found["test"]) <= 1:
        return {side: names[0] for side, names in found.items() if names}
    raise _ambiguous(path, tables)


def chosen_member(path: Path, member: str | None) -> tuple[str, bytes, tuple[str, ...]]:
    """The table of an archive that is meant: its name, its bytes, and what was chosen.

    Raises:
        MldiagError: If it is not clear which one is meant, or it cannot be read.
    """
    tables: dict[str, str] = {}
    if member is None:
        tables = tables_in(path)
        member = tables["train"]
    if member.lower().endswith(ARCHIVE_ENDINGS):
        raise MldiagError(
            f"{shown(member)} in {path.name} is an archive itself, which is not opened",
            expected="a table; unpack the outer archive first",
        )
    notices = [f"of {path.name} the member {shown(member)} is read"]
    if "test" in tables:
        notices.append(f"{shown(tables['test'])} is there too, and is not looked at")
    for found in read_members(path, [member]):
        if found.name == REST:
            continue
        if found.problem:
            raise broken_member(path, shown(member), found.problem)
        return PurePosixPath(found.name).name, found.content, tuple(notices)
    raise unknown_name(f"member of {path.name}", member, _files(path))


def _tables(path: Path) -> list[str]:
    """Names of the members that are tables by their endings."""
    names = _files(path)
    if archive_kind(path).container == "single":
        return names
    for endings in (SURE_ENDINGS, POSSIBLE_ENDINGS):
        found = [name for name in names if name.lower().endswith(endings)]
        if found:
            return found
    nested = [name for name in names if name.lower().endswith(ARCHIVE_ENDINGS)]
    if nested:
        raise MldiagError(
            f"{path.name} holds an archive ({shown(nested[0])}), which is not opened",
            expected="a table; unpack the outer archive first",
            hint=f"mldiag data list {shlex.quote(str(path))}",
        )
    raise MldiagError(
        f"{path.name} holds no table" + (f" but {_listed(names)}" if names else ""),
        expected=f"a file that ends in {', '.join(SURE_ENDINGS)}",
        hint=f"mldiag data list {shlex.quote(str(path))}",
    )


def _files(path: Path) -> list[str]:
    """Names of files, without what operating systems put beside them."""
    names = [member.name for member in members(path) if member.kind == "file"]
    return [
        name
        for name in names
        if "__MACOSX" not in name and not PurePosixPath(name).name.startswith(".")
    ]


def _named(names: list[str], pattern: re.Pattern[str]) -> list[str]:
    """Names whose file, else whose folder, says what they are for."""
    others = [other for other in _SIDES.values() if other is not pattern]
    for part in (lambda name: PurePosixPath(name).stem, lambda name: name):
        found = [name for name in names if pattern.search(part(name).lower())]
        found = [n for n in found if not any(other.search(part(n).lower()) for other in others)]
        if found:
            return found
    return []


def _ambiguous(path: Path, tables: list[str]) -> MldiagError:
    return MldiagError(
        f"{path.name} holds {len(tables):,} tables: {_listed(tables)}",
        expected="one, or one named train and one named test; else --member with a name",
        hint=f"--member {shlex.quote(tables[0])}",
    )


def _listed(names: list[str]) -> str:
    more = f", ... ({len(names):,} in all)" if len(names) > _SHOWN else ""
    return ", ".join(shown(name) for name in names[:_SHOWN]) + more


def _begins_like_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK"
    except OSError:
        return False
