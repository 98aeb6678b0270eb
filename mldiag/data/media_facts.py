"""What checks on files of any kind may ask of a collection that was read, be it images, audio or text."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

from mldiag.data.media import MediaFile
from mldiag.data.media_kinds import MediaKind


class FileFacts(Protocol):
    """The facts of one file that do not depend on its kind."""

    @property
    def file(self) -> MediaFile:
        """The file."""

    @property
    def problem(self) -> str | None:
        """Why its content could not be used, as a phrase; None where it could."""

    @property
    def content_hash(self) -> str:
        """Equal for files of the same bytes; empty where the file could not be read."""

    @property
    def signal_hash(self) -> str:
        """Equal for files of the same pixels, samples or words, however stored; empty where unknown."""


class MediaAudit(Protocol):
    """A collection after every file was looked at once."""

    @property
    def kind(self) -> MediaKind:
        """What the files are."""

    @property
    def train(self) -> Sequence[FileFacts]:
        """Facts of the training files, in the order of the collection."""

    @property
    def test(self) -> Sequence[FileFacts]:
        """Facts of the test files; empty where there are none."""


def content_hash(content: bytes) -> str:
    """A name for content that no other content has: 128 bits of BLAKE2b, in hexadecimal.

    Example:
        >>> content_hash(b"cat") == content_hash(b"cat"), content_hash(b"cat") == content_hash(b"dog")
        (True, False)
    """
    return blake2b(content, digest_size=16).hexdigest()
