"""What users have is read raw: every format, nothing guessed away, nothing lost."""

import bz2
import gzip
import io
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest

from mldiag.data.audited.reading import read_table
from mldiag.data.audited.reading_columnar import row_count
from mldiag.data.audited.reading_members import tables_in
from mldiag.data.audited.writing import write_rows
from mldiag.errors import MldiagError
from tests.data.archive_files import Entry, deflated, zip_bytes

FRAME = pd.DataFrame({"age": [41, 38, 7], "city": ["Rome", "Oslo", "?"], "x": [0.5, -1.25, 3e9]})
CSV = FRAME.to_csv(index=False).encode()


@pytest.fixture
def write(tmp_path):
    def made(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return made


def zipped(**members):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return made.getvalue()


def saved(array, **named):
    made = io.BytesIO()
    np.savez_compressed(made, **named) if named else np.save(made, array)
    return made.getvalue()


def cells(path, **how):
    return read_table(path, **how).frame.astype(object).where(lambda f: f.notna(), None)


def test_only_an_empty_cell_is_missing(write):
    text = 'n,s,t,q\n1,NA,N/A,""\n?,nan, ,x\n,,null,\n'
    frame = cells(write(text))
    assert frame.to_numpy().tolist() == [
        ["1", "NA", "N/A", None],
        ["?", "nan", " ", "x"],
        [None, None, "null", None],
    ]


def test_numbers_dates_and_truth_are_what_they_are_everywhere_in_their_column(write):
    text = "i,f,d,b,c\n1,1.5,2024-01-01,true,True\n2,1e3,2024-02-03,FALSE,\n,-2,,True,False\n"
    frame = read_table(write(text)).frame
    assert [str(kind) for kind in frame.dtypes] == [
        "float64",
        "float64",
        "datetime64[ms]",
        "bool",
        "boolean",
    ]
    assert frame["d"].iloc[1] == pd.Timestamp("2024-02-03")


@pytest.mark.parametrize(
    ("column", "kept"),
    [
        (["007", "010", "12"], True),
        (["0x1f", "0x20", "0x21"], True),
        (["12:30", "01:15", "23:59"], True),
        (["12345678901234567890", "12345678901234567891", "5"], True),
        (["1.2.2024", "2.2.2024", "3.2.2024"], True),
        (["0", "0.5", "10"], False),
        (["9007199254740993", "1", "2"], False),
    ],
)
def test_codes_times_and_long_numbers_stay_as_they_are_written(write, column, kept):
    frame = read_table(write("a,b\n" + "".join(f"{cell},1\n" for cell in column))).frame
    assert (frame["a"].tolist() == column) is kept
    assert frame["b"].tolist() == [1, 1, 1]


def test_long_whole_numbers_beside_missing_ones_are_exact(write):
    frame = read_table(write("a,b\n9007199254740993,1\n,2\n")).frame
    assert int(frame["a"].iloc[0]) == 9007199254740993


def test_a_number_column_that_has_text_late_is_text_throughout(write):
    many = 400_000
    frame = read_table(write("a,b\n" + "1,2\n" * many + "?,3\n")).frame
    assert frame["a"].iloc[[0, many]].tolist() == ["1", "?"]
    assert frame["b"].sum() == 2 * many + 3


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_separator_and_line_end(write, separator, end):
    rows = [["a", "b"], ["1", "x y"], ["2", "z"]]
    found = read_table(write(end.join(separator.join(row) for row in rows) + end))
    assert found.frame.to_numpy().tolist() == [[1, "x y"], [2, "z"]]
    assert found.format == {",": "CSV", "\t": "TSV"}.get(separator, f"CSV separated by {separator}")


def test_quotes_blank_lines_and_a_decimal_comma(write):
    path = write('\n\nname;"says ""so"""\nann;"a; ""b""\nand c"\n\nbob;5" pipe\n')
    assert cells(path).to_numpy().tolist() == [["ann", 'a; "b"\nand c'], ["bob", '5" pipe']]
    found = read_table(write("a;b\n1,5;x\n2,25;y\n"))
    assert found.frame["a"].tolist() == [1.5, 2.25]
    assert found.notices == ("decimals are written with a comma",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings_that_say_what_they_are(write, encoding):
    path = write("näme,b\nzoë,1\n日本,2\n".encode(encoding))
    assert cells(path).columns.tolist() == ["näme", "b"]
    assert cells(path)["näme"].tolist() == ["zoë", "日本"]


@pytest.mark.parametrize(
    ("encoding", "word"), [("cp1252", "Müller, 5 €"), ("cp932", "日本語データ"), ("cp1252", "Köln")]
)
def test_other_encodings_are_named_with_their_line_and_read_where_said(write, encoding, word):
    path = write(f"a;b\nx;1\n{word};2\n".encode(encoding))
    with pytest.raises(MldiagError) as told:
        read_table(path)
    assert "line 3" in told.value.what
    assert told.value.nearest == encoding
    assert word[:3] in told.value.expected
    assert told.value.hint == f"--encoding {encoding}"
    assert cells(path, encoding=encoding)["a"].tolist() == ["x", word]


def test_a_wrong_or_unknown_encoding(write):
    with pytest.raises(MldiagError, match="is not written in utf-16"):
        read_table(write(b"a,b\n1,2\n3"), encoding="utf-16")
    with pytest.raises(MldiagError, match="nearest: cp1252"):
        read_table(write(CSV), encoding="cp1522")
    with pytest.raises(MldiagError, match="unknown encoding"):
        read_table(write(CSV), encoding="rot13")


COLUMNAR = {
    "parquet": lambda file: FRAME.to_parquet(file),
    "arrow": lambda file: pyarrow.feather.write_feather(FRAME, file, compression="uncompressed"),
    "feather": lambda file: pyarrow.feather.write_feather(FRAME, file),
}


@pytest.mark.parametrize("kind", COLUMNAR)
@pytest.mark.parametrize("inside", [False, True])
def test_columnar_files_under_any_name(write, tmp_path, kind, inside):
    made = io.BytesIO()
    COLUMNAR[kind](made)
    path = write(made.getvalue(), "data.bin")
    if inside:
        path = write(zipped(**{f"in/t.{kind}": made.getvalue()}), "data.zip")
    assert read_table(path).frame.to_numpy().tolist() == FRAME.to_numpy().tolist()


def test_an_arrow_stream_and_awkward_types(write):
    table = pa.table(
        {
            "day": pa.array([None, 19000], pa.date32()),
            "money": pa.array([1, None]).cast(pa.decimal128(21, 2)),
            "at": pa.array([3600, None], pa.time32("s")),
            "words": pa.array(["a", "b"]).dictionary_encode(),
        }
    )
    made = io.BytesIO()
    with pyarrow.ipc.new_stream(made, table.schema) as file:
        file.write_table(table)
    frame = read_table(write(made.getvalue(), "data.arrows")).frame
    assert frame["day"].dtype.kind == "M"
    assert frame["money"].iloc[0] == 1.0
    assert frame["at"].iloc[0] == "01:00:00"
    assert frame["words"].tolist() == ["a", "b"]


def test_a_pandas_index_without_a_name_is_no_column(write):
    made = io.BytesIO()
    FRAME.set_index(pd.Index([5, 6, 7])).to_parquet(made)
    assert list(read_table(write(made.getvalue())).frame.columns) == list(FRAME.columns)


def test_numpy_arrays(write):
    matrix = np.arange(6.0).reshape(3, 2)
    assert read_table(write(saved(matrix), "a.npy")).frame.to_numpy().tolist() == matrix.tolist()
    by_columns = np.asfortranarray(matrix).astype(">f8")
    assert read_table(write(saved(by_columns), "b.npy")).frame["1"].tolist() == [1, 3, 5]
    records = np.array([(1, b"x"), (2, b"y")], dtype=[("n", "i4"), ("s", "S3")])
    assert read_table(write(saved(records), "c.npy")).frame.to_numpy().tolist() == [
        [1, "x"],
        [2, "y"],
    ]
    images = read_table(write(saved(np.zeros((2, 3, 4))), "d.npy"))
    assert images.frame.shape == (2, 12)
    assert images.notices == ("3 x 4 values a row are 12 columns",)


def test_an_npz_with_train_and_test(write):
    x, y = np.arange(6).reshape(3, 2), np.array([0, 1, 0])
    path = write(saved(None, x_train=x, y_train=y, x_test=x[:1], y_test=y[:1]), "data.npz")
    assert tables_in(path) == {"train": "train", "test": "test"}
    train = read_table(path)
    assert list(train.frame.columns) == ["0", "1", "y"]
    assert "--member test" in train.notices[0]
    assert len(read_table(path, member="test").frame) == 1
    odd = write(saved(None, a=x, b=y[:2]), "odd.npz")
    with pytest.raises(MldiagError, match="differ in length"):
        read_table(odd)
    assert read_table(odd, member="a").frame.shape == (3, 2)
    with pytest.raises(MldiagError, match="nearest: test"):
        read_table(path, member="tset")


def test_json_lines(write):
    text = '{"a": 1, "b": "x"}\n\n{"a": 2, "c": true, "b": null}\n'
    frame = read_table(write(text, "data.jsonl")).frame
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["a"].tolist() == [1, 2]
    mixed = read_table(write('{"a": 1, "d": "2024-01-01"}\n{"a": "two"}\n', "mixed")).frame
    assert mixed["a"].tolist() == [1, "two"]
    assert mixed["d"].iloc[0] == "2024-01-01"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.csv.gz", gzip.compress(CSV, mtime=0)),
        ("train.csv.bz2", bz2.compress(CSV)),
        ("a.zip", zipped(**{"train.csv": CSV, "readme.md": "x", "__MACOSX/._train.csv": b"\0"})),
        (
            "a.zip",
            zipped(**{"train.csv": CSV, "test.csv": b"a\n1\n", "sample_submission.csv": "a"}),
        ),
        ("a.zip", zipped(**{"x/train/data.csv": CSV, "x/test/data.csv": b"a\n1\n"})),
        ("a.zip", zipped(**{"table.txt": CSV})),
        ("a.zip", zip_bytes(Entry(b"train.csv", CSV), Entry(b"bad.png", b"a", packed=b"\xff"))),
    ],
)
def test_archives_with_one_table_or_train_and_test(write, name, content):
    found = read_table(write(content, name))
    assert found.frame["age"].tolist() == [41, 38, 7]
    assert "is read" in found.notices[0]


def test_several_tables_are_chosen_by_name(write):
    path = write(zipped(**{"a.csv": CSV, "b.csv": b"a\n1\n"}), "data.zip")
    with pytest.raises(MldiagError, match=r"(?s)holds 2 tables: a\.csv, b\.csv.*--member a\.csv"):
        tables_in(path)
    assert len(read_table(path, member="b.csv").frame) == 1
    with pytest.raises(MldiagError, match=r"nearest: b\.csv"):
        read_table(path, member="c.csv")
    both = write(zipped(**{"train.csv": CSV, "test.csv": b"a\n1\n"}), "both.zip")
    assert tables_in(both) == {"train": "train.csv", "test": "test.csv"}
    twice = write(zipped(**{"train.csv": CSV, "train.parquet": CSV, "test.csv": CSV}), "twice.zip")
    with pytest.raises(MldiagError, match="holds 3 tables"):
        tables_in(twice)
    assert tables_in(write(CSV)) == {}


def test_archives_without_a_table_or_with_a_bad_one(write):
    with pytest.raises(MldiagError, match=r"holds no table but a\.png"):
        read_table(write(zipped(**{"a.png": "x"}), "a.zip"))
    with pytest.raises(MldiagError, match=r"holds an archive \(b\.zip\), which is not opened"):
        read_table(write(zipped(**{"b.zip": "x"}), "a.zip"))
    with pytest.raises(MldiagError, match="is an archive itself"):
        read_table(write(zipped(**{"b.zip": "x", "a.csv": "a"}), "a.zip"), member="b.zip")
    bad = write(zip_bytes(Entry(b"train.csv", b"abc", packed=deflated(b"abd"))), "bad.zip")
    with pytest.raises(MldiagError, match=r"train\.csv in bad\.zip cannot be read: .*checksum"):
        read_table(bad)
    with pytest.raises(MldiagError, match="is no archive"):
        read_table(write(CSV), member="x.csv")


def test_a_table_in_a_tar(write):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as file:
        info = tarfile.TarInfo("data/train.csv")
        info.size = len(CSV)
        file.addfile(info, io.BytesIO(CSV))
    assert read_table(write(made.getvalue(), "a.tar.gz")).frame["age"].tolist() == [41, 38, 7]


@pytest.fixture
def grouped(tmp_path):
    path = tmp_path / "big.parquet"
    frame = pd.DataFrame({"n": np.arange(10_000), "s": [f"w{i % 7}" for i in range(10_000)]})
    frame.to_parquet(path, row_group_size=1_500)
    return path


def test_rows_of_parquet_are_counted_from_its_end(grouped):
    assert row_count(grouped) == 10_000


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_sample_is_seeded_and_comes_from_everywhere(grouped, tmp_path, kind):
    path = grouped
    if kind == "csv":
        path = tmp_path / "big.csv"
        pd.read_parquet(grouped).to_csv(path, index=False)
    found = read_table(path, rows_at_most=1000, seed=3)
    assert found.frame["n"].tolist() == found.rows.tolist()
    assert found.row_count == 10_000
    assert found.notices == ("1,000 of 10,000 rows are looked at, drawn with seed 3",)
    per_group = np.bincount(found.rows // 1500, minlength=7)[:6]
    assert per_group.min() > 100
    assert read_table(path, rows_at_most=1000, seed=3).rows.tolist() == found.rows.tolist()
    assert read_table(path, rows_at_most=1000, seed=4).rows.tolist() != found.rows.tolist()
    whole = read_table(path, rows_at_most=10_000)
    assert whole.rows is None
    assert whole.notices == ()


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_written_rows_run_nothing(tmp_path, ending):
    live = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1"]
    plain = ["-5", "+1.5", "-1e-3", "x=1", "", "-", "a@b.de"]
    frame = pd.DataFrame({"=name": live, "text": plain, "n": range(-3, 4)})
    frame["level"] = pd.Categorical(["=a"] * 3 + ["b"] * 4)
    path = tmp_path / f"rows.{ending}"
    assert write_rows(frame, path) == len(live) + 1 + 3
    back = pd.read_csv(path, sep="\t" if ending == "tsv" else ",", dtype=str, keep_default_na=False)
    assert back["'=name"].tolist() == ["'" + cell for cell in live]
    assert back["text"].tolist() == plain
    assert back["n"].tolist() == [str(n) for n in range(-3, 4)]
    assert back["level"].tolist() == ["'=a"] * 3 + ["b"] * 4
    assert frame["=name"].tolist() == live


def test_a_carriage_return_within_a_cell_begins_no_row(tmp_path):
    write_rows(pd.DataFrame({"a": ["x\r=cmd", "y"], "n": [1, 2]}), tmp_path / "a.csv")
    frame = read_table(tmp_path / "a.csv").frame
    assert frame["a"].tolist() == ["x\r=cmd", "y"]
    assert frame["n"].tolist() == [1, 2]


def test_parquet_is_written_as_it_is(tmp_path):
    frame = pd.DataFrame({"a": ["=1"]})
    assert write_rows(frame, tmp_path / "a.parquet") == 0
    assert pd.read_parquet(tmp_path / "a.parquet")["a"].tolist() == ["=1"]
    with pytest.raises(MldiagError, match="nearest: rows"):
        write_rows(frame, tmp_path / "rows.xlsx")
