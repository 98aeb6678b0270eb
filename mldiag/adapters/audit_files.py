"""Files to audit: tables as they lie, and folders of images, sounds or texts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mldiag.adapters.audit_options import AuditOptions
from mldiag.data.archives import is_archive, members
from mldiag.data.audited.inspected import Inspected
from mldiag.data.audited.reading import read_table
from mldiag.data.audited.reading_members import tables_in
from mldiag.data.content import hashed
from mldiag.data.media import find_media
from mldiag.data.media_kinds import kind_by_ending

CHUNK = 1 << 20


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


def read_tables(place: Path, test: Any, settings: AuditOptions) -> ReadTables:
    """The training table, and the test table: named, or beside the other in an archive."""
    member, other = settings.member, None
    if test is None and member is None and is_archive(place):
        inside = tables_in(place)
        if {"train", "test"} <= set(inside):
            member, other = inside["train"], inside["test"]
    first = read_table(place, member=member, encoding=settings.encoding)
    notices, files = list(first.notices), [place]
    second: pd.DataFrame | None = None
    if other is not None:
        read = read_table(place, member=other, encoding=settings.encoding)
        second = read.frame
        notices += [f"train is {member}, test is {other}", *read.notices]
    elif isinstance(test, (str, Path)):
        read = read_table(Path(test), encoding=settings.encoding)
        second, files = read.frame, [place, Path(test)]
        notices += list(read.notices)
    elif test is not None:
        second = test
    digest = hashed([file_digest(file) for file in files] + [str(member)]).hex()
    return ReadTables(first.frame, second, digest, tuple(dict.fromkeys(notices)))


def holds_media(place: Path, settings: AuditOptions) -> bool:
    """Whether a path is a folder, or an archive with more images, sounds or texts than anything else."""
    if place.is_dir():
        return True
    if settings.member is not None or not is_archive(place):
        return False
    kinds = [kind_by_ending(member.name) for member in members(place)]
    return sum(kind is not None for kind in kinds) > len(kinds) / 2


def inspected_media(place: Path, test: Any, settings: AuditOptions, *, typed: str) -> Inspected:
    """What an audit of a folder or an archive of files looks at."""
    collection = find_media(
        place,
        None if test is None else Path(test),
        labels=settings.labels,
        label_column=settings.target_column,
    )
    subject = _read(collection)
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
        notices=tuple(collection.notices),
        why_not="files of this kind are looked at, not trained on",
    )


def _read(collection: Any) -> Any:
    if collection.kind == "image":
        from mldiag.data.images.read import read_images

        return read_images(collection)
    if collection.kind == "audio":
        from mldiag.data.audio.read import read_audio

        return read_audio(collection)
    from mldiag.data.texts.read import read_texts

    return read_texts(collection)


def file_digest(file: Path) -> str:
    """Hash of a file's bytes."""
    digest = hashlib.blake2b(digest_size=16)
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
