"""Settings of the audit: its fields are the flags of the command and of the function."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from mldiag.data.audited.kinds import declared_kinds, written_kinds
from mldiag.early_checks import check_count, check_gain
from mldiag.errors import MldiagError, unknown_name

TASKS = ("classification", "regression")


@dataclass(frozen=True)
class Settings:
    """What is audited, and how.

    Args:
        test: The rows that score or are predicted, where TARGET holds those that train.
        target_column: Name of the target column.
        group: Name of the column whose equal values belong together, such as a patient.
        time: Name of the column of times.
        task: What is learned, where the target does not tell.
        types: Columns taken for something else than guessed, each `NAME=KIND`.
        labels: A table of file names and labels, for folders of images, sounds or texts.
        member: The file to read inside an archive.
        encoding: The encoding of a file of text, where it is not told by itself.
        rows_at_most: Rows of a table that are looked at, drawn with a seed; by default all that fit into half
            of the free memory, else a million.
        estimator: The model that the data are for, `package.module:Class`.
        measure: Whether to train with and without what a finding advises, and tell the gain.
        repeats: Draws of the rows for each of these trainings.
        gain: Smallest gain worth having, in the metric's own unit.
        rows: A CSV file to write the rows to that findings name.
        overwrite: Whether `rows` and `fix` may replace files that are there.
        fix: A file to write the mended rows to, with a log beside it; the original stays as it is.
    """

    test: Path | None = field(
        default=None, metadata={"help": "The rows that score, where TARGET holds those that train."}
    )
    target_column: str | None = field(
        default=None,
        metadata={
            "help": "Name of the target column.",
            "flags": ("--target",),
            "shown": "COLUMN",
            "keyword": "target",
        },
    )
    group: str | None = field(
        default=None,
        metadata={"help": "Column whose equal values belong together.", "shown": "COLUMN"},
    )
    time: str | None = field(default=None, metadata={"help": "Column of times.", "shown": "COLUMN"})
    task: str | None = field(
        default=None, metadata={"help": "classification or regression.", "choices": TASKS}
    )
    types: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "What a column holds, where the guess is wrong: zip=category.",
            "flags": ("--type",),
            "shown": "NAME=KIND",
        },
    )
    labels: Path | None = field(
        default=None, metadata={"help": "CSV of file names and labels, for a folder of files."}
    )
    member: str | None = field(
        default=None, metadata={"help": "The file to read inside an archive.", "shown": "NAME"}
    )
    encoding: str | None = field(
        default=None, metadata={"help": "Encoding of a text file: cp1252, shift_jis."}
    )
    rows_at_most: int | None = field(
        default=None,
        metadata={
            "help": "Rows of a table that are looked at; by default all, or a million where memory is short.",
            "example": 200_000,
        },
    )
    estimator: str | None = field(
        default=None,
        metadata={"help": "The model that the data are for: package.module:Class."},
    )
    measure: bool = field(
        default=True,
        metadata={"help": "Train with and without what is advised, and tell the gain."},
    )
    repeats: int = field(
        default=5,
        metadata={
            "help": "Draws of the rows for these trainings.",
            "flags": ("--repeats", "--seeds"),
        },
    )
    gain: float | None = field(
        default=None,
        metadata={
            "help": "Smallest gain worth having, in the metric's own unit.",
            "example": 0.005,
        },
    )
    rows: Path | None = field(
        default=None, metadata={"help": "Write the rows that findings name to this CSV file."}
    )
    fix: Path | None = field(
        default=None,
        metadata={
            "help": "Write the mended rows to this file (.csv or .parquet), and a log beside it."
        },
    )

    overwrite: bool = field(
        default=False, metadata={"help": "Let --rows and --fix replace files that are there."}
    )

    def __post_init__(self) -> None:
        """Check what can be checked before anything is read."""
        check_count("repeats", self.repeats, flag="--repeats 5")
        if self.rows_at_most is not None:
            check_count("rows_at_most", self.rows_at_most, flag="--rows-at-most 200000")
        check_gain(self.gain)
        if self.task is not None and self.task not in TASKS:
            raise unknown_name("task", str(self.task), TASKS, hint="--task classification")
        given = written_kinds(self.types)
        object.__setattr__(self, "types", given)
        declared_kinds(given)
        if self.fix is not None and Path(self.fix).suffix not in (".csv", ".parquet"):
            raise MldiagError(
                f"--fix {str(self.fix)!r}",
                expected="the name of a new .csv or .parquet file",
                hint=f"--fix {shlex.quote(str(Path(self.fix).with_suffix('.parquet')))}",
            )
