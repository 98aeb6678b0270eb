"""What is wrong with a table of text, and in which line, once it is known that something is."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterator

from mldiag.data.archives.member import in_bytes
from mldiag.data.audited.reading_headers import lines_above
from mldiag.data.encodings import is_binary, likely_encoding
from mldiag.data.table_checks import plain_misfit, quoted_misfit
from mldiag.data.table_format import SEPARATORS, TableFormat
from mldiag.errors import MldiagError

_BLOCK_BYTES = 1 << 24
_HEAD_BYTES = 1 << 16
_LINES_LOOKED_AT = 200


def fault_of(
    view: memoryview, form: TableFormat, width: int, name: str, most_bytes: int, error: Exception
) -> MldiagError:
    """The error for a table that the parser refused, with the line.

    Args:
        view: The text in UTF-8.
        form: How it is written.
        width: Names in the header.
        name: Name of the file.
        most_bytes: Longest row that can be read.
        error: What the parser said.
    """
    quoted = any(b'"' in block for _, block in _blocks(view))
    if quoted:
        check_quotes(view, form, name)
    long = _long_line(view, most_bytes)
    if long is not None:
        number, size = long
        return MldiagError(
            f"{name}, line {number:,}: {in_bytes(size)} in one row",
            expected=f"rows of at most {in_bytes(most_bytes)}",
            hint=f"sed -n {number}p {shlex.quote(name)} | head -c 500",
        )
    find = quoted_misfit if quoted else plain_misfit
    misfit = find(io.BytesIO(view), form.separator, width, name)
    if misfit is None:
        told = str(error).splitlines() or ["it is no table"]
        return MldiagError(f"{name} cannot be read: {told[0]}", expected="a table of text")
    number, found = misfit
    above = lines_above(bytes(view[:_HEAD_BYTES]), form, width, name)
    if above is not None:
        return above
    return MldiagError(
        f"{name}, line {number:,}: {found} field{'s' * (found != 1)}",
        expected=f"{width}, as in the header" + _other_separator(view, number, form, width),
        hint=f"sed -n {number}p {shlex.quote(name)}",
    )


def check_quotes(view: memoryview, form: TableFormat, name: str) -> None:
    """Refuse a table in which a quote is opened and never closed: the rest of the file would be one cell."""
    if sum(block.count(b'"') for _, block in _blocks(view)) % 2 == 0:
        return
    text = io.TextIOWrapper(io.BytesIO(view), encoding="utf-8", errors="replace", newline="")
    rows = csv.reader(text, delimiter=form.separator)
    began, following, longest = 1, 1, False
    try:
        for _ in rows:
            began, following = following, rows.line_num + 1
    except csv.Error:  # a field of more than 128 KB
        began, longest = following, True
    if longest or _is_open(view, began, form):
        raise MldiagError(
            f"{name}, line {began:,}: a quote is opened that is never closed",
            expected='a closing quote; a quote within a quoted field is written twice: ""',
            hint=f"sed -n {began}p {shlex.quote(name)}",
        )


def _is_open(view: memoryview, line: int, form: TableFormat) -> bool:
    """Whether a row that begins in this line ends within quotes."""
    rest = bytes(view[_line_start(view, line) :]).decode("utf-8", errors="replace")
    rows = csv.reader(rest.splitlines(keepends=True), delimiter=form.separator, strict=True)
    try:
        for _ in rows:
            pass
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def not_utf8(view: memoryview, place: int, name: str, *, declared: bool) -> MldiagError:
    """The error for text that is not UTF-8: which line, and in what it is likely written.

    Args:
        view: The text.
        place: Where the first byte stands that is no UTF-8.
        name: Name of the file.
        declared: Whether the user said that it is UTF-8.
    """
    number, line = line_at(view, place)
    if is_binary(bytes(view[:4096])):
        return control_noise(name)
    byte = bytes(view[place : place + 1]).hex()
    guess = "" if declared else likely_encoding(_unusual_lines(view, place))
    shown = _excerpt(line, guess) if guess else ""
    return MldiagError(
        f"{name}, line {number:,}: byte 0x{byte} is no UTF-8",
        expected="UTF-8, or the encoding that it is written in" + shown,
        nearest=guess,
        hint=f"--encoding {guess or 'cp1252'}",
    )


def wrong_declared(name: str, encoding: str, error: UnicodeError) -> MldiagError:
    """The error for text that is not in the encoding that was named."""
    place = f" at byte {error.start + 1:,}" if isinstance(error, UnicodeDecodeError) else ""
    return MldiagError(
        f"{name} is not written in {encoding}{place}",
        expected="the encoding that it is written in, such as utf-8, cp1252, cp932 or utf-16",
    )


def control_noise(name: str) -> MldiagError:
    """The error for bytes that are no text."""
    return MldiagError(
        f"{name} is binary", expected="a table: CSV, TSV, Parquet, Arrow, JSON lines"
    )


def line_at(view: memoryview, place: int) -> tuple[int, bytes]:
    """Number and content of the line in which a byte stands."""
    number = 1 + sum(block.count(b"\n") for _, block in _blocks(view[:place]))
    before = bytes(view[max(0, place - 2000) : place]).rpartition(b"\n")[2]
    return number, before + bytes(view[place : place + 2000]).partition(b"\n")[0]


def _unusual_lines(view: memoryview, place: int) -> list[bytes]:
    """Lines with bytes above 127."""
    start = place - len(line_at(view, place)[1]) if place else 0
    lines = bytes(view[max(0, start) : place + (1 << 20)]).splitlines()
    return [line for line in lines if not line.isascii()][:_LINES_LOOKED_AT]


def _excerpt(line: bytes, encoding: str) -> str:
    text = line.decode(encoding, errors="replace")
    unusual = next((i for i, c in enumerate(text) if not c.isascii()), 0)
    part = text[max(0, unusual - 12) : unusual + 13].strip()
    return f" (in {encoding} it says: {part})"


def _other_separator(view: memoryview, line: int, form: TableFormat, width: int) -> str:
    """That a line is separated by something else than the header is."""
    start = _line_start(view, line)
    text = bytes(view[start : start + 100_000]).partition(b"\n")[0].decode("utf-8", "replace")
    for separator in SEPARATORS:
        if separator != form.separator and text.count(separator) + 1 == width > 1:
            names = {"\t": "tabs"}
            other = names.get(separator, separator)
            own = names.get(form.separator, form.separator)
            return f"; the line is separated by {other}, the header by {own}"
    return ""


def _long_line(view: memoryview, most: int) -> tuple[int, int] | None:
    """Number and length of the first line that is too long."""
    number, start = 1, 0
    for offset, block in _blocks(view):
        place = 0
        while (end := block.find(b"\n", place)) >= 0:
            if offset + end - start > most:
                return number, offset + end - start
            # lines shorter than the limit are passed over many at a time
            last = block.rfind(b"\n", end, min(len(block), end + most))
            number += block.count(b"\n", end, last) + 1
            start, place = offset + last + 1, last + 1
    return (number, len(view) - start) if len(view) - start > most else None


def _line_start(view: memoryview, line: int) -> int:
    """Where a line begins, counted from 1."""
    left = line - 1
    for offset, block in _blocks(view):
        count = block.count(b"\n")
        if count < left:
            left -= count
            continue
        place = 0
        for _ in range(left):
            place = block.index(b"\n", place) + 1
        return offset + place
    return len(view)


def _blocks(view: memoryview) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(view), _BLOCK_BYTES):
        yield start, bytes(view[start : start + _BLOCK_BYTES])
