"""Reading and writing tables: CSV, TSV and Parquet, with errors that name the line. Never a pickle."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import re
import warnings
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from mldiag.errors import MldiagError

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = (",", ";", "\t", "|")
_SNIFFED_LINES = 20
_SCANNED_BYTES = 1 << 24
_ELLIPSIS = 12  # names shown of a long header

_TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".pq", ".gz", ".data", ".dat")

_OTHER_FORMATS = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"%PDF": "a PDF",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"SQLite": "an SQLite database",
    b"\x80\x04": "a pickle, which can run code when it is read",
    b"\x80\x05": "a pickle, which can run code when it is read",
}


@dataclass(frozen=True)
class TableFormat:
    """How a table is written.

    Args:
        kind: `parquet`, or `csv` for separated text.
        separator: What stands between two fields of text.
        decimal: What stands before the decimals in text.
        compressed: Whether the text is gzipped.
    """

    kind: str
    separator: str = ","
    decimal: str = "."
    compressed: bool = False

    @property
    def suffix(self) -> str:
        """File name ending that a reader of this format expects."""
        if self.kind == "parquet":
            return ".parquet"
        return ".tsv" if self.separator == "\t" else ".csv"


def read_table(path: Path | str, *, as_text: bool = False) -> pd.DataFrame:
    """Read a CSV, TSV or Parquet file.

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
        ...     _ = file.write_text("age;city\\n3;Rome\\n4;Oslo\\n")
        ...     read_table(file).shape
        (2, 2)
    """
    path = Path(path)
    form = table_format(path)
    frame = _read_parquet(path) if form.kind == "parquet" else _read_text(path, form, as_text)
    _check_header([str(name) for name in frame.columns], path)
    if not len(frame):
        raise MldiagError(f"{path.name} has a header but no rows", expected="at least one row")
    return frame


def table_format(path: Path) -> TableFormat:
    """Look at the beginning of a file for how it is written.

    Raises:
        MldiagError: If there is no file, or it is no table.
    """
    _check_present(path)
    start = _beginning(path)
    if start.startswith(b"PAR1"):
        return TableFormat("parquet")
    compressed = start.startswith(b"\x1f\x8b")
    if compressed:
        try:
            with gzip.open(path) as file:
                start = file.read(1 << 16)
        except (OSError, EOFError) as error:
            raise MldiagError(f"{path.name} is a damaged gzip file", expected="a table") from error
    if not start.strip():
        raise MldiagError(f"{path.name} is empty", expected="a header and rows")
    _refuse_other_formats(start, path)
    lines = start.decode("utf-8", errors="replace").splitlines()[:_SNIFFED_LINES]
    separator = _separator(lines)
    return TableFormat("csv", separator, _decimal(lines, separator), compressed)


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


def _check_present(path: Path) -> None:
    if path.is_file():
        return
    if path.is_dir():
        raise MldiagError(f"{path} is a folder", expected="a CSV, TSV or Parquet file")
    folder = path.parent
    files = folder.iterdir() if folder.is_dir() else ()
    names = sorted(p.name for p in files if p.name.lower().endswith(_TABLE_ENDINGS))
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.4)
    raise MldiagError(
        f"there is no file {path}", expected="a CSV, TSV or Parquet file", nearest="".join(close)
    )


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1 << 16)
    except OSError as error:
        raise MldiagError(
            f"{path} cannot be read: {error.strerror}", expected="a file that may be read"
        ) from error


def _refuse_other_formats(start: bytes, path: Path) -> None:
    kind = next((kind for magic, kind in _OTHER_FORMATS.items() if start.startswith(magic)), "")
    if start.startswith(b"PK\x03\x04"):
        kind = "an Excel workbook" if b"xl/" in start or b"[Content_Types]" in start else "a zip file"
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        kind = "a web page" if b"html" in head or b"<table" in head else "XML"
    elif head.startswith((b"{", b"[")):
        kind = "JSON"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _wrong_encoding(path, "it is written in UTF-16", "UTF-16")
    if not kind and b"\x00" in start:
        kind = "binary"
    if kind:
        raise MldiagError(
            f"{path.name} is {kind}",
            expected="CSV, TSV or Parquet",
            hint="export the sheet as CSV" if "Excel" in kind else "",
        )


def _wrong_encoding(path: Path, why: str, encoding: str) -> MldiagError:
    return MldiagError(
        f"{path.name} is not UTF-8: {why}",
        expected="UTF-8",
        hint=f"iconv -f {encoding} -t UTF-8 {path.name} > utf8-{path.name}",
    )


def _separator(lines: list[str]) -> str:
    """The separator that splits every line into the same number of fields, and into most of them."""
    best, most = ",", 1
    for separator in SEPARATORS:
        counts = Counter(len(row) for row in csv.reader(lines[:-1] or lines, delimiter=separator))
        width, often = max(counts.items(), key=lambda item: (item[1], item[0]))
        header = len(next(csv.reader(lines[:1], delimiter=separator)))
        if width > most and (often * 2 > sum(counts.values()) or header == width):
            best, most = separator, width
    return best


def _decimal(lines: list[str], separator: str) -> str:
    """A comma where fields of a table without commas between them are numbers like 1,5 and none like 1.5."""
    if separator == ",":
        return "."
    fields = [field.strip() for row in csv.reader(lines[1:], delimiter=separator) for field in row]
    commas = sum(re.fullmatch(r"[-+]?\d+,\d+", field) is not None for field in fields)
    points = sum(re.fullmatch(r"[-+]?\d+\.\d+", field) is not None for field in fields)
    return "," if commas and not points else "."


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd
    import pyarrow.parquet

    try:
        names = pyarrow.parquet.ParquetFile(path).schema_arrow.names
        _check_header([str(name) for name in names], path)
        frame = pd.read_parquet(path)
    except MldiagError:
        raise
    except Exception as error:  # pyarrow has many kinds for a damaged file
        raise MldiagError(
            f"{path.name} cannot be read as Parquet: {str(error).splitlines()[0]}",
            expected="a whole Parquet file",
        ) from error
    return frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()


def _read_text(path: Path, form: TableFormat, as_text: bool) -> pd.DataFrame:
    import pandas as pd

    header = _header(path, form)
    _check_header(header, path)
    _check_widths(path, form, len(header))
    literal: dict[str, Any] = {"dtype": str, "keep_default_na": False} if as_text else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            return pd.read_csv(
                path,
                sep=form.separator,
                decimal=form.decimal,
                encoding="utf-8-sig",
                index_col=False,
                low_memory=False,
                float_precision="round_trip",
                compression="gzip" if form.compressed else None,
                **literal,
            )
    except UnicodeDecodeError as error:
        raise _encoding_error(path, form) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise MldiagError(
            f"{path.name} cannot be read: {str(error).splitlines()[0]}",
            expected="as many fields in every row as in the header",
        ) from error


def _open(path: Path, form: TableFormat) -> AbstractContextManager[IO[bytes]]:
    return gzip.open(path) if form.compressed else path.open("rb")  # type: ignore[return-value]


def _header(path: Path, form: TableFormat) -> list[str]:
    with _open(path, form) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        for row in csv.reader(text, delimiter=form.separator):
            if row:
                return row
    raise MldiagError(f"{path.name} is empty", expected="a header and rows")


def _check_header(names: list[str], path: Path) -> None:
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


def _check_widths(path: Path, form: TableFormat, width: int) -> None:
    """Find the first row with too few or too many fields: pandas fills short rows without a word."""
    with _open(path, form) as file:
        quoted = _has_byte(file, b'"')
    line = _quoted_misfit(path, form, width) if quoted else _plain_misfit(path, form, width)
    if line is not None:
        number, found = line
        raise MldiagError(
            f"{path.name}, line {number}: {found} field{'s' * (found != 1)}",
            expected=f"{width}, as in the header",
            hint=f"sed -n {number}p {path.name}",
        )


def _has_byte(file: IO[bytes], byte: bytes) -> bool:
    while block := file.read(_SCANNED_BYTES):
        if byte in block:
            return True
    return False


def _plain_misfit(path: Path, form: TableFormat, width: int) -> tuple[int, int] | None:
    """Line and number of fields of the first misfit, where no field is quoted: counted a block at a time."""
    separator, line, rest = ord(form.separator), 0, b""
    with _open(path, form) as file:
        while True:
            block = file.read(_SCANNED_BYTES)
            whole, _, rest = (rest + block).rpartition(b"\n") if block else (rest, b"", b"")
            if whole:
                data = np.frombuffer(whole + b"\n", dtype=np.uint8)
                ends = np.flatnonzero(data == 10)
                lengths = np.diff(ends, prepend=-1) - 1
                found = np.diff(np.cumsum(data == separator)[ends], prepend=0) + 1
                blank = (lengths == 0) | ((lengths == 1) & (data[ends - 1] == 13))
                odd = np.flatnonzero((found != width) & ~blank)
                if len(odd):
                    return line + int(odd[0]) + 1, int(found[odd[0]])
                line += len(ends)
            if not block:
                return None


def _quoted_misfit(path: Path, form: TableFormat, width: int) -> tuple[int, int] | None:
    with _open(path, form) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        rows = csv.reader(text, delimiter=form.separator)
        started = 1
        try:
            for row in rows:
                if row and len(row) != width:
                    return started, len(row)
                started = rows.line_num + 1
        except csv.Error as error:
            raise MldiagError(
                f"{path.name}, line {started}: {error}", expected="fields with closed quotes"
            ) from error
    return None


def _encoding_error(path: Path, form: TableFormat) -> MldiagError:
    """Name the line and the byte that are not UTF-8."""
    with _open(path, form) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                place = f"line {number}, byte {error.start + 1} is 0x{line[error.start]:02x}"
                return _wrong_encoding(path, place, "CP1252")
    return _wrong_encoding(path, "it ends within a character", "CP1252")
