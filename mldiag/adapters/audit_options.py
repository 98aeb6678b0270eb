"""What a person may say of the data to be audited."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class AuditOptions(Protocol):
    """The part of the audit's settings that says what is read and written; see its `Settings`."""

    @property
    def test(self) -> Path | None:
        """The rows that score."""

    @property
    def target_column(self) -> str | None:
        """Name of the target column."""

    @property
    def group(self) -> str | None:
        """Name of the column whose equal values belong together."""

    @property
    def time(self) -> str | None:
        """Name of the column of times."""

    @property
    def task(self) -> str | None:
        """What is learned."""

    @property
    def types(self) -> tuple[str, ...]:
        """Kinds of columns, each `NAME=KIND`."""

    @property
    def labels(self) -> Path | None:
        """A table of file names and labels."""

    @property
    def member(self) -> str | None:
        """The file to read inside an archive."""

    @property
    def encoding(self) -> str | None:
        """The encoding of a file of text."""

    @property
    def rows_at_most(self) -> int | None:
        """Rows of a table that are looked at; None for what the memory holds."""

    @property
    def estimator(self) -> str | None:
        """The model that the data are for."""

    @property
    def rows(self) -> Path | None:
        """Where the rows are written that findings name."""

    @property
    def overwrite(self) -> bool:
        """Whether files that are there may be replaced."""

    @property
    def fix(self) -> Path | None:
        """Where the mended rows are written."""
