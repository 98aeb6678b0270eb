"""Folders and archives of images, sounds or texts: which files there are, and their content one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

from mldiag.data.media_kinds import MEDIA_KINDS, MediaKind, main_kind
from mldiag.data.media_labels import labels_from_folders, labels_from_table, table_of_labels
from mldiag.data.media_sources import FoundFile, MediaSource, Unreadable, media_source
from mldiag.errors import MldiagError, unknown_name
from mldiag.wording import plural

__all__ = ["MediaCollection", "MediaFile", "Split", "Unreadable", "find_media"]

Split = Literal["train", "test"]


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One file of a collection.

    Args:
        name: Path inside the folder or archive, with forward slashes.
        split: The side of the split it is on.
        label: Its label, None where nothing tells it.
        bytes: Its size, unpacked.
    """

    name: str
    split: Split
    label: str | None
    bytes: int


@dataclass(frozen=True)
class MediaCollection:
    """All files of one kind in one or two places.

    Args:
        kind: What they are.
        files: Every one, train before test, by name.
        notices: What was guessed and what was left out, for a person.
        sources: The place that each side of the split is read from.
    """

    kind: MediaKind
    files: tuple[MediaFile, ...]
    notices: tuple[str, ...]
    sources: tuple[tuple[Split | None, MediaSource], ...]

    def of(self, split: Split) -> tuple[MediaFile, ...]:
        """The files on one side of the split."""
        return tuple(file for file in self.files if file.split == split)

    def contents(self) -> Iterator[tuple[MediaFile, bytes | Unreadable]]:
        """Every file with its content, one at a time; archives in their own order, which may be another."""
        for side, source in self.sources:
            wanted = {f.name: f for f in self.files if side is None or f.split == side}
            for name, content in source.contents(tuple(wanted)):
                yield wanted[name], content

    def open(self, file: MediaFile) -> BinaryIO:
        """A file's content as a stream, for files too long to be held at once.

        Raises:
            MldiagError: The file is not of this collection.
        """
        for side, source in self.sources:
            if side is None or side == file.split:
                return source.open(file.name)
        raise MldiagError(f"{file.name} is no file of this collection")


def find_media(
    train: Path | str,
    test: Path | str | None = None,
    *,
    labels: Path | str | None = None,
    label_column: str | None = None,
    kind: MediaKind | None = None,
) -> MediaCollection:
    """Find the images, sounds or texts in a folder or an archive.

    Hidden files, and links that leave the folder, are left out. Folders named train and test (val, valid
    and validation count as test) are the split unless `test` is given. Labels are the names of the folders
    right below, unless a table tells them.

    Args:
        train: The folder or archive.
        test: That of the test files.
        labels: A CSV or Parquet with one column of file names and one of labels.
        label_column: The column of the labels; None guesses it, and says so.
        kind: None takes what most files are.

    Raises:
        MldiagError: A place is missing or holds no such files, or the table of labels does not fit.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/.hidden.png"):
        ...         file = Path(folder) / name
        ...         file.parent.mkdir(exist_ok=True)
        ...         _ = file.write_bytes(b"?")
        ...     found = find_media(folder)
        >>> found.kind, [(file.name, file.label) for file in found.files]
        ('image', [('cat/1.png', 'cat'), ('cat/2.png', 'cat'), ('dog/1.png', 'dog')])
    """
    if kind is not None and kind not in MEDIA_KINDS:
        raise unknown_name("kind of media", kind, MEDIA_KINDS)
    places = [("train", Path(train))] + ([("test", Path(test))] if test is not None else [])
    notices: list[str] = []
    found: dict[str, tuple[MediaSource, tuple[FoundFile, ...]]] = {}
    for side, place in places:
        source = media_source(place)
        files, left_out = source.files()
        found[side] = (source, files)
        notices += left_out
    everything = [file for _, files in found.values() for file in files]
    chosen = kind or main_kind(file.kind for file in everything)
    if chosen is None or not any(file.kind == chosen for file in everything):
        raise _nothing_there(Path(train), kind, everything)
    notices += _others(everything, chosen)
    media = _split(found, chosen, notices)
    if not any(file.split == "train" for file in media):
        raise _nothing_there(Path(train), chosen, everything)
    labelled = _labelled(media, found["train"], labels, label_column, notices)
    ordered = sorted(labelled, key=lambda file: (file.split != "train", file.name))
    only_one = test is None
    sources = tuple((None if only_one else _side(side), found[side][0]) for side, _ in places)
    return MediaCollection(chosen, tuple(ordered), tuple(notices), sources)


def _side(name: str) -> Split:
    return "test" if name == "test" else "train"


def _split(
    found: dict[str, tuple[MediaSource, tuple[FoundFile, ...]]],
    kind: MediaKind,
    notices: list[str],
) -> list[MediaFile]:
    """Every file of the kind with its side and the label that its folder tells."""
    by_side = {
        side: [file for file in files if file.kind == kind] for side, (_, files) in found.items()
    }
    names = {side: [file.name for file in files] for side, files in by_side.items()}
    told, said = labels_from_folders(names["train"], names.get("test"))
    notices += said
    media = []
    for side, files in by_side.items():
        for file in files:
            split, label = told[side, file.name]
            media.append(MediaFile(file.name, _side(split), label, file.bytes))
    return media


def _labelled(
    media: list[MediaFile],
    train: tuple[MediaSource, tuple[FoundFile, ...]],
    labels: Path | str | None,
    label_column: str | None,
    notices: list[str],
) -> list[MediaFile]:
    """The files with the labels of a table in place of those of the folders, where there is one."""
    table = Path(labels) if labels is not None else None
    if table is None and label_column is None and any(f.label is not None for f in media):
        return media
    if table is None:
        table = table_of_labels(train[0].path)
    if table is None and label_column is not None:
        raise MldiagError(
            f"no table of labels for the column {label_column!r}",
            expected="a CSV with one column of file names and one of labels",
            hint="mldiag audit FOLDER --labels labels.csv",
        )
    if table is None:
        return media
    read = labels_from_table(
        table, [f.name for f in media], label_column=label_column, guessed=labels is None
    )
    if read is None:
        return media
    told, said = read
    notices.append(said)
    return [replace(file, label=told.get(file.name)) for file in media]


def _others(files: Sequence[FoundFile], kind: MediaKind) -> list[str]:
    counts = Counter(file.kind for file in files if file.kind != kind)
    unknown = counts.pop(None, 0)
    words = [f"{plural(count, str(other) + ' file')}" for other, count in counts.items()]
    words += [plural(unknown, "file") + " of another kind"] if unknown else []
    return [f"Left out beside the {kind} files: {', '.join(words)}."] if words else []


def _nothing_there(place: Path, kind: MediaKind | None, files: Sequence[FoundFile]) -> MldiagError:
    wanted = f"{kind} files" if kind else "images, sounds or texts"
    seen = Counter(Path(file.name).suffix or "no ending" for file in files)
    there = ", ".join(f"{count} x {suffix}" for suffix, count in seen.most_common(5))
    return MldiagError(
        f"{place} holds no {wanted}",
        expected="a folder or an archive of them, with labels from folders or a table",
        nearest=f"there is: {there}" if there else "it is empty, or all in it is hidden",
    )
