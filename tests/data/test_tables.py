"""Tables: what can be read is read whole, and what cannot is named by its line."""

import gzip
import zipfile

import numpy as np
import pandas as pd
import pytest

from mldiag.data.table_format import table_format
from mldiag.data.tables import read_table, write_table
from mldiag.errors import MldiagError


@pytest.fixture
def write(tmp_path):
    def made(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return made


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_separator_and_line_end(write, separator, end):
    rows = [["a", "b", "c"], ["1", "x y", "2.5"], ["3", "", "nan"], ["4", "z", "-1e-3"]]
    frame = read_table(write(end.join(separator.join(row) for row in rows) + end))
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["a"].tolist() == [1, 3, 4]
    assert frame["c"].iloc[2] == -1e-3
    assert frame["b"].isna().tolist() == [False, True, False]


def test_a_byte_order_mark_quotes_and_blank_lines(write):
    text = '\ufeffname,says\nann,"a, ""b""\nand c"\n\nbob,d\n'
    frame = read_table(write(text))
    assert list(frame.columns) == ["name", "says"]
    assert frame["says"].tolist() == ['a, "b"\nand c', "d"]


def test_a_decimal_comma_and_back(write, tmp_path):
    path = write("a;b\n1,5;x\n2,25;y\n")
    frame = read_table(path)
    assert frame["a"].tolist() == [1.5, 2.25]
    write_table(frame, tmp_path / "out.csv", table_format(path))
    assert (tmp_path / "out.csv").read_text() == path.read_text()


def test_text_stays_as_it_is_written(write):
    frame = read_table(write("code,n\n007,1\nNA,2.50\n,3\n"), as_text=True)
    assert frame.to_numpy().tolist() == [["007", "1"], ["NA", "2.50"], ["", "3"]]


def test_one_column(write):
    assert read_table(write("a\n1\n2\n")).shape == (2, 1)


def test_text_with_commas_in_a_table_of_semicolons(write):
    assert read_table(write("a;b\nx, y;1\nz, w, v;2\nq;3\n")).shape == (3, 2)


def test_compressed_text(write):
    assert read_table(write(gzip.compress(b"a,b\n1,2\n"), "data.csv.gz")).shape == (1, 2)


def test_parquet_under_any_name(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    frame.to_parquet(tmp_path / "data.csv", index=False)
    assert table_format(tmp_path / "data.csv").kind == "parquet"
    pd.testing.assert_frame_equal(read_table(tmp_path / "data.csv"), frame)
    frame.set_index("a").to_parquet(tmp_path / "indexed.parquet")
    assert list(read_table(tmp_path / "indexed.parquet").columns) == ["a", "b"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_numbers_come_back_exactly(tmp_path, form):
    values = np.random.default_rng(0).normal(size=200) * 10.0 ** np.arange(-100, 100)
    frame = pd.DataFrame({"value": values})
    path = tmp_path / f"data.{form}"
    frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    assert (read_table(path)["value"].to_numpy() == values).all()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        ("  \n\n", "is empty"),
        ("a,b\n", "a header but no rows"),
        ("a,b,a\n1,2,3\n", "2 columns named 'a'"),
        (",a,b\n0,1,2\n", "column 1 of data.csv has no name"),
        ("a,b\n1,2\n3\n4,5\n", r"(?s)line 3: 1 field\n.*expected: 2"),
        ("a,b\n1,2\n\n3,4,5\n", "line 4: 3 fields"),
        ('a,b\n"x\ny",2\n3\n', "line 4: 1 field"),
        ("a,b\n1,2\n" * 1 + "x,y,z", "line 3: 3 fields"),
        (b"a,b\n1,2\n3,M\xfcnchen\n", r"(?s)line 3, byte 4 is 0xfc.*iconv -f CP1252"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"\x00\x01\x02\x03", "is binary"),
        ("<!DOCTYPE html><html></html>", "is a web page"),
        ("<?xml version='1.0'?><rows/>", "is XML"),
        ('[{"a": 1}]', "is JSON"),
        (b"\x80\x04\x95", "pickle, which can run code"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
        (b"PAR1 and then nothing", "cannot be read as Parquet"),
        (b"\x1f\x8b damaged", "damaged gzip"),
    ],
)
def test_what_is_wrong_is_told(write, content, told):
    with pytest.raises(MldiagError, match=told):
        read_table(write(content))


def test_an_excel_workbook_renamed(tmp_path):
    path = tmp_path / "data.csv"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(MldiagError, match="an Excel workbook"):
        read_table(path)


def test_a_missing_file_names_the_nearest(write, tmp_path):
    write("a\n1\n", "train.csv")
    write("a\n1\n", "train.py")
    with pytest.raises(MldiagError, match=r"nearest: train\.csv"):
        read_table(tmp_path / "trian.csv")
    with pytest.raises(MldiagError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(MldiagError, match="there is no file"):
        read_table(tmp_path / "nowhere" / "train.csv")


def test_a_misfit_beyond_the_first_block_is_found(write, monkeypatch):
    monkeypatch.setattr("mldiag.data.table_checks._SCANNED_BYTES", 64)
    rows = "a,b\n" + "1,2\n" * 100
    assert len(read_table(write(rows))) == 100
    with pytest.raises(MldiagError, match="line 102: 1 field"):
        read_table(write(rows + "3\n" + "1,2\n" * 20))


def test_a_decimal_comma_does_not_pass_for_the_separator(tmp_path):
    file = tmp_path / "europe.csv"
    file.write_text("a;b;y\n" + "".join(f"1,{i % 9};2,{i % 7};{i % 2}\n" for i in range(30)))
    form = table_format(file)
    assert (form.separator, form.decimal) == (";", ",")
