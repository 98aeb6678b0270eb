"""A folder that holds tables: which one trains, and which one scores."""

from __future__ import annotations

import itertools
import re
import shlex
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mldiag.data.audited.reading_members import SURE_ENDINGS
from mldiag.data.media_kinds import kind_by_ending
from mldiag.errors import MldiagError

LOOKED_AT = 5_000
"""Files of a folder whose names are looked at."""

_PACKED = tuple(
    f"{table}.{packed}"
    for table in ("csv", "tsv", "jsonl", "ndjson")
    for packed in ("gz", "bz2", "xz", "zst")
)
_TABLES = (*SURE_ENDINGS, *(f".{ending}" for ending in _PACKED))
_SIDES = {
    "train": re.compile(r"(?<![a-z])(train|training)(?![a-z])"),
    "test": re.compile(r"(?<![a-z])(test|testing)(?![a-z])"),
    "valid": re.compile(r"(?<![a-z])(val|valid|validation|dev|eval)(?![a-z])"),
}
_SHOWN = 8
_OWN = ("mlartifacts", "mlruns")
"""Folders of figures that an earlier audit left here."""


@dataclass(frozen=True)
class FolderTables:
    """The tables of a folder.

    Args:
        train: The one that trains, or the only one.
        test: The one that scores, or None.
        notices: What was chosen and what was left, for a person.
    """

    train: Path
    test: Path | None
    notices: tuple[str, ...]


def tables_of_folder(folder: Path, *, typed: str = "") -> FolderTables | None:
    r"""The tables right in a folder, told apart by `train` and `test` (or `valid`) in their names.

    Args:
        folder: A folder.
        typed: How it was typed, for hints.

    Returns:
        None where the folder is one of images, sounds or texts, or holds no table.

    Raises:
        MldiagError: If there are several tables and their names do not tell which one trains.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as name:
        ...     for file in ("train.csv", "valid.csv", "README.md"):
        ...         _ = (Path(name) / file).write_text("a\n1\n")
        ...     found = tables_of_folder(Path(name))
        >>> found.train.name, found.test.name, found.notices
        ('train.csv', 'valid.csv', ('train is train.csv, test is valid.csv',))
    """
    tables = sorted(
        file
        for file in folder.iterdir()
        if file.name.lower().endswith(_TABLES) and not file.name.startswith(".") and file.is_file()
    )
    if not tables or _is_of_media(folder, len(tables)):
        return None
    if len(tables) == 1:
        return FolderTables(
            tables[0], None, (f"of {folder.name}/ the table {tables[0].name} is read",)
        )
    named = {side: [file for file in tables if _side(file.name) == side] for side in _SIDES}
    scoring = named["test"] or named["valid"]
    if len(named["train"]) != 1 or len(scoring) > 1:
        raise _ambiguous(folder, tables, typed or shlex.quote(str(folder)))
    train, test = named["train"][0], scoring[0] if scoring else None
    left = [file.name for file in tables if file not in (train, test)]
    notices = [f"train is {train.name}" + ("" if test is None else f", test is {test.name}")]
    if left:
        verb = "is" if len(left) == 1 else "are"
        notices.append(f"{_listed(left)} {verb} in {folder.name}/ too, and {verb} not looked at")
    return FolderTables(train, test, tuple(notices))


def _side(name: str) -> str:
    """What a name says that a table is for; empty where it says nothing, or several things."""
    stem = re.split(r"\.", name.lower(), maxsplit=1)[0]
    sides = [side for side, pattern in _SIDES.items() if pattern.search(stem)]
    return sides[0] if len(sides) == 1 else ""


def _is_of_media(folder: Path, tables: int) -> bool:
    """Whether a folder holds images or sounds, or more texts than tables: the tables are their labels."""
    names = (
        file.name
        for file in itertools.islice(folder.rglob("*"), LOOKED_AT)
        if not any(part.startswith(".") or part in _OWN for part in file.relative_to(folder).parts)
    )
    kinds = Counter(kind_by_ending(name) for name in names)
    return bool(kinds["image"] or kinds["audio"] or kinds["text"] > tables)


def _ambiguous(folder: Path, tables: list[Path], typed: str) -> MldiagError:
    place = typed.rstrip("/")
    return MldiagError(
        f"{folder} holds {len(tables):,} tables: {_listed([file.name for file in tables])}",
        expected="one, or one named train and one named test (or valid)",
        hint=f"mldiag audit {place}/{shlex.quote(tables[0].name)}",
    )


def _listed(names: list[str]) -> str:
    more = f", ... ({len(names):,} in all)" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
