"""From Arrow's columns to a frame that loses nothing on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

_ROW_NAMES = re.compile(r"__index_level_\d+__")
_EXACT = 2**53
"""Whole numbers beyond it change when they become floats, as they would beside missing ones."""


def as_frame(table: Any, rows: NDArray[np.int64] | None = None) -> pd.DataFrame:
    """A frame, or some rows of it.

    Args:
        table: A `pyarrow.Table` or a frame.
        rows: Positions that are wanted; all where None.
    """
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return table if rows is None else table.iloc[rows].reset_index(drop=True)
    table = table.select([name for name in table.column_names if not _ROW_NAMES.fullmatch(name)])
    if rows is not None:
        table = table.take(rows)
    table, exact = _prepared(table)
    frame: pd.DataFrame = table.to_pandas(
        date_as_object=False, split_blocks=True, self_destruct=True, ignore_metadata=True
    )
    for name, column in exact.items():
        frame[name] = column
    return frame


def _prepared(table: Any) -> tuple[Any, dict[str, Any]]:
    """The table in types that pandas keeps, and columns with missing cells that need types of their own."""
    import pandas as pd
    import pyarrow as arrow
    import pyarrow.compute as compute

    exact = {}
    for position, column in enumerate(table.schema):
        cells, kind = table.column(position), column.type
        if arrow.types.is_decimal(kind):
            table = table.set_column(position, column.name, compute.cast(cells, arrow.float64()))
        elif arrow.types.is_time(kind):
            table = table.set_column(position, column.name, compute.cast(cells, arrow.string()))
        elif arrow.types.is_boolean(kind) and cells.null_count:
            exact[column.name] = cells.to_pandas(types_mapper=lambda _: pd.BooleanDtype())
        elif arrow.types.is_integer(kind) and 0 < cells.null_count < len(cells):
            ends = compute.min_max(cells).as_py()
            if max(-ends["min"], ends["max"]) > _EXACT:
                own = pd.UInt64Dtype() if arrow.types.is_unsigned_integer(kind) else pd.Int64Dtype()
                whole = arrow.uint64() if own == pd.UInt64Dtype() else arrow.int64()
                exact[column.name] = cells.cast(whole).to_pandas(types_mapper=lambda _, t=own: t)
    return table, exact
