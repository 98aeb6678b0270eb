"""Separated text as it is written: only an empty cell is missing, and whatever is no number stays text."""

from __future__ import annotations

import codecs
import csv
from typing import Any

from mldiag.data.audited.reading_faults import (
    check_quotes,
    control_noise,
    fault_of,
    not_utf8,
    wrong_declared,
)
from mldiag.data.audited.reading_headers import check_comments, unnamed
from mldiag.data.audited.reading_parts import RawTable, checked_names, no_rows, wrong_kind
from mldiag.data.encodings import is_binary, marked_encoding
from mldiag.data.table_format import TableFormat, other_format, text_format
from mldiag.errors import MldiagError

MOST_COLUMNS = 100_000
"""A header with more names is refused before anything is parsed: every column costs memory of its own."""

MOST_HEADER_BYTES = 16 * 2**20
_SNIFFED_BYTES = 1 << 16
_CHECKED_BYTES = 1 << 24
_SAMPLED_BYTES = 1 << 20

_BLOCKS = (4 << 20, 16 << 20)
"""Bytes that are parsed at once; a row that spans several of the larger ones is refused."""

_AS_TEXT = r"^\s*[+-]?0[0-9xX]"
"""Leading zeros make codes such as 007, which a number would lose; 0x begins hexadecimal ones."""

_EXACT_WHOLE = 2.0**63
"""Whole numbers beyond it do not fit 64 bits and would lose their last digits."""


def read_text(data: Any, name: str) -> RawTable:
    """Read separated text.

    Args:
        data: The text in UTF-8, as a `pyarrow.Buffer`.
        name: Name of the file, for errors.

    Raises:
        MldiagError: If it is no table, with the line where it goes wrong.
    """
    view = memoryview(data)
    start = bytes(view[:_SNIFFED_BYTES])
    if not start.strip():
        raise MldiagError(f"{name} is empty", expected="a header and rows")
    kind = other_format(start)
    if kind:
        raise wrong_kind(name, kind)
    if is_binary(start):
        raise control_noise(name)
    form = text_format(start)
    names, body = header_of(view, form, name)
    if not bytes(view[body : body + _SNIFFED_BYTES]).strip() and not bytes(view[body:]).strip():
        raise no_rows(name)
    table = _parsed(data, names, body, form, name)
    commas = ("decimals are written with a comma",) if form.decimal == "," else ()
    told = unnamed(names, name)
    return RawTable(table, described(form), (*commas, *((told,) if told else ())))


def described(form: TableFormat) -> str:
    """What a table of text is called, such as CSV."""
    return {",": "CSV", "\t": "TSV"}.get(form.separator, f"CSV separated by {form.separator}")


def as_utf8(data: Any, name: str, encoding: str | None) -> tuple[Any, str]:
    """Text in UTF-8 without a byte order mark, and what was done for that; what is no text stays.

    Args:
        data: The bytes, as a `pyarrow.Buffer`.
        name: Name of the file, for errors.
        encoding: How it is encoded; None for UTF-8 or what a byte order mark says.

    Raises:
        MldiagError: If it is not in this encoding, with the line.
    """
    import pyarrow

    view = memoryview(data)
    start = bytes(view[:_SNIFFED_BYTES])
    found = encoding or marked_encoding(start)
    if found and codecs.lookup(found).name not in ("utf-8", "utf-8-sig"):
        try:
            text = codecs.decode(view, found)
        except (UnicodeDecodeError, UnicodeError) as error:
            raise wrong_declared(name, found, error) from error
        told = "" if encoding else f"it is written in {found.upper()}"
        return pyarrow.py_buffer(text.lstrip("\ufeff").encode("utf-8", "replace")), told
    if start.startswith(codecs.BOM_UTF8):
        data = data.slice(3)
        view = memoryview(data)
    if b"\0" in start or other_format(start) not in ("", "JSON"):
        return data, ""  # no text at all, which is told as what it is
    place = _invalid_place(view)
    if place is not None:
        raise not_utf8(view, place, name, declared=encoding is not None)
    return data, ""


def _invalid_place(view: memoryview) -> int | None:
    """Where the first byte stands that is no UTF-8."""
    decoder, pending = codecs.getincrementaldecoder("utf-8")(), 0
    for start in range(0, len(view), _CHECKED_BYTES):
        block = bytes(view[start : start + _CHECKED_BYTES])
        if not pending and block.isascii():
            continue
        try:
            decoder.decode(block)
        except UnicodeDecodeError as error:
            return start - pending + error.start
        pending = len(decoder.getstate()[0])
    return len(view) - pending if pending else None


def header_of(view: memoryview, form: TableFormat, name: str) -> tuple[list[str], int]:
    """The names in the first line that is not blank, and where the rows begin."""
    head = bytes(view[:MOST_HEADER_BYTES])
    check_comments(head[:_SNIFFED_BYTES], name)
    start = len(head) - len(head.lstrip(b"\r\n"))
    end = _line_end(head, start)
    if end is None:
        if len(view) > len(head):
            raise MldiagError(
                f"the first line of {name} is longer than {MOST_HEADER_BYTES // 2**20} MB",
                expected="a line with the names of the columns",
            )
        end = len(head)
    count = head.count(form.separator.encode(), start, end) + 1
    if count > MOST_COLUMNS:
        raise MldiagError(
            f"{name} has about {count:,} columns",
            expected=f"at most {MOST_COLUMNS:,}: one row a sample, one column a feature",
            hint="is it transposed? frame.T turns it",
        )
    try:
        lines = head[start:end].decode("utf-8").splitlines(keepends=True)
        names = next(csv.reader(lines, delimiter=form.separator))
    except (csv.Error, UnicodeDecodeError) as error:
        raise MldiagError(
            f"the first line of {name} cannot be read: {error}",
            expected="a line with the names of the columns",
        ) from error
    return checked_names(names, name), end


def _line_end(head: bytes, start: int) -> int | None:
    """Where the line behind its end begins; a line end within quotes is none."""
    place, quotes = start, 0
    while True:
        ends = [found for mark in (b"\n", b"\r") if (found := head.find(mark, place)) >= 0]
        if not ends:
            return None
        end = min(ends)
        quotes += head.count(b'"', place, end)
        place = end + (2 if head[end : end + 2] == b"\r\n" else 1)
        if quotes % 2 == 0:
            return place


def _parsed(data: Any, names: list[str], body: int, form: TableFormat, name: str) -> Any:
    """The rows as a `pyarrow.Table`."""
    import pyarrow

    view, rows = memoryview(data), data.slice(body)
    quoted = _holds_quote(view, body)
    texts = _columns_kept_as_text(rows, names, form, quoted)
    for block in _BLOCKS:
        try:
            table = _read(rows, names, form, quoted, texts, block)
            break
        except pyarrow.ArrowInvalid as error:
            if "straddling" in str(error) and block != _BLOCKS[-1]:
                continue
            raise fault_of(view, form, len(names), name, _BLOCKS[-1], error) from error
    if quoted:
        check_quotes(view, form, name)
    doubtful = _doubtful(table)
    if doubtful:
        forced = texts | {column: pyarrow.string() for column in doubtful}
        again = _read(rows, names, form, quoted, forced, block, include=doubtful)
        for column in doubtful:
            table = table.set_column(names.index(column), column, again.column(column))
    return table


def read_with_types(rows: Any, names: list[str], form: TableFormat, name: str) -> Any:
    """Rows without a header as a `pyarrow.Table`, with the types that all cells of a column agree in.

    Args:
        rows: The text, as a `pyarrow.Buffer`.
        names: Of the columns.
        form: How it is written.
        name: Name of the file, for errors.
    """
    return _parsed(rows, names, 0, form, name)


def _read(
    rows: Any,
    names: list[str],
    form: TableFormat,
    quoted: bool,
    texts: dict[str, Any],
    block: int,
    include: list[str] | None = None,
) -> Any:
    import pyarrow.csv

    return pyarrow.csv.read_csv(
        pyarrow.BufferReader(rows),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=block),
        parse_options=pyarrow.csv.ParseOptions(delimiter=form.separator, newlines_in_values=quoted),
        convert_options=pyarrow.csv.ConvertOptions(
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            true_values=["true", "True", "TRUE"],
            false_values=["false", "False", "FALSE"],
            decimal_point=form.decimal,
            column_types=texts,
            include_columns=include,
        ),
    )


def _columns_kept_as_text(
    rows: Any, names: list[str], form: TableFormat, quoted: bool
) -> dict[str, Any]:
    """Columns whose first cells are codes with leading zeros."""
    import pyarrow
    import pyarrow.compute

    end = bytes(memoryview(rows)[:_SAMPLED_BYTES]).rfind(b"\n") + 1
    sample = rows if len(rows) <= _SAMPLED_BYTES else rows.slice(0, end)
    as_text = {column: pyarrow.string() for column in names}
    try:
        table = _read(sample, names, form, quoted, as_text, _BLOCKS[0])
    except pyarrow.ArrowInvalid:
        return {}  # told with its line when the whole is read
    found = {}
    for column in names:
        cells = table.column(column)
        matches = pyarrow.compute.match_substring_regex(cells, _AS_TEXT)
        if pyarrow.compute.any(matches).as_py():
            found[column] = pyarrow.string()
    return found


def _doubtful(table: Any) -> list[str]:
    """Columns that were taken for what loses how they are written: times of day, numbers of 20 digits."""
    import pyarrow
    import pyarrow.compute as compute

    found = []
    for column in table.schema:
        if pyarrow.types.is_time(column.type):
            found.append(column.name)
        elif pyarrow.types.is_floating(column.type):
            cells = table.column(column.name)
            largest = compute.max(compute.abs(cells)).as_py()
            if largest is not None and _EXACT_WHOLE <= largest < 1e22:
                whole = compute.all(compute.equal(cells, compute.floor(cells))).as_py()
                found += [column.name] if whole else []
    return found


def _holds_quote(view: memoryview, start: int) -> bool:
    places = range(start, len(view), _CHECKED_BYTES)
    return any(b'"' in bytes(view[place : place + _CHECKED_BYTES]) for place in places)
