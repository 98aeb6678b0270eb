"""What the label and the side of the split of a media file are: from its folders, or from a table."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mldiag.errors import MldiagError, unknown_name
from mldiag.wording import plural

if TYPE_CHECKING:
    import pandas as pd

TRAIN_FOLDERS = frozenset({"train", "training", "train_set", "trainset"})
TEST_FOLDERS = frozenset(
    {"test", "testing", "test_set", "testset", "val", "valid", "validation", "dev", "eval"}
)

LEAST_PER_FOLDER = 1.5
"""Folders with fewer files than this on average are no labels: each file has a folder of its own."""

MATCHED_SHARE = 0.8
"""A table that nobody named is taken for the labels where it tells this share of the files."""

LABEL_NAMES = (
    "label",
    "labels",
    "class",
    "target",
    "category",
    "y",
    "species",
    "diagnosis",
    "emotion",
)
"""Column names that are taken for the label, the likelier ones first."""

Told = dict[tuple[str, str], tuple[str, str | None]]


def labels_from_folders(
    train: Sequence[str], test: Sequence[str] | None = None
) -> tuple[Told, list[str]]:
    """The side and the label that the folders of each file tell.

    Args:
        train: Names of the files of the first place.
        test: Those of the second; None where there is one place, whose folders may be the split.

    Returns:
        By place ("train" or "test") and name: the side of the split, and the label or None; and sentences
        for a person.

    Example:
        >>> told, said = labels_from_folders(["d/train/cat/1.png", "d/train/dog/1.png", "d/test/cat/2.png"])
        >>> told["train", "d/test/cat/2.png"], said
        (('test', 'cat'), ['The folder test is taken as the test files.', 'Labels: the 2 folders cat, dog.'])
    """
    said: list[str] = []
    folders = {("train", name): PurePosixPath(name).parts[:-1] for name in train}
    sides: dict[tuple[str, str], str] = dict.fromkeys(folders, "train")
    if test is None:
        folders = _unwrapped(folders)
        sides, folders = _split_by_folder(folders, said)
    else:
        second = {("test", name): PurePosixPath(name).parts[:-1] for name in test}
        sides |= dict.fromkeys(second, "test")
        folders |= second
    labels = _first_folders(folders, sides)
    distinct = sorted({label for label in labels.values() if label is not None})
    if len(distinct) < 2:
        labels = dict.fromkeys(labels)
        said.append("No labels: the files do not lie in folders of two or more names.")
    elif len(labels) < LEAST_PER_FOLDER * len(distinct):
        labels = dict.fromkeys(labels)
        said.append(
            f"No labels: {plural(len(distinct), 'folder')} hold hardly more than one file each."
        )
    else:
        shown = ", ".join(distinct[:8]) + (", ..." if len(distinct) > 8 else "")
        said.append(f"Labels: the {plural(len(distinct), 'folder')} {shown}.")
    return {key: (sides[key], labels[key]) for key in folders}, said


Folders = dict[tuple[str, str], tuple[str, ...]]


def _unwrapped(folders: Folders) -> Folders:
    """The folders without those that all files share, as a folder in an archive that holds everything."""
    while folders:
        first = {parts[:1] for parts in folders.values()}
        if len(first) != 1 or first == {()} or _side_of(*first) is not None:
            break
        folders = {key: parts[1:] for key, parts in folders.items()}
    return folders


def _side_of(parts: tuple[str, ...]) -> str | None:
    name = parts[0].casefold() if parts else ""
    return "train" if name in TRAIN_FOLDERS else "test" if name in TEST_FOLDERS else None


def _split_by_folder(
    folders: Folders, said: list[str]
) -> tuple[dict[tuple[str, str], str], Folders]:
    """The side of each file by the folders train and test; both must be there, else they are labels."""
    sides = {key: _side_of(parts) for key, parts in folders.items()}
    if not {"train", "test"} <= set(sides.values()):
        return dict.fromkeys(folders, "train"), folders
    tests = sorted({folders[key][0] for key, side in sides.items() if side == "test"})
    word = "folder" if len(tests) == 1 else "folders"
    verb = "is" if len(tests) == 1 else "are"
    said.append(f"The {word} {', '.join(tests)} {verb} taken as the test files.")
    outside = sum(side is None for side in sides.values())
    if outside:
        said.append(f"{plural(outside, 'file')} outside of the split's folders count as training.")
    inner = {key: parts[1:] if sides[key] else parts for key, parts in folders.items()}
    return {key: side or "train" for key, side in sides.items()}, inner


def _first_folders(
    folders: Folders, sides: dict[tuple[str, str], str]
) -> dict[tuple[str, str], str | None]:
    """The first folder of each file below what all files of its side share."""
    labels: dict[tuple[str, str], str | None] = {}
    own = {
        side: {key: parts for key, parts in folders.items() if sides[key] == side}
        for side in ("train", "test")
    }
    names = {side: {parts[0] for parts in own[side].values() if parts} for side in own}
    for side, other in (("train", "test"), ("test", "train")):
        # One folder for all is a wrapper such as images/, unless it is a label of the other side.
        alone = len(names[side]) == 1 and not (names[side] & names[other] and len(names[other]) > 1)
        inner = _unwrapped(own[side]) if alone else own[side]
        labels |= {key: (parts[0] if parts else None) for key, parts in inner.items()}
    return labels


def table_of_labels(folder: Path) -> Path | None:
    """The one table that lies at the top of a folder, which may tell the labels; else None."""
    if not folder.is_dir():
        return None
    tables = [
        f for f in sorted(folder.iterdir()) if f.suffix.lower() in (".csv", ".tsv") and f.is_file()
    ]
    return tables[0] if len(tables) == 1 and not tables[0].is_symlink() else None


def labels_from_table(
    table: Path, names: Sequence[str], *, label_column: str | None = None, guessed: bool = False
) -> tuple[dict[str, str | None], str] | None:
    """Labels by file name from a table.

    Args:
        table: A CSV, TSV or Parquet.
        names: Names of the files, as paths inside their folder.
        label_column: The column of the labels; None guesses it.
        guessed: Nobody named the table: where it does not fit, None is returned instead of an error.

    Returns:
        Labels by name, None where the table does not tell one, and a sentence on what was taken.

    Raises:
        MldiagError: No column holds the names of the files, or none can be the labels.
    """
    from mldiag.data.tables import read_table

    try:
        frame = read_table(table, as_text=True)
        found = _file_column(frame, names)
        if found is None or (guessed and found[2] < MATCHED_SHARE * len(names)):
            raise MldiagError(
                f"{table.name} names none of the files in any column",
                expected=f"a column with names such as {names[0]!r}",
            )
        column, places, matched = found
        label = _label_column(frame, column, label_column)
    except MldiagError:
        if guessed and label_column is None:
            return None
        raise
    values = frame[label].astype(object).where(frame[label].notna(), None).tolist()
    told = {
        name: _text(values[place]) if place is not None else None
        for name, place in zip(names, places, strict=True)
    }
    said = (
        f"Labels: column {label!r} of {table.name}, by the file names in {column!r} "
        f"({matched:,} of {plural(len(names), 'file')})."
    )
    return told, said


def _text(value: object) -> str | None:
    return None if value is None or not str(value).strip() else str(value)


def _file_column(
    frame: pd.DataFrame, names: Sequence[str]
) -> tuple[str, list[int | None], int] | None:
    """The column that names most files, its row per file, and how many it names."""
    best: tuple[str, list[int | None], int] | None = None
    for part in ("whole", "name", "stem"):
        wanted = [_part(name, part) for name in names]
        keys = Counter(wanted)
        for column in frame.columns:
            written = frame[column].astype(str).str.replace("\\", "/")
            rows = {_part(text, part): row for row, text in enumerate(written)}
            if len(rows) < len(written):  # a name that stands twice names no file
                continue
            places = [rows.get(key) if keys[key] == 1 else None for key in wanted]
            matched = sum(place is not None for place in places)
            if matched and (best is None or matched > best[2]):
                best = (str(column), places, matched)
    return best


def _part(name: str, part: str) -> str:
    path = PurePosixPath(name)
    return {"whole": path.as_posix(), "name": path.name, "stem": path.stem}[part]


def _label_column(frame: pd.DataFrame, files: str, asked: str | None) -> str:
    others = [str(column) for column in frame.columns if str(column) != files]
    if asked is not None:
        if asked not in others:
            raise unknown_name("column", asked, others, hint="--label-column NAME")
        return asked
    by_name = {column.casefold(): column for column in others}
    named = [by_name[name] for name in LABEL_NAMES if name in by_name]
    if named or len(others) == 1:
        return named[0] if named else others[0]
    raise MldiagError(
        "it is not clear which column holds the labels",
        expected=f"one of {', '.join(others)}" if others else "a second column with the labels",
        hint=f"--label-column {shlex.quote(others[0])}" if others else "",
    )
