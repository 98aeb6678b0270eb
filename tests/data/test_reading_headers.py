"""Lines above a header, no header at all, and hints that run where the person stands."""

import gzip
import io
import subprocess
import tarfile
import zipfile

import pytest

from mldiag.data.audited.reading import read_table
from mldiag.errors import MldiagError

ROWS = "a,b,y\n1,2,0\n3,4,1\n5,6,0\n"
RAGGED = "a,b\n1,2\n3,4,5\n"


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def made(content, name="my data.csv"):
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path.relative_to(tmp_path)

    return made


def told(path, **how):
    with pytest.raises(MldiagError) as caught:
        read_table(path, **how)
    return caught.value


def said(hint):
    return subprocess.run(
        ["sh", "-c", hint], capture_output=True, text=True, check=True, timeout=20
    ).stdout


@pytest.mark.parametrize(
    ("above", "words"),
    [
        ("# from the lab, in cm\n# by hand\n", "2 lines of comment above its header"),
        ("# from the lab\n", "a line of comment above its header"),
        ("Report of 2024\n\n", "other lines above its header, it seems: from line 3 on"),
        ("Sales;all\nby month\n", "from line 3 on there are 3 fields"),
    ],
)
def test_lines_above_the_header_are_told_with_a_command_that_takes_them_away(write, above, words):
    error = told(write(above + ROWS))
    assert words in error.what
    said(error.hint)
    assert read_table("plain.csv").frame.columns.tolist() == ["a", "b", "y"]


@pytest.mark.parametrize("header", ["#id,age,y", "%,age,y", "// id,age,y"])
def test_a_header_may_begin_with_a_sign(write, header):
    found = read_table(write(ROWS.replace("a,b,y", header)))
    assert found.frame.columns.tolist() == header.split(",")
    assert found.notices == ()


def test_a_row_that_is_too_long_is_no_header(write):
    assert "line 3: 3 fields" in told(write("a,b\n1,2\n3,4,5\n6,7,8\n9,10,11\n")).what
    assert "line 3: 3 fields" in told(write(RAGGED)).what


@pytest.mark.parametrize("line", ["0.5,7,red", "12,7,3", "-4,blue,1"])
def test_a_file_without_a_header_is_told_with_a_call_that_runs(write, line):
    rows = f"{line}\n" + "1.5,8,3\n2.5,9,4\n"
    (notice,) = read_table(write(rows)).notices
    assert "is taken for the names of its columns, and holds numbers" in notice
    exec("import pandas\n" + notice.splitlines()[1].split(": ", 1)[1].replace("my", "in/my"))
    assert read_table("named.csv").frame.shape == (3, 3)


def test_equal_values_in_the_first_line_hint_at_a_missing_header(write):
    error = told(write("0.5,0.5\n0.1,0.2\n"))
    assert "2 columns named '0.5'" in error.what
    exec("import pandas\n" + error.hint)
    assert read_table("named.csv").frame.shape == (2, 2)


@pytest.mark.parametrize("header", ["0,1,2", "country,1990,1991", "a,b2,c.d", "1,2,3"])
def test_numbers_may_be_names(write, header):
    assert read_table(write(f"{header}\n1,2,3\n4,5,6\n")).notices == ()


def packed(kind):
    made = io.BytesIO()
    if kind == "gz":
        return gzip.compress(RAGGED.encode(), mtime=0)
    if kind == "zip":
        with zipfile.ZipFile(made, "w") as file:
            file.writestr("a folder/train.csv", RAGGED)
    else:
        with tarfile.open(fileobj=made, mode="w:gz") as file:
            info = tarfile.TarInfo("a folder/train.csv")
            info.size = len(RAGGED)
            file.addfile(info, io.BytesIO(RAGGED.encode()))
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("my data.csv", RAGGED),
        ("data.csv.gz", packed("gz")),
        ("data.tar.gz", packed("tar.gz")),
    ],
)
def test_a_hint_shows_the_line_that_is_wrong(write, name, content):
    error = told(write(content, name))
    assert said(error.hint) == "3,4,5\n"


def test_a_hint_for_a_member_of_a_zip_names_it(write):
    error = told(write(packed("zip"), "data.zip"))
    assert error.hint == "unzip -p in/data.zip 'a folder/train.csv' | sed -n 3p"
