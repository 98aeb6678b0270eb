"""Rows written so that a spreadsheet shows them and runs nothing."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mldiag.errors import MldiagError

if TYPE_CHECKING:
    import pandas as pd

_LIVE = re.compile("^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20](?s:.)")
"""How cells begin that spreadsheets take for formulas (OWASP, CSV injection); wide forms count too."""

_NUMBER = re.compile(r"[+-]?(\d[\d ,.]*|\.\d+)([eE][+-]?\d+)?\s?%?")
_QUIET = "'"
"""Put before a cell, it makes spreadsheets take it for text."""


def write_rows(frame: pd.DataFrame, path: Path | str) -> int:
    r"""Write rows as CSV, TSV or Parquet; cells of CSV and TSV that a spreadsheet would run get a `'` before.

    Numbers stay numbers, also those written as text, such as `-5`. Parquet holds no formulas and is written
    as it is.

    Args:
        frame: The rows; the index is left out.
        path: Where to; the ending decides the format.

    Returns:
        How many cells and names were changed.

    Raises:
        MldiagError: If the ending is none of these.

    Example:
        >>> import tempfile, pandas as pd
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "rows.csv"
        ...     write_rows(pd.DataFrame({"a": ["=cmd|'/C calc'!A0", "-5"]}), file)
        ...     file.read_text().splitlines()
        1
        ['a', "'=cmd|'/C calc'!A0", '-5']
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending in (".parquet", ".pq"):
        frame.to_parquet(path, index=False)
        return 0
    if ending not in (".csv", ".tsv", ".txt"):
        raise MldiagError(
            f"{path.name} ends in {ending or 'nothing'}",
            expected=".csv, .tsv or .parquet",
            nearest=f"{path.stem}.csv",
        )
    quiet, changed = quieted(frame)
    # a carriage return outside quotes would begin a row of its own, which nobody has looked at
    quoting: Literal[0, 2] = csv.QUOTE_NONNUMERIC if _returns(quiet) else csv.QUOTE_MINIMAL
    quiet.to_csv(path, index=False, sep="\t" if ending == ".tsv" else ",", quoting=quoting)
    return changed


def quieted(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """A frame whose cells and names no spreadsheet runs, and how many were changed.

    Args:
        frame: Any rows; left as they are.
    """
    import pandas as pd

    changed = 0
    columns = {}
    for position, name in enumerate(frame.columns):
        cells = frame.iloc[:, position]
        if not _is_text(cells):
            columns[position] = cells
            continue
        cells = cells.astype(object)
        live = cells.map(_is_live, na_action="ignore").eq(True)
        changed += int(live.sum())
        columns[position] = (
            cells.mask(live, _QUIET + cells[live].astype(str)) if live.any() else cells
        )
        changed += _is_live(name)
    made = pd.DataFrame(columns, index=frame.index)
    made.columns = [_QUIET + name if _is_live(name) else name for name in frame.columns]
    return made, changed


def _returns(frame: pd.DataFrame) -> bool:
    """Whether a cell of text holds a carriage return."""
    texts = (frame.iloc[:, i] for i in range(frame.shape[1]) if _is_text(frame.iloc[:, i]))
    return any(cells.map(lambda cell: "\r" in str(cell)).any() for cells in texts)


def _is_text(cells: pd.Series) -> bool:
    import pandas as pd

    kind = cells.dtype
    return bool(
        kind.kind == "O"
        or pd.api.types.is_string_dtype(kind)
        or isinstance(kind, pd.CategoricalDtype)
    )


def _is_live(cell: Any) -> bool:
    """Whether a spreadsheet would take a cell for a formula."""
    return isinstance(cell, str) and bool(_LIVE.match(cell)) and not _NUMBER.fullmatch(cell)
