"""How a file of rows is written, found out from its beginning."""

from __future__ import annotations

import csv
import gzip
import re
import shlex
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from mldiag.errors import MldiagError, nearest_name

SEPARATORS = (",", ";", "\t", "|")
_SNIFFED_LINES = 20

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


def table_format(path: Path) -> TableFormat:
    """Look at the beginning of a file for how it is written.

    Raises:
        MldiagError: If there is no file, or it is no table.
    """
    check_present(path)
    start = beginning(path)
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
    return text_format(start, compressed=compressed)


def text_format(start: bytes, *, compressed: bool = False) -> TableFormat:
    """How separated text is written, by its beginning."""
    text = start.decode("utf-8", errors="replace").lstrip("\r\n")
    lines = text.splitlines()[:_SNIFFED_LINES]
    separator = _separator(lines)
    return TableFormat("csv", separator, _decimal(lines, separator), compressed)


def opened(path: Path, form: TableFormat) -> AbstractContextManager[IO[bytes]]:
    """The file as bytes, unpacked if it is compressed."""
    opener = gzip.open if form.compressed else Path.open
    return cast("AbstractContextManager[IO[bytes]]", opener(path, "rb"))


def check_present(path: Path) -> None:
    """Refuse what is no file, with the nearest name of one."""
    if path.is_file():
        return
    if path.is_dir():
        raise MldiagError(f"{path} is a folder", expected="a CSV, TSV or Parquet file")
    folder = path.parent
    files = folder.iterdir() if folder.is_dir() else ()
    names = sorted(p.name for p in files if p.name.lower().endswith(_TABLE_ENDINGS))
    raise MldiagError(
        f"there is no file {path}",
        expected="a CSV, TSV or Parquet file",
        nearest=nearest_name(path.name, names),
        hint=f"ls {shlex.quote(str(folder))}",
    )


def beginning(path: Path) -> bytes:
    """The first 64 KB of a file."""
    try:
        with path.open("rb") as file:
            return file.read(1 << 16)
    except OSError as error:
        raise MldiagError(
            f"{path} cannot be read: {error.strerror}", expected="a file that may be read"
        ) from error


def other_format(start: bytes) -> str:
    """What a file is that begins so, where it is no separated text in single bytes; else empty."""
    kind = next((kind for magic, kind in _OTHER_FORMATS.items() if start.startswith(magic)), "")
    if start.startswith(b"PK\x03\x04"):
        kind = (
            "an Excel workbook" if b"xl/" in start or b"[Content_Types]" in start else "a zip file"
        )
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        kind = "a web page" if b"html" in head or b"<table" in head else "XML"
    elif head.startswith((b"{", b"[")):
        kind = "JSON"
    return kind or ("binary" if b"\x00" in start else "")


def _refuse_other_formats(start: bytes, path: Path) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise wrong_encoding(path, "it is written in UTF-16", "UTF-16")
    kind = other_format(start)
    if kind:
        raise MldiagError(
            f"{path.name} is {kind}",
            expected="CSV, TSV or Parquet",
            hint="export the sheet as CSV" if "Excel" in kind else "",
        )


def wrong_encoding(path: Path, why: str, encoding: str) -> MldiagError:
    """The error for text that is not UTF-8."""
    return MldiagError(
        f"{path.name} is not UTF-8: {why}",
        expected="UTF-8",
        hint=f"iconv -f {encoding} -t UTF-8 {shlex.quote(path.name)} > {shlex.quote('utf8-' + path.name)}",
    )


def _separator(lines: list[str]) -> str:
    """The separator that splits header and lines into the same number of fields, and into most of them."""
    best, most, whole = ",", 1, False
    for separator in SEPARATORS:
        counts = Counter(len(row) for row in csv.reader(lines[:-1] or lines, delimiter=separator))
        width, often = max(counts.items(), key=lambda item: (item[1], item[0]))
        header = len(next(csv.reader(lines[:1], delimiter=separator)))
        enough = width > 1 and (often * 2 > sum(counts.values()) or header == width)
        if enough and (header == width, width) > (whole, most):
            best, most, whole = separator, width, header == width
    return best


def _decimal(lines: list[str], separator: str) -> str:
    """A comma where fields of a table without commas between them are numbers like 1,5 and none like 1.5."""
    if separator == ",":
        return "."
    fields = [field.strip() for row in csv.reader(lines[1:], delimiter=separator) for field in row]
    commas = sum(re.fullmatch(r"[-+]?\d+,\d+", field) is not None for field in fields)
    points = sum(re.fullmatch(r"[-+]?\d+\.\d+", field) is not None for field in fields)
    return "," if commas and not points else "."
