"""Whether the first line of a table of text names its columns: lines above the names, and no names at all."""

from __future__ import annotations

import csv
import itertools
import re
import shlex
from collections.abc import Sequence

from mldiag.data.table_format import TableFormat
from mldiag.errors import MldiagError

MOST_LINES_ABOVE = 100
LEAST_ROWS = 2
"""Rows of one width below a line that is taken for the header that others stand above."""

_COMMENTS = ("#", "%", "//")
_FRACTION = re.compile(r"\s*[+-]?(\d+\.\d*|\.\d+|\d+(\.\d*)?[eE][+-]?\d+)\s*|\s*-\d+\s*")
_WHOLE = re.compile(r"\s*\d+\s*")


def check_comments(start: bytes, name: str) -> None:
    r"""Refuse comments above the header, which would be taken for it.

    One line that begins with `#` may be the header itself, where it has as many fields as the next.

    Args:
        start: How the text begins.
        name: Name of the file.

    Raises:
        MldiagError: With a command that leaves them out.

    Example:
        >>> check_comments(b"#id,age\n1,41\n", "a.csv")
        >>> check_comments(b"# from the lab\nid,age\n1,41\n", "a.csv")
        Traceback (most recent call last):
        mldiag.errors.MldiagError: a.csv has a line of comment above its header
        ...
    """
    lines = _lines(start)
    mark = next((mark for mark in _COMMENTS if lines and lines[0].startswith(mark)), "")
    if not mark:
        return
    count = next((n for n, line in enumerate(lines) if not line.startswith(mark)), len(lines))
    if count == len(lines):
        return
    below = lines[count]
    if count == 1 and any(_width(lines[0], s) == _width(below, s) > 1 for s in ",;\t|"):
        return
    if count == 1 and all(_width(line, s) == 1 for line in lines[:2] for s in ",;\t|"):
        return
    what = "a line" if count == 1 else f"{count:,} lines"
    raise MldiagError(
        f"{name} has {what} of comment above its header",
        expected="the names of the columns in the first line",
        hint=f"grep -v '^{mark}' {shlex.quote(name)} > plain.csv",
    )


def lines_above(start: bytes, form: TableFormat, width: int, name: str) -> MldiagError | None:
    """The error for a table whose first lines are no part of it, such as a title; None where there are none.

    Args:
        start: How the text begins.
        form: How it is written.
        width: Fields of the first line.
        name: Name of the file.
    """
    lines = start.decode("utf-8", "replace").splitlines()
    widths = [_width(line, form.separator) for line in lines[: MOST_LINES_ABOVE + LEAST_ROWS + 1]]
    first = next((n for n, found in enumerate(widths) if found > width), None)
    if first is None or any(found > width for found in widths[:first]):
        return None
    below = widths[first : first + LEAST_ROWS + 1]
    if len(below) <= LEAST_ROWS or set(below) != {widths[first]} or _is_numeric(lines[first], form):
        return None
    return MldiagError(
        f"{name} has other lines above its header, it seems: from line {first + 1:,} on there are"
        f" {widths[first]:,} fields, in the first line {width:,}",
        expected="the names of the columns in the first line",
        hint=f"tail -n +{first + 1} {shlex.quote(name)} > plain.csv",
    )


def unnamed(names: Sequence[str], name: str) -> str:
    """A notice where what stands in the first line are values, not names; else empty.

    Whole numbers that count on are names, as pandas writes them; so are years beside a word.

    Args:
        names: The first line.
        name: Name of the file.

    Example:
        >>> unnamed(["age", "city"], "a.csv"), unnamed(["0", "1", "2"], "a.csv")
        ('', '')
        >>> unnamed(["0.84", "a"], "a.csv").splitlines()[0]
        "the first line of a.csv is taken for the names of its columns, and holds numbers: '0.84'"
    """
    fractions = [label for label in names if _FRACTION.fullmatch(label)]
    whole = [label for label in names if _WHOLE.fullmatch(label)]
    values = [int(label) for label in whole]
    counts_on = all(after - before == 1 for before, after in itertools.pairwise(values))
    if not fractions and (len(whole) < len(names) or counts_on):
        return ""
    shown = ", ".join(repr(label) for label in (fractions or whole)[:3])
    return (
        f"the first line of {name} is taken for the names of its columns, and holds numbers: {shown}\n"
        f"where it has no header: {naming_call(name)}"
    )


def naming_call(name: str) -> str:
    """A line of Python that gives the columns of a file without a header names."""
    return (
        f"pandas.read_csv({name!r}, header=None).add_prefix('x').to_csv('named.csv', index=False)"
    )


def _is_numeric(line: str, form: TableFormat) -> bool:
    """Whether a line holds a number, as rows do and headers do not."""
    return any(
        _FRACTION.fullmatch(cell) or _WHOLE.fullmatch(cell) for cell in line.split(form.separator)
    )


def _lines(start: bytes) -> list[str]:
    return [line for line in start.decode("utf-8", "replace").splitlines() if line.strip()]


def _width(line: str, separator: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=separator), []))
    except csv.Error:
        return 1
