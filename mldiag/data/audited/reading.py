"""Tables as users have them, read raw: what a cell says is kept, and a fault is told with its line."""

from __future__ import annotations

import codecs
import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.archives import is_archive
from mldiag.data.audited.reading_arrays import array_table, arrays_table, read_array, read_arrays
from mldiag.data.audited.reading_columnar import Progress, read_arrow, read_parquet
from mldiag.data.audited.reading_counts import WholeCounts
from mldiag.data.audited.reading_frame import as_frame
from mldiag.data.audited.reading_hints import on_path
from mldiag.data.audited.reading_json import read_json_lines
from mldiag.data.audited.reading_members import chosen_member, tables_in
from mldiag.data.audited.reading_parts import RawTable
from mldiag.data.audited.reading_sampled import is_streamed, read_sampled_text
from mldiag.data.audited.reading_text import as_utf8, read_text
from mldiag.data.audited.table import sampled_rows
from mldiag.data.table_format import beginning, check_present
from mldiag.errors import MldiagError, unknown_name

if TYPE_CHECKING:
    import pandas as pd

_ENCODINGS = ("utf-8", "utf-16", "utf-32", "cp1252", "cp932", "latin-1", "gb18030", "cp1251")
_JSON_NAMES = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True, eq=False)
class ReadTable:
    """A table as it was read.

    Args:
        frame: One row a line. Text is pandas' `str`, numbers are int64 or float64, dates written as ISO 8601
            throughout are datetime64, true and false are bool (`boolean` where some are missing).
        notices: What a person should know of how it was read.
        path: The file.
        format: What it is, such as `CSV`.
        rows: Positions in the file of the rows of `frame`, in order; None where it has all of them.
        row_count: Rows in the file.
        whole: What was counted over all rows, where a file was read a part at a time.
    """

    frame: pd.DataFrame
    notices: tuple[str, ...]
    path: Path
    format: str
    rows: NDArray[np.int64] | None = None
    row_count: int = 0
    whole: WholeCounts | None = None


def read_table(
    path: Path | str,
    *,
    member: str | None = None,
    encoding: str | None = None,
    rows_at_most: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ReadTable:
    r"""Read a table raw: only an empty cell is missing; `NA`, `?` and blanks stay as they are written.

    Args:
        path: CSV, TSV (also separated by `;` or `|`), Parquet, Arrow, Feather, `.npy`, `.npz`, JSON lines, or
            an archive with one of these.
        member: Which table of an archive; else the one that there is, or the one named train.
        encoding: How text is encoded; else UTF-8, or what a byte order mark says.
        rows_at_most: Larger tables are sampled; Parquet, and large files of text in UTF-8, a part at a
            time, without holding them in memory whole.
        seed: Decides which rows.
        progress: Told how much of a file has been read of which only a sample is held, and of how much.

    Raises:
        MldiagError: If it is no such table, damaged, or ambiguous; with the line where it can be told.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "small.csv"
        ...     _ = file.write_text("age;city\n41;Rome\n?;\n")
        ...     read_table(file).frame["age"].tolist()
        ['41', '?']
    """
    path = Path(path)
    check_present(path)
    _check_encoding(encoding)
    try:
        return _read(path, member, encoding, rows_at_most, seed, progress)
    except MldiagError as error:
        raise _on_path(error, path, member) from error.__cause__


def _on_path(error: MldiagError, path: Path, member: str | None) -> MldiagError:
    """The error with hints that run where the person stands."""
    if member is None and error.hint and is_archive(path):
        with contextlib.suppress(MldiagError):
            member = tables_in(path).get("train")
    return on_path(error, path, member)


def _read(
    path: Path,
    member: str | None,
    encoding: str | None,
    rows_at_most: int | None,
    seed: int,
    progress: Progress | None,
) -> ReadTable:
    """The table behind a path that is there."""
    start = beginning(path)
    if not start:
        raise MldiagError(f"{path.name} is empty", expected="a header and rows")
    if _is_arrays(path, start):
        return _finished(_arrays(path, member), path, rows_at_most, seed)
    if is_archive(path):
        name, content, notices = chosen_member(path, member)
        return _of_bytes(
            _buffer(content), name, path, encoding, rows_at_most, seed, notices=notices
        )
    if member is not None:
        raise MldiagError(
            f"{path.name} is no archive, so that it has no member {member!r}",
            expected="--member with an archive or an .npz alone",
        )
    if start.startswith(b"PAR1"):
        return _parquet(str(path), path.name, path, rows_at_most, seed, progress=progress)
    if rows_at_most is not None and is_streamed(path, start, encoding):
        sample = read_sampled_text(path, rows_at_most, seed, progress=progress)
        raw, rows, count = sample.raw, sample.rows, sample.count
        notices = (*raw.notices, *_sample_notice(rows, count, seed))
        frame = as_frame(raw.table)
        return ReadTable(frame, notices, path, raw.format, rows, count, sample.whole)
    return _of_bytes(_mapped(path), path.name, path, encoding, rows_at_most, seed)


def _of_bytes(
    data: Any,
    name: str,
    path: Path,
    encoding: str | None,
    rows_at_most: int | None,
    seed: int,
    *,
    notices: tuple[str, ...] = (),
) -> ReadTable:
    """A table from its bytes."""
    start = bytes(memoryview(data)[: 1 << 16])
    if start.startswith(b"PAR1"):
        return _parquet(data, name, path, rows_at_most, seed, notices)
    if start.startswith((b"ARROW1", b"FEA1", b"\xff\xff\xff\xff")):
        raw = read_arrow(data, name)
    elif start.startswith(b"\x93NUMPY"):
        raw = array_table(read_array(data, name), name)
    else:
        data, told = as_utf8(data, name, encoding)
        notices += (told,) if told else ()
        is_json = _is_json(bytes(memoryview(data)[: 1 << 16]), name)
        raw = read_json_lines(data, name) if is_json else read_text(data, name)
    raw = RawTable(raw.table, raw.format, (*notices, *raw.notices))
    return _finished(raw, path, rows_at_most, seed)


def _parquet(
    source: Any,
    name: str,
    path: Path,
    rows_at_most: int | None,
    seed: int,
    notices: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> ReadTable:
    found = read_parquet(source, name, rows_at_most, seed, progress=progress)
    told = _sample_notice(found.rows, found.count, seed)
    frame = as_frame(found.raw.table)
    whole = found.whole
    return ReadTable(frame, (*notices, *told), path, "Parquet", found.rows, found.count, whole)


def _finished(raw: RawTable, path: Path, rows_at_most: int | None, seed: int) -> ReadTable:
    """The table as a frame, or a sample of it."""
    count = len(raw.table)
    rows = None
    if rows_at_most is not None and count > rows_at_most:
        rows = sampled_rows(count, rows_at_most, seed)
    frame = as_frame(raw.table, rows)
    notices = (*raw.notices, *_sample_notice(rows, count, seed))
    return ReadTable(frame, notices, path, raw.format, rows, count)


def _sample_notice(rows: NDArray[np.int64] | None, count: int, seed: int) -> tuple[str, ...]:
    if rows is None:
        return ()
    return (f"{len(rows):,} of {count:,} rows are looked at, drawn with seed {seed}",)


def _is_arrays(path: Path, start: bytes) -> bool:
    """Whether a file is an `.npz`."""
    return start.startswith(b"PK") and not is_archive(path) and b".npy" in start[:1000]


def _arrays(path: Path, member: str | None) -> RawTable:
    arrays = read_arrays(path)
    sides = tables_in(path)
    side = member or "train"
    if side not in sides and side not in arrays:
        raise unknown_name(f"array of {path.name}", side, [*sides, *arrays])
    raw = arrays_table(arrays, side, path.name)
    if member is None and len(sides) > 1:
        told = f"of {path.name} the arrays of train are read; --member test names the others"
        raw = RawTable(raw.table, raw.format, (told, *raw.notices))
    return raw


def _is_json(start: bytes, name: str) -> bool:
    """Whether text is JSON: by its first line, or by its name and its first sign."""
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text.startswith((b"{", b"[")):
        return False
    if name.lower().endswith(_JSON_NAMES):
        return True
    try:
        json.loads(text.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return text[1:].lstrip()[:1] in (b'"', b"{")
    return True


def _mapped(path: Path) -> Any:
    """The bytes of a file, read as they are needed."""
    import pyarrow

    with pyarrow.memory_map(str(path)) as file:
        return file.read_buffer()


def _buffer(content: bytes) -> Any:
    import pyarrow

    return pyarrow.py_buffer(content)


def _check_encoding(encoding: str | None) -> None:
    if encoding is None:
        return
    try:
        known = codecs.lookup(encoding)._is_text_encoding
    except LookupError:
        known = False
    if not known:
        raise unknown_name("encoding", encoding, _ENCODINGS)
