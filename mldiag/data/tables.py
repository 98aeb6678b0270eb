"""Reading and writing tables: CSV, TSV and Parquet, with errors that name the line. Never a pickle."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mldiag.data.table_checks import (
    check_header,
    check_widths,
    encoding_error,
    header_of,
    no_rows,
)
from mldiag.data.table_format import TableFormat, table_format
from mldiag.errors import MldiagError

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: Path | str, *, as_text: bool = False) -> pd.DataFrame:
    r"""Read a CSV, TSV or Parquet file.

    Args:
        path: The file; text may be gzipped (`.csv.gz`).
        as_text: Leave every field of a text file exactly as it is written.

    Returns:
        One row a line, with the names of the header as columns.

    Raises:
        MldiagError: If the file is missing, empty, of another kind, not UTF-8, ragged, or its header lacks
            or repeats a name.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "small.csv"
        ...     _ = file.write_text("age;city\n3;Rome\n4;Oslo\n")
        ...     read_table(file).shape
        (2, 2)
    """
    path = Path(path)
    form = table_format(path)
    frame = _read_parquet(path) if form.kind == "parquet" else _read_text(path, form, as_text)
    check_header([str(name) for name in frame.columns], path)
    if not len(frame):
        raise no_rows(path)
    return frame


def write_table(frame: pd.DataFrame, path: Path, form: TableFormat) -> None:
    """Write a table the way another one is written.

    Args:
        frame: The rows.
        path: Where to.
        form: How.
    """
    if form.kind == "parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, sep=form.separator, decimal=form.decimal, index=False)


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd
    import pyarrow.parquet

    try:
        names = pyarrow.parquet.ParquetFile(path).schema_arrow.names
        check_header([str(name) for name in names], path)
        frame = pd.read_parquet(path)
    except MldiagError:
        raise
    except Exception as error:  # pyarrow has many kinds for a damaged file
        raise MldiagError(
            f"{path.name} cannot be read as Parquet: {str(error).splitlines()[0]}",
            expected="a whole Parquet file",
        ) from error
    named = any(name is not None for name in frame.index.names)
    return frame.reset_index(drop=not named)  # a named index was a column to its author


def _read_text(path: Path, form: TableFormat, as_text: bool) -> pd.DataFrame:
    import pandas as pd

    header = header_of(path, form)
    check_header(header, path)
    check_widths(path, form, len(header))
    literal: dict[str, Any] = {"dtype": str, "keep_default_na": False} if as_text else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            frame: pd.DataFrame = pd.read_csv(
                path,
                sep=form.separator,
                decimal=form.decimal,
                encoding="utf-8-sig",
                index_col=False,
                low_memory=False,
                compression="gzip" if form.compressed else None,
                **literal,
            )
            return frame
    except UnicodeDecodeError as error:
        raise encoding_error(path, form) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise MldiagError(
            f"{path.name} cannot be read: {str(error).splitlines()[0]}",
            expected="as many fields in every row as in the header",
        ) from error
