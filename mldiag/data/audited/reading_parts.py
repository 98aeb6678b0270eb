"""What the readers of all formats share."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mldiag.data.audited.reading_headers import naming_call, unnamed
from mldiag.errors import MldiagError

READ_FORMATS = "CSV, TSV, Parquet, Arrow, Feather, NumPy, JSON lines, or an archive of these"
_SHOWN_NAMES = 12


@dataclass(frozen=True)
class RawTable:
    """What a reader found.

    Args:
        table: A `pyarrow.Table`, or a `pandas.DataFrame`.
        format: What the file is, as a phrase.
        notices: What a person should know of how it was read.
    """

    table: Any
    format: str
    notices: tuple[str, ...] = ()


def checked_names(names: Sequence[str], name: str) -> list[str]:
    """The names of columns, each one there and there once.

    Args:
        names: As they are in the file.
        name: Of the file.

    Raises:
        MldiagError: If one is missing or repeated.

    Example:
        >>> checked_names(["a", "b"], "data.csv")
        ['a', 'b']
    """
    blank = [position for position, label in enumerate(names, 1) if not label.strip()]
    if blank:
        raise MldiagError(
            f"column {blank[0]:,} of {name} has no name",
            expected="a name for every column in the first line",
            hint="frame.to_csv(path, index=False) leaves the row numbers out"
            if blank == [1]
            else "",
        )
    repeated = [label for label, count in Counter(names).items() if count > 1]
    if repeated:
        places = [str(i) for i, label in enumerate(names, 1) if label == repeated[0]]
        some = ", ".join(places[:_SHOWN_NAMES])
        raise MldiagError(
            f"{name} has {len(places):,} columns named {repeated[0]!r}: columns {some}",
            expected="each name once",
            hint=naming_call(name) if unnamed(names, name) else "",
        )
    if not names:
        raise MldiagError(f"{name} has no columns", expected="a table")
    return list(names)


def no_rows(name: str) -> MldiagError:
    """The error for a table without rows."""
    return MldiagError(
        f"{name} has a header but no rows",
        expected="at least one row",
        hint=f"wc -l {shlex.quote(name)}",
    )


def wrong_kind(name: str, kind: str) -> MldiagError:
    """The error for a file that is something else than a table."""
    hint = ""
    if "Excel" in kind:
        hint = "open it and save the sheet as CSV (UTF-8)"
    elif kind == "a web page":
        hint = "it is a page that was saved instead of the file: download the file itself"
    return MldiagError(f"{name} is {kind}", expected=READ_FORMATS, hint=hint)
