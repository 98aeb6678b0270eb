"""Files to audit: tables as they lie, and folders of images, sounds or texts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from mldiag.adapters.audit_options import AuditOptions
from mldiag.data.archives import is_archive, members
from mldiag.data.archives.member import in_bytes
from mldiag.data.audited.inspected import Inspected
from mldiag.data.audited.reading import ReadTable, read_table
from mldiag.data.audited.reading_members import tables_in
from mldiag.data.audited.reading_memory import fit_of
from mldiag.data.content import hashed
from mldiag.data.media import find_media
from mldiag.data.media_kinds import kind_by_ending
from mldiag.errors import MldiagError

CHUNK = 1 << 20

Tell = Callable[[str, int, int], None]
"""Takes what is read, how much of it is done, and how much there is."""


@dataclass(frozen=True, eq=False)
class ReadTables:
    """The tables of an audit.

    Args:
        train: The rows that train.
        test: The rows that score, or None.
        digest: Hash of the files.
        notices: What was found out while reading.
    """

    train: pd.DataFrame
    test: pd.DataFrame | None
    digest: str
    notices: tuple[str, ...]


def read_one(place: Path, settings: AuditOptions) -> pd.DataFrame:
    """One table, raw."""
    return read_table(place, member=settings.member, encoding=settings.encoding).frame


def read_tables(
    place: Path, test: Any, settings: AuditOptions, *, tell: Tell | None = None
) -> ReadTables:
    """The training table, and the test table: named, or beside the other in an archive.

    Args:
        place: The file.
        test: The file or the data of the test rows, or None.
        settings: The step's settings.
        tell: Told how much has been read of a file of which only a sample is held.

    Raises:
        MldiagError: If one cannot be read, or only a sample of it could be mended.
    """
    member, other = settings.member, None
    if test is None and member is None and is_archive(place):
        inside = tables_in(place)
        if {"train", "test"} <= set(inside):
            member, other = inside["train"], inside["test"]
    first, notices = _fitting(place, member, settings, tell)
    if settings.fix is not None and first.rows is not None:
        raise MldiagError(
            f"--fix mends all rows, and {len(first.rows):,} of {first.row_count:,} fit the audit",
            expected="a table that is looked at whole, on a machine with the memory for it",
            hint=f"--rows-at-most {first.row_count}",
        )
    files, limits = [place], [] if first.rows is None else [str(len(first.rows))]
    second: pd.DataFrame | None = None
    if other is not None:
        read, told = _fitting(place, other, settings, tell)
        second = read.frame
        notices += [f"train is {member}, test is {other}", *told]
    elif isinstance(test, (str, Path)):
        read, told = _fitting(Path(test), None, settings, tell)
        second, files = read.frame, [place, Path(test)]
        limits += [] if read.rows is None else [str(len(read.rows))]
        notices += told
    elif test is not None:
        second = test
    if limits and second is not None:
        notices.append("rows that stand on both sides are found only among the rows looked at")
    digest = hashed([file_digest(file) for file in files] + [str(member), *limits]).hex()
    return ReadTables(first.frame, second, digest, tuple(dict.fromkeys(notices)))


def _fitting(
    place: Path, member: str | None, settings: AuditOptions, tell: Tell | None
) -> tuple[ReadTable, list[str]]:
    """A table, or what of it fits into the memory, and what a person should know of that."""
    fit = fit_of(place) if settings.rows_at_most is None else None
    read = read_table(
        place,
        member=member,
        encoding=settings.encoding,
        rows_at_most=settings.rows_at_most if fit is None else fit.rows_at_most,
        progress=None if tell is None else partial(tell, f"reading {place.name}"),
    )
    if read.rows is None:
        return read, list(read.notices)
    why = ""
    if fit is not None:
        needed, free = in_bytes(fit.needed_bytes), in_bytes(fit.free_bytes)
        why = f" all would take about {needed} of memory, and {free} are free;"
    sample = (
        f"looked at {len(read.rows):,} of {read.row_count:,} rows of {place.name}, drawn with a seed:{why}"
        " numbers of rows count within these; --rows-at-most changes it"
    )
    others = [told for told in read.notices if "are looked at, drawn with seed" not in told]
    return read, [*others, sample, *([read.whole.told()] if read.whole is not None else [])]


def holds_media(place: Path, settings: AuditOptions) -> bool:
    """Whether a path is a folder, or an archive with more images, sounds or texts than anything else."""
    if place.is_dir():
        return True
    if settings.member is not None or not is_archive(place):
        return False
    kinds = [kind_by_ending(member.name) for member in members(place)]
    return sum(kind is not None for kind in kinds) > len(kinds) / 2


def inspected_media(
    place: Path, test: Any, settings: AuditOptions, *, typed: str, tell: Tell | None = None
) -> Inspected:
    """What an audit of a folder or an archive of files looks at; tells how many have been read."""
    collection = find_media(
        place,
        None if test is None else Path(test),
        labels=settings.labels,
        label_column=settings.target_column,
    )
    subject = _read(collection, tell)
    listed = [
        f"{facts.file.split}/{facts.file.name}/{facts.file.label}/{facts.content_hash}"
        for facts in (*subject.train, *subject.test)
    ]
    return Inspected(
        kind=collection.kind,
        subject=subject,
        digest=hashed(listed).hex(),
        source=str(place),
        typed=typed,
        notices=(*collection.notices, *_encodings(collection.kind, subject)),
        why_not="files of this kind are looked at, not trained on",
    )


def _encodings(kind: str, subject: Any) -> tuple[str, ...]:
    """How texts were decoded, where not all are in UTF-8."""
    if kind != "text":
        return ()
    from mldiag.data.texts.read import encodings_told

    return encodings_told(subject)


def _read(collection: Any, tell: Tell | None) -> Any:
    words = {"image": "images", "audio": "sounds", "text": "texts"}
    progress = None if tell is None else partial(tell, f"reading {words[collection.kind]}")
    if collection.kind == "image":
        from mldiag.data.images.read import read_images

        return read_images(collection, progress=progress)
    if collection.kind == "audio":
        from mldiag.data.audio.read import read_audio

        return read_audio(collection, progress=progress)
    from mldiag.data.texts.read import read_texts

    return read_texts(collection, progress=progress)


def file_digest(file: Path) -> str:
    """Hash of a file's bytes."""
    digest = hashlib.blake2b(digest_size=16)
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
