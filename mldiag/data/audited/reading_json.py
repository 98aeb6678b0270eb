"""JSON lines: one object a line."""

from __future__ import annotations

import io
import json
import shlex
from typing import Any

from mldiag.data.audited.reading_parts import READ_FORMATS, RawTable, checked_names, no_rows
from mldiag.errors import MldiagError

_BLOCK_BYTES = 32 << 20
_LONGEST_LINE = 32 << 20


def read_json_lines(data: Any, name: str) -> RawTable:
    """Read JSON lines; a field that is missing in some of them is empty there.

    Args:
        data: The bytes, as a `pyarrow.Buffer`.
        name: Name of the file.

    Raises:
        MldiagError: If it is a JSON array or one object over several lines, or a line is no object.
    """
    import pyarrow
    import pyarrow.json

    _check_first_line(data, name)
    try:
        table = pyarrow.json.read_json(
            pyarrow.BufferReader(data),
            read_options=pyarrow.json.ReadOptions(block_size=_BLOCK_BYTES),
        )
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError):
        return RawTable(
            _line_by_line(data, name), "JSON lines"
        )  # cells of several types, or a fault
    checked_names([str(label) for label in table.column_names], name)
    if any(pyarrow.types.is_temporal(column.type) for column in table.schema):
        return RawTable(_line_by_line(data, name), "JSON lines")  # text that looked like a date
    return RawTable(table, "JSON lines")


def _check_first_line(data: Any, name: str) -> None:
    start = bytes(memoryview(data)[:_LONGEST_LINE]).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"["):
        quoted = shlex.quote(name)
        raise MldiagError(
            f"{name} is one JSON array",
            expected="JSON lines: one object a line, without brackets and commas around them",
            hint=f"jq -c '.[]' {quoted} > {shlex.quote(name.rsplit('.', 1)[0] + '.jsonl')}",
        )
    first = start.partition(b"\n")[0]
    try:
        json.loads(first)
    except (ValueError, RecursionError) as error:
        raise MldiagError(
            f"{name} is JSON, but its first line is no whole object",
            expected=f"JSON lines: one object a line; or {READ_FORMATS}",
            hint=f"jq -c . {shlex.quote(name)}",
        ) from error


def _line_by_line(data: Any, name: str) -> Any:
    """The rows as a frame; slower, but every kind of cell is taken, and a fault has its line."""
    import pandas as pd

    rows = []
    for number, line in enumerate(io.BytesIO(memoryview(data)), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.lstrip(b"\xef\xbb\xbf") if number == 1 else line)
        except (ValueError, RecursionError) as error:
            raise MldiagError(
                f"{name}, line {number:,}: {str(error).split(':')[0]}",
                expected="one JSON object",
                hint=f"sed -n {number}p {shlex.quote(name)}",
            ) from error
        if not isinstance(row, dict):
            raise MldiagError(
                f"{name}, line {number:,}: a {type(row).__name__}, no object",
                expected='one JSON object such as {"age": 41, "city": "Rome"}',
                hint=f"sed -n {number}p {shlex.quote(name)}",
            )
        rows.append(row)
    if not rows:
        raise no_rows(name)
    frame = pd.DataFrame(rows)
    checked_names([str(label) for label in frame.columns], name)
    return frame
