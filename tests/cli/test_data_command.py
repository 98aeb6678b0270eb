"""`mldiag data`: what an archive holds, whether it is whole, and a zip that every program can read."""

import json
import subprocess
import sys
import zipfile

import pytest

from tests.data.archive_files import Entry, deflated, zip_bytes


@pytest.fixture
def good(tmp_path):
    (tmp_path / "good.zip").write_bytes(
        zip_bytes(
            Entry(b"train.csv", b"a\n1\n"), Entry(b"folder/", b"", 0), Entry(b"in.zip", b"PK")
        )
    )
    return "good.zip"


@pytest.fixture
def bad(tmp_path):
    (tmp_path / "bad.zip").write_bytes(
        zip_bytes(
            Entry(b"train.csv", b"a\n1\n"), Entry(b"b\x1b.csv", b"abc", packed=deflated(b"abd"))
        )
    )
    return "bad.zip"


def test_list_names_every_member(mldiag, good):
    answer = mldiag("data", "list", good)
    assert answer.code == 0
    assert "train.csv" in answer.out
    assert "an archive, not looked into" in answer.out
    assert "2 files, 6 bytes unpacked" in answer.out


def test_check_tells_the_bad_ones_and_what_to_do(mldiag, good, bad):
    assert mldiag("data", "list", good, "--check").code == 0
    answer = mldiag("data", "list", "--check", bad)
    assert answer.code == 1
    assert "checksum" in answer.out
    assert "\x1b" not in answer.out
    assert "mldiag data repack bad.zip whole-bad.zip --keep-going" in answer.out


def test_json_is_one_object(mldiag, good, bad):
    told = json.loads(mldiag("data", "list", good, "--json").out)
    assert [member["name"] for member in told["members"]] == ["train.csv", "folder/", "in.zip"]
    assert told["members"][0]["size"] == 4
    checked = json.loads(mldiag("data", "list", bad, "--json", "--check").out)
    assert "checksum" in checked["members"][1]["problem"]


def test_repack_is_whole_or_not_at_all(mldiag, good, bad, tmp_path):
    assert "wrote out.zip: 2 files, 6 bytes" in mldiag("data", "repack", good, "out.zip").out
    answer = mldiag("data", "repack", bad, "other.zip")
    assert answer.code == 2
    assert "hint:     mldiag data repack bad.zip other.zip --keep-going" in answer.err
    assert not (tmp_path / "other.zip").exists()
    answer = mldiag("data", "repack", bad, "other.zip", "--keep-going")
    assert answer.code == 0
    assert "left out 1 member" in answer.err
    with zipfile.ZipFile(tmp_path / "other.zip") as file:
        assert file.namelist() == ["train.csv"]


def test_repack_replaces_only_when_told(mldiag, good, tmp_path):
    (tmp_path / "there.zip").write_text("mine")
    answer = mldiag("data", "repack", good, "there.zip")
    assert answer.code == 2
    assert "mldiag data repack good.zip there.zip --force" in answer.err
    assert mldiag("data", "repack", good, "there.zip", "--force").code == 0
    assert mldiag("data", "repack", good, good, "--force").code == 2


def test_limits_are_told_with_the_flag_that_allows_more(mldiag, tmp_path):
    (tmp_path / "zeros.zip").write_bytes(zip_bytes(Entry(b"zeros", bytes(30_000_000))))
    assert mldiag("data", "list", "--check", "zeros.zip").code == 0
    answer = mldiag("data", "list", "--check", "zeros.zip", "--max-gigabytes", "0.01")
    assert answer.code == 2
    assert "--max-gigabytes 500" in answer.err
    assert mldiag("data", "list", "zeros.zip", "--max-ratio", "0").code == 2
    assert mldiag("data", "list", "zeros.zip", "--max-ratio", "nan").code == 2


@pytest.mark.parametrize("file", ["nothing.zip", ".", "text.zip"])
def test_what_is_no_archive(mldiag, file, tmp_path):
    (tmp_path / "text.zip").write_text("a,b\n")
    for command in (["list", file], ["repack", file, "out.zip"]):
        answer = mldiag("data", *command)
        assert answer.code == 2
        assert answer.err.startswith("error: ")
    assert not (tmp_path / "out.zip").exists()


def test_the_command_line_starts_without_what_reads_archives():
    code = (
        "import mldiag.cli.data, sys; print([m for m in sys.modules if m in ('tarfile', 'pandas')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
