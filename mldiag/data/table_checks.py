"""What is wrong with a table of text is found and named by its line, before it is read."""

from __future__ import annotations

import csv
import io
import shlex
from collections import Counter
from pathlib import Path
from typing import IO

import numpy as np

from mldiag.data.table_format import TableFormat, opened, table_format, wrong_encoding
from mldiag.errors import MldiagError

_SCANNED_BYTES = 1 << 21  # small enough to stay in the processor's cache
_ELLIPSIS = 12  # names shown of a long header


WHOLE_BYTES = 4 * 2**20
"""Files up to this size are looked through before pandas is imported, which takes as long as 100 MB."""


def checked_header(path: Path) -> list[str] | None:
    """The names in the first line of a table of text, which is looked through where it is small.

    Args:
        path: The file.

    Returns:
        The names, or None for a table that is no text.

    Raises:
        MldiagError: If there is no such file, or it is no table, empty, ragged, or not UTF-8.
    """
    form = table_format(path)
    if form.kind != "csv":
        return None
    names = header_of(path, form)
    check_header(names, path)
    if path.stat().st_size <= WHOLE_BYTES:
        _check_encoding(path, form)
        check_widths(path, form, len(names))
        _check_rows(path, form)
    return names


def _check_encoding(path: Path, form: TableFormat) -> None:
    with opened(path, form) as file:
        text = file.read()
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise encoding_error(path, form) from error


def _check_rows(path: Path, form: TableFormat) -> None:
    with opened(path, form) as file:
        lines = sum(1 for line in file if line.strip())
    if lines < 2:
        raise no_rows(path)


def no_rows(path: Path) -> MldiagError:
    """The error for a table that ends with its header."""
    return MldiagError(
        f"{path.name} has a header but no rows",
        expected="at least one row",
        hint=f"wc -l {shlex.quote(path.name)}",
    )


def header_of(path: Path, form: TableFormat) -> list[str]:
    """The names in the first line."""
    with opened(path, form) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        for row in csv.reader(text, delimiter=form.separator):
            if row:
                return row
    raise MldiagError(f"{path.name} is empty", expected="a header and rows")


def check_header(names: list[str], path: Path) -> None:
    """Refuse a header that lacks or repeats a name."""
    blank = [position for position, name in enumerate(names, 1) if not name.strip()]
    if blank:
        raise MldiagError(
            f"column {blank[0]} of {path.name} has no name",
            expected="a name for every column in the first line",
            hint="frame.to_csv(path, index=False)" if blank == [1] else "",
        )
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise MldiagError(
            f"{path.name} has {names.count(repeated[0])} columns named {repeated[0]!r}",
            expected="each name once",
            nearest=", ".join(names[:_ELLIPSIS]),
        )


def check_widths(path: Path, form: TableFormat, width: int) -> None:
    """Find the first row with too few or too many fields: pandas fills short rows without a word."""
    with opened(path, form) as file:
        quoted = _has_byte(file, b'"')
    find = quoted_misfit if quoted else plain_misfit
    with opened(path, form) as file:
        line = find(file, form.separator, width, path.name)
    if line is not None:
        number, found = line
        raise MldiagError(
            f"{path.name}, line {number}: {found} field{'s' * (found != 1)}",
            expected=f"{width}, as in the header",
            hint=f"sed -n {number}p {shlex.quote(path.name)}",
        )


def _has_byte(file: IO[bytes], byte: bytes) -> bool:
    while block := file.read(_SCANNED_BYTES):
        if byte in block:
            return True
    return False


def plain_misfit(
    file: IO[bytes], separator: str, width: int, name: str = ""
) -> tuple[int, int] | None:
    """Line and number of fields of the first misfit, where no field is quoted: counted a block at a time."""
    mark, line, rest = ord(separator), 0, b""
    while True:
        block = file.read(_SCANNED_BYTES)
        whole, _, rest = (rest + block).rpartition(b"\n") if block else (rest, b"", b"")
        if whole:
            data = np.frombuffer(whole + b"\n", dtype=np.uint8)
            ends = np.flatnonzero(data == 10)
            lengths = np.diff(ends, prepend=-1) - 1
            before = np.searchsorted(np.flatnonzero(data == mark), ends)
            found = np.diff(before, prepend=0) + 1
            blank = (lengths == 0) | ((lengths == 1) & (data[ends - 1] == 13))
            odd = np.flatnonzero((found != width) & ~blank)
            if len(odd):
                return line + int(odd[0]) + 1, int(found[odd[0]])
            line += len(ends)
        if not block:
            return None


def quoted_misfit(file: IO[bytes], separator: str, width: int, name: str) -> tuple[int, int] | None:
    """Line and number of fields of the first misfit, where fields may be quoted."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
    rows = csv.reader(text, delimiter=separator)
    started = 1
    try:
        for row in rows:
            if row and len(row) != width:
                return started, len(row)
            started = rows.line_num + 1
    except csv.Error as error:
        raise MldiagError(
            f"{name}, line {started}: {error}", expected="fields with closed quotes"
        ) from error
    finally:
        text.detach()  # the file is its opener's to close
    return None


def encoding_error(path: Path, form: TableFormat) -> MldiagError:
    """Name the line and the byte that are not UTF-8."""
    with opened(path, form) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                place = f"line {number}, byte {error.start + 1} is 0x{line[error.start]:02x}"
                return wrong_encoding(path, place, "CP1252")
    return wrong_encoding(path, "it ends within a character", "CP1252")
