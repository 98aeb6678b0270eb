"""What is wrong with a file is told in one error, with the line where there is one."""

import contextlib
import gzip
import io
import json
import os

import numpy as np
import pandas as pd
import pytest

from mldiag.data.audited import reading_text
from mldiag.data.audited.reading import read_table
from mldiag.errors import MldiagError
from tests.data.archive_files import Entry, zip_bytes


@pytest.fixture
def write(tmp_path):
    def made(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return made


def npy(array):
    made = io.BytesIO()
    np.save(made, array, allow_pickle=True)
    return made.getvalue()


MANY = "1,2\n" * 3000

FAULTS = [
    ("", "is empty"),
    (" \n\n", "is empty"),
    (b"\xef\xbb\xbf", "is empty"),
    ("a,b\n", "a header but no rows"),
    ("a,b\r\n\r\n", "a header but no rows"),
    ("a,b,a\n1,2,3\n", r"2 columns named 'a': columns 1, 3"),
    (",a\n0,1\n", "(?s)column 1 of data.csv has no name.*index=False"),
    ("a,,b\n0,1,2\n", "column 2 of data.csv has no name"),
    ("a,b\n1,2\n3\n4,5\n", r"(?s)line 3: 1 field\n.*expected: 2"),
    ("a,b\n1,2\n\n3,4,5\n", "line 4: 3 fields"),
    ("\n\na,b\n1,2\n3\n", "line 5: 1 field"),
    ('a,b\n"x\ny",2\n3\n', "line 4: 1 field"),
    (f"a,b\n{MANY}3\n{MANY}", "line 3,002: 1 field"),
    ("a,b\n1,2\n3;4\n", "(?s)line 3: 1 field.*separated by ;, the header by ,"),
    ('a,b\n1,2\n3,"x\n4,5\n', "line 3: a quote is opened that is never closed"),
    ('a,b\n1,2\n"3,x\n4,5\n' + MANY, "line 3: a quote is opened that is never closed"),
    (f'a,b\n1,"ok"\n2,"{MANY * 100}', "line 3: a quote is opened that is never closed"),
    (b"a,b\n1,2\n3,M\xfcller\n", r"(?s)line 3: byte 0xfc.*M.ller.*--encoding cp1252"),
    (b"a,b\n" + b"1,2\n" * 9000 + b"1,\xff\n", "line 9,002: byte 0xff"),
    (b"a,b\n1,x\xe2\x82", "line 2: byte 0xe2"),
    (b"a,b\n1,2\x00\n", "is binary"),
    (os.urandom(1 << 12), "is binary|is "),
    (bytes(range(1, 32)) * 40, "is binary"),
    ("<!DOCTYPE html><html></html>", "(?s)is a web page.*download"),
    ("\ufeff <html><table>", "is a web page"),
    ("<?xml version='1.0'?><rows/>", "is XML"),
    ('[{"a": 1}]', r"(?s)is one JSON array.*jq -c '\.\[\]'"),
    ('{\n "a": 1\n}', "first line is no whole object"),
    ('{"a": 1}\n{"a": \n', "line 2: Expecting value"),
    ('{"a": 1}\n[1]\n', "line 2: a list, no object"),
    (b"\x80\x04\x95", "pickle, which can run code"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "(?s)an old Excel workbook.*save the sheet as CSV"),
    (b"%PDF-1.7", "is a PDF"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1 and then nothing", "cannot be read"),
    (b"ARROW1 and then nothing", "cannot be read"),
    (b"FEA1 and then nothing", "cannot be read"),
    (b"\xff\xff\xff\xff\x10\x00", "cannot be read|is not"),
    (b"\x1f\x8b damaged", "cannot be read: damaged"),
    (gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-9], "cannot be read: truncated"),
    (zip_bytes(Entry(b"[Content_Types].xml", b"x"), Entry(b"xl/a", b"x")), "an Excel workbook"),
    (b"\x93NUMPY and then nothing", "damaged NumPy array"),
    (npy(np.array([{}])), "Python objects, which can run code"),
    (npy(np.zeros(100))[:-8], "is cut off"),
    (npy(np.zeros((0, 3))), "no rows"),
    (npy(np.array(5.0)), "a single value"),
]


@pytest.mark.parametrize(("content", "told"), FAULTS, ids=range(len(FAULTS)))
def test_what_is_wrong_is_told(write, content, told):
    with pytest.raises(MldiagError, match=told):
        read_table(write(content))


def test_ten_million_columns_are_refused_before_they_are_parsed(write):
    path = write("a," * 10_000_000 + "b\n" + "1," * 5 + "2\n")
    with pytest.raises(MldiagError, match=r"longer than 16 MB|about 10,000,001 columns"):
        read_table(path)
    fewer = write("a," * 200_000 + "b\n1\n")
    with pytest.raises(MldiagError, match="about 200,001 columns"):
        read_table(fewer)


def test_a_wide_table_is_read(write):
    names = [f"gene{i}" for i in range(5000)]
    frame = read_table(write(",".join(names) + "\n" + ",".join(["1.5"] * 5000) + "\n")).frame
    assert frame.shape == (1, 5000)


def test_a_cell_of_many_megabytes(write):
    with pytest.raises(MldiagError, match="line 3: 50 MB in one row"):
        read_table(write(b"a,b\n1,2\n3," + b"x" * (50 << 20) + b"\n4,5\n"))
    frame = read_table(write(b"a,b\n1,2\n3," + b"x" * (6 << 20) + b"\n4,5\n")).frame
    assert frame["b"].str.len().tolist() == [1, 6 << 20, 1]


def test_folders_missing_files_and_files_that_may_not_be_read(write, tmp_path, monkeypatch):
    path = write("a,b\n1,2\n", "train.csv")
    with pytest.raises(MldiagError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(MldiagError, match=r"nearest: train\.csv"):
        read_table(tmp_path / "trian.csv")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(MldiagError, match="cannot be read: Permission denied"):
        read_table(path)


def test_an_array_that_claims_more_than_is_there_takes_no_memory(write):
    content = npy(np.zeros(4)).replace(b"(4,), ", b"(999999999999,), ", 1)
    with pytest.raises(MldiagError, match=r"is cut off|damaged"):
        read_table(write(content, "a.npy"))


def test_columns_of_parquet_and_json_lines_are_named_once(write, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet

    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pyarrow.parquet.write_table(twice, tmp_path / "a.parquet")
    with pytest.raises(MldiagError, match="2 columns named 'a'"):
        read_table(tmp_path / "a.parquet")
    with pytest.raises(MldiagError, match="has no name"):
        read_table(write(json.dumps({"": 1}) + "\n", "a.jsonl"))
    pd.DataFrame({"a": []}).to_parquet(tmp_path / "none.parquet")
    with pytest.raises(MldiagError, match="no rows"):
        read_table(tmp_path / "none.parquet")


def test_random_damage_to_text_ends_in_a_table_or_in_words(write):
    rng = np.random.default_rng(5)
    whole = ('name,n,d\n"Müller, A",1,2024-01-01\n' + "x,2,\n" * 20).encode()
    for attempt in range(150):
        data = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            place = int(rng.integers(len(data)))
            data[place : place + int(rng.integers(0, 3))] = bytes(
                rng.choice(list(b'",;\n\r\t\x00\xff\xc3{[<a1'), size=int(rng.integers(0, 4)))
            )
        with contextlib.suppress(MldiagError):  # anything else is a failure
            assert len(read_table(write(bytes(data), f"{attempt}.csv")).frame)


def test_the_parser_is_asked_again_with_larger_blocks(write, monkeypatch):
    monkeypatch.setattr(reading_text, "_BLOCKS", (64, 1024))
    frame = read_table(write("a,b\n" + "1,2\n" * 50 + "3," + "x" * 200 + "\n")).frame
    assert len(frame) == 51
    with pytest.raises(MldiagError, match=r"line 2: 4\.88 KB in one row"):
        read_table(write("a,b\n1," + "x" * 5000 + "\n"))
