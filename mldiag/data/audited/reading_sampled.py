"""A sample of a file of text that is too large to be held in memory, read once from end to end."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.reading_columnar import Progress, SampledTable
from mldiag.data.audited.reading_counts import Counting
from mldiag.data.audited.reading_parts import RawTable, no_rows
from mldiag.data.audited.reading_text import (
    MOST_HEADER_BYTES,
    as_utf8,
    described,
    header_of,
    read_text,
    read_with_types,
)
from mldiag.data.encodings import is_binary, marked_encoding
from mldiag.data.table_format import TableFormat, other_format, text_format

STREAMED_BYTES = 256 << 20
"""Smaller files are read whole, which tells more of what is wrong with them."""

_BLOCK_BYTES = 16 << 20


def is_streamed(path: Path, start: bytes, encoding: str | None) -> bool:
    """Whether a file is read a part at a time: large, and text in UTF-8 that is no JSON.

    Args:
        path: The file.
        start: How it begins.
        encoding: How the user says that it is encoded.
    """
    if path.stat().st_size < STREAMED_BYTES or start[:6] in (b"ARROW1", b"\x93NUMPY"):
        return False
    if start.startswith((b"FEA1", b"\xff\xff\xff\xff")) or b"\0" in start or is_binary(start):
        return False
    named = encoding or marked_encoding(start)
    if named and codecs.lookup(named).name not in ("utf-8", "utf-8-sig"):
        return False
    is_json = start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
    return not is_json and not other_format(start)


def read_sampled_text(
    path: Path, rows_at_most: int, seed: int, *, progress: Progress | None = None
) -> SampledTable:
    """Draw rows while the file goes by, and count over all of them.

    Every row gets a random number, and those with the smallest are kept: a uniform sample without
    replacement, of a file of unknown length.

    Args:
        path: A file for which `is_streamed` holds.
        rows_at_most: Rows that are kept.
        seed: Decides which.
        progress: Told how many bytes have gone by, and of how many.

    Raises:
        MldiagError: If it is no table, with the line where it goes wrong.
    """
    import pyarrow

    with path.open("rb") as file:
        head = file.read(MOST_HEADER_BYTES + 1)
        skipped = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
        head = head[skipped:]
        form = text_format(head[: 1 << 16])
        names, body = header_of(memoryview(head), form, path.name)
        file.seek(skipped + body)
        try:
            batches = _told(_batches(file, names, form), file, path.stat().st_size, progress)
            kept, rows, counting = _drawn(batches, Counting(names), rows_at_most, seed)
        except pyarrow.ArrowInvalid:
            return _whole(path)  # which tells what is wrong, and in which line
    if not counting.rows:
        raise no_rows(path.name)
    table = _typed(kept, names, form, path.name)
    commas = ("decimals are written with a comma",) if form.decimal == "," else ()
    text = RawTable(table, described(form), commas)
    sampled = rows if counting.rows > rows_at_most else None
    return SampledTable(text, sampled, counting.rows, counting.counts())


def _told(batches: Iterator[Any], file: Any, size: int, progress: Progress | None) -> Iterator[Any]:
    for batch in batches:
        if progress is not None:
            progress(min(size, file.tell()), size)
        yield batch


def _drawn(
    batches: Iterator[Any], counting: Counting, limit: int, seed: int
) -> tuple[Any, NDArray[np.int64], Counting]:
    """The sample as text, its positions in order, and what was counted."""
    import pyarrow

    random = np.random.default_rng(seed)
    parts: list[Any] = []
    keys, places = np.empty(0), np.empty(0, dtype=np.int64)
    bound = np.inf
    for batch in batches:
        drawn = random.random(batch.num_rows)
        chosen = np.flatnonzero(drawn < bound)
        parts.append(batch.take(pyarrow.array(chosen)))
        keys = np.append(keys, drawn[chosen])
        places = np.append(places, chosen + counting.rows)
        counting.add(batch)
        if len(keys) > 2 * limit:
            keys, places, parts = _smallest(keys, places, parts, limit)
            bound = float(keys.max())
    if not parts:
        return None, places, counting
    if len(keys) > limit:
        keys, places, parts = _smallest(keys, places, parts, limit)
    return pyarrow.Table.from_batches(parts), places, counting


def _batches(file: Any, names: list[str], form: TableFormat) -> Iterator[Any]:
    """The rows of an open file as batches of text, an empty cell an empty text."""
    import pyarrow
    import pyarrow.csv

    try:
        reader = pyarrow.csv.open_csv(
            pyarrow.PythonFile(file, mode="r"),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_BLOCK_BYTES),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=form.separator, newlines_in_values=True
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pyarrow.string()), strings_can_be_null=False
            ),
        )
    except pyarrow.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return
        raise
    yield from reader


def _smallest(
    keys: NDArray[np.float64], places: NDArray[np.int64], parts: list[Any], limit: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], list[Any]]:
    """The rows with the smallest numbers, in their order."""
    import pyarrow

    kept = np.sort(np.argpartition(keys, limit - 1)[:limit])
    table = pyarrow.Table.from_batches(parts).take(pyarrow.array(kept))
    return keys[kept], places[kept], table.combine_chunks().to_batches()


def _typed(kept: Any, names: list[str], form: TableFormat, name: str) -> Any:
    """The sample read again as any file of its size, for the types of its columns."""
    import pyarrow
    import pyarrow.csv

    written = pyarrow.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(
        include_header=False, delimiter=form.separator, quoting_style="needed"
    )
    pyarrow.csv.write_csv(kept, written, options)
    return read_with_types(written.getvalue(), names, form, name)


def _whole(path: Path) -> SampledTable:
    """The file read as a smaller one is: it has a fault, which the parser of the whole tells."""
    import pyarrow

    with pyarrow.memory_map(str(path)) as file:
        data, _ = as_utf8(file.read_buffer(), path.name, None)
    raw = read_text(data, path.name)
    return SampledTable(raw, None, len(raw.table))
