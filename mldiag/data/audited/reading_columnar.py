"""Parquet, Arrow and Feather; Parquet also a row group at a time, for tables larger than the memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.reading_counts import Counting, WholeCounts
from mldiag.data.audited.reading_parts import RawTable, checked_names, no_rows
from mldiag.data.audited.table import sampled_rows
from mldiag.errors import MldiagError

if TYPE_CHECKING:
    pass

_BATCH_ROWS = 1 << 16

Progress = Callable[[int, int], None]
"""Told how much of a file has been read, and of how much."""


def row_count(path: Path | str) -> int:
    """Rows of a Parquet file, from its end alone.

    Raises:
        MldiagError: If it is no whole Parquet file.

    Example:
        >>> import tempfile, pandas as pd
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     pd.DataFrame({"a": range(5)}).to_parquet(f"{folder}/a.parquet")
        ...     row_count(f"{folder}/a.parquet")
        5
    """
    with parquet_file(str(path), Path(path).name) as file:
        return int(file.metadata.num_rows)


def read_parquet(
    source: Any,
    name: str,
    rows_at_most: int | None,
    seed: int,
    *,
    progress: Progress | None = None,
) -> SampledTable:
    """Read Parquet whole, or a sample drawn over all row groups without holding more than one batch.

    Args:
        source: A path or a `pyarrow.Buffer`.
        name: Name of the file.
        rows_at_most: Larger files are sampled.
        seed: Decides which rows.
        progress: Told how many rows of a sampled file have gone by, and of how many.
    """
    import pyarrow

    opened = source if isinstance(source, str) else pyarrow.BufferReader(source)
    with parquet_file(opened, name) as file:
        labels = checked_names([str(label) for label in file.schema_arrow.names], name)
        count = int(file.metadata.num_rows)
        if not count:
            raise no_rows(name)
        if rows_at_most is None or count <= rows_at_most:
            table = _told(file.read, name, use_pandas_metadata=False)
            return SampledTable(_named(table, labels), None, count)
        rows = sampled_rows(count, rows_at_most, seed)
        counting = Counting(labels)
        table = _told(_taken, name, file, rows, counting, progress)
        return SampledTable(_named(table, labels), rows, count, counting.counts())


@dataclass(frozen=True, eq=False)
class SampledTable:
    """A table, or a sample of its rows.

    Args:
        raw: The rows.
        rows: Positions that they have in the file; None for all.
        count: Rows of the file.
        whole: What was counted over all rows, where these are a sample.
    """

    raw: RawTable
    rows: NDArray[np.int64] | None
    count: int
    whole: WholeCounts | None = None


def _named(table: Any, labels: list[str]) -> RawTable:
    """Without what pandas noted about its index: the columns are enough."""
    return RawTable(table.rename_columns(labels).replace_schema_metadata(None), "Parquet")


def read_arrow(data: Any, name: str) -> RawTable:
    """Read an Arrow file or stream, or Feather.

    Args:
        data: The bytes, as a `pyarrow.Buffer`.
        name: Name of the file.
    """
    import pyarrow
    import pyarrow.feather
    import pyarrow.ipc

    start = bytes(memoryview(data)[:6])
    source = pyarrow.BufferReader(data)
    if start.startswith(b"FEA1"):
        table, kind = _told(pyarrow.feather.read_table, name, source), "Feather"
    elif start == b"ARROW1":
        table, kind = _told(lambda: pyarrow.ipc.open_file(source).read_all(), name), "Arrow"
    else:
        table = _told(lambda: pyarrow.ipc.open_stream(source).read_all(), name)
        kind = "an Arrow stream"
    checked_names([str(label) for label in _told(lambda: table.column_names, name)], name)
    _told(table.validate, name, full=True)  # offsets that lead elsewhere would be followed
    if not table.num_rows:
        raise no_rows(name)
    return RawTable(table.replace_schema_metadata(None), kind)


def parquet_file(source: Any, name: str) -> Any:
    """An opened Parquet file.

    Raises:
        MldiagError: If it is not whole.
    """
    import pyarrow.parquet

    return _told(pyarrow.parquet.ParquetFile, name, source, pre_buffer=False)


def _taken(
    file: Any, rows: NDArray[np.int64], counting: Counting, progress: Progress | None
) -> Any:
    """Some rows, at sorted positions; all are counted."""
    import pyarrow

    parts, first = [], 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS):
        low, high = np.searchsorted(rows, [first, first + len(batch)])
        if high > low:
            parts.append(batch.take(pyarrow.array(rows[low:high] - first)))
        first += len(batch)
        counting.add(batch)
        if progress is not None:
            progress(first, file.metadata.num_rows)
    return pyarrow.Table.from_batches(parts)


def _told(action: Any, name: str, *arguments: Any, **named: Any) -> Any:
    """Read; whatever pyarrow says of a damaged file is told in one way."""
    try:
        return action(*arguments, **named)
    except MldiagError:
        raise
    except FileNotFoundError as error:
        raise MldiagError(f"there is no file {name}", expected="a Parquet file") from error
    except Exception as error:  # pyarrow has many kinds for a damaged file
        told = str(error).splitlines() or [type(error).__name__]
        raise MldiagError(
            f"{name} cannot be read: {told[0]}",
            expected="a whole file, as the program that wrote it left it",
        ) from error
