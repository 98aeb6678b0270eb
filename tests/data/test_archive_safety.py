"""Nothing leaves its folder, nothing fills the disk, nothing is written half."""

import io
import os
import tarfile
import tracemalloc
import zipfile

import pytest

from mldiag.data.archives import REST, Limits, check, extract, members, read_members, repack
from mldiag.errors import MldiagError
from tests.data.archive_files import Entry, deflated, zip_bytes

SMALL = Limits(ratio=20, ratio_from_bytes=100_000)


@pytest.fixture
def write(tmp_path):
    def made(content, name="data.zip"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return made


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("../evil", "leads out"),
        ("a/../../evil", "leads out"),
        ("a\\..\\..\\evil", "leads out"),
        ("/etc/evil", "absolute"),
        ("\\evil", "absolute"),
        ("C:/evil", "colon"),
        ("C:evil", "colon"),
        ("a.txt:stream", "colon"),
        ("nul.txt", "device on Windows"),
        ("a/COM1", "device on Windows"),
        ("a.", "dot or a blank"),
        ("a /b", "dot or a blank"),
        ("a\x1b[31m", "control"),
        ("x" * 300, "longer than"),
        ("./.", "no name"),
    ],
)
@pytest.mark.parametrize("container", ["zip", "tar"])
def test_no_name_leads_out_of_the_folder(write, tmp_path, name, told, container):
    if container == "zip":
        path = write(zip_bytes(Entry(name.encode(), b"x"), Entry(b"good", b"y")))
    else:
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as file:
            for each in (name, "good"):
                info = tarfile.TarInfo(each)
                info.size = 1
                file.addfile(info, io.BytesIO(b"y"))
        path = write(made.getvalue(), "data.tar")
    folder = tmp_path / "deep" / "here"
    bad, good = extract(path, folder)
    assert told in bad.problem
    assert bad.path is None
    assert good.path == folder / "good"
    written = {p for p in tmp_path.rglob("*") if p.is_file()}
    assert written == {path, good.path}


def test_links_are_neither_made_nor_followed(write, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        file.addfile(link)
        for name in ("link/evil", "there/evil", "kept"):
            info = tarfile.TarInfo(name)
            info.size = 1
            file.addfile(info, io.BytesIO(b"x"))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "there").symlink_to(outside)
    (folder / "kept").symlink_to(outside / "through")
    found = {one.name: one.problem for one in extract(write(made.getvalue()), folder)}
    assert "link" in found["link"]
    assert found["link/evil"] == ""  # a plain folder by now
    assert "leads out" in found["there/evil"]
    assert "there already" in found["kept"]
    assert list(outside.iterdir()) == []


def test_names_that_differ_in_case_alone_and_files_that_are_there(write, tmp_path):
    path = write(zip_bytes(Entry(b"A.csv", b"1"), Entry(b"a.csv", b"2"), Entry(b"there", b"3")))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "there").write_text("mine")
    found = extract(path, folder)
    assert [bool(one.problem) for one in found] == [False, True, True]
    assert (folder / "there").read_text() == "mine"
    with pytest.raises(MldiagError, match="is a file"):
        extract(path, folder / "there")


def test_a_damaged_member_leaves_no_file(write, tmp_path):
    path = write(zip_bytes(Entry(b"a", b"abc", packed=deflated(b"abd")), Entry(b"b", b"x")))
    folder = tmp_path / "folder"
    assert "checksum" in extract(path, folder)[0].problem
    assert [p.name for p in folder.iterdir()] == ["b"]


def test_a_member_that_unpacks_to_too_much_is_stopped_and_the_others_are_kept(write):
    path = write(zip_bytes(Entry(b"bomb", bytes(900_000)), Entry(b"good", b"abc")))
    bomb, good = read_members(path, limits=SMALL)
    assert "20 times" in bomb.problem
    assert good.content == b"abc"
    again = list(read_members(path, limits=Limits(ratio=2000, ratio_from_bytes=100_000)))
    assert [found.problem for found in again] == ["", ""]


def test_what_is_declared_is_not_believed(write):
    small = zip_bytes(Entry(b"bomb", bytes(900_000), declared=10))
    assert "20 times" in next(read_members(write(small), limits=SMALL)).problem
    large = zip_bytes(Entry(b"a", b"abc", declared=4_000_000_000))
    assert "came out" in next(read_members(write(large))).problem


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_packed_tar_that_unpacks_to_too_much(write, mode):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as file:
        info = tarfile.TarInfo("zeros")
        info.size = 900_000
        file.addfile(info, io.BytesIO(bytes(info.size)))
    path = write(made.getvalue(), "data.tar.gz")
    assert "20 times" in list(read_members(path, limits=SMALL))[-1].problem


def test_many_small_bombs_end_at_the_limit_of_the_whole_archive(write):
    path = write(zip_bytes(*(Entry(b"%d" % i, bytes(500_000)) for i in range(50))))
    with pytest.raises(MldiagError, match="20 times its size"):
        list(read_members(path, limits=SMALL))
    with pytest.raises(MldiagError, match=r"(?s)more than 977 KB.*total_bytes"):
        list(read_members(path, limits=Limits(total_bytes=1_000_000)))
    with pytest.raises(MldiagError, match="more than 10 members"):
        members(path, limits=Limits(members=10))


def test_entries_that_share_their_bytes_count_each_time(write):
    inner = zip_bytes(Entry(b"kernel", bytes(400_000)))
    place = inner.index(b"PK\1\2")
    directory = inner[place : inner.index(b"PK\5\6")]
    many = 60
    end = inner[inner.index(b"PK\5\6") :]
    end = end[:8] + bytes([many, 0, many, 0]) + (len(directory) * many).to_bytes(4, "little")
    end += place.to_bytes(4, "little") + b"\0\0"
    with pytest.raises(MldiagError, match="times its size"):
        list(check(write(inner[:place] + directory * many + end), limits=SMALL))


def test_a_header_of_tar_that_would_fill_the_memory_is_refused(write):
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 10**11
    path = write(info.tobuf() + bytes(5120), "data.tar")
    tracemalloc.start()
    found = list(read_members(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.name for one in found] == [REST]
    assert peak < 20_000_000


def test_an_archive_in_an_archive_is_not_opened(write):
    inner = zip_bytes(Entry(b"inner.csv", b"x"))
    assert [member.name for member in members(write(zip_bytes(Entry(b"in.zip", inner))))] == [
        "in.zip"
    ]


def good_and_bad():
    return zip_bytes(
        Entry(b"train.csv", b"a\n1\n"),
        Entry(b"bad.csv", b"abc", packed=deflated(b"abd")),
        Entry(b"../evil.csv", b"x"),
        Entry(b"TRAIN.CSV", b"x"),
        Entry(b"folder/", b"", 0),
    )


def test_repack_writes_plain_deflate(write, tmp_path):
    inflate64 = pytest.importorskip("inflate64")
    engine = inflate64.Deflater()
    packed = engine.deflate(b"a\n1\n") + engine.flush()
    path = write(zip_bytes(Entry(b"train.csv", b"a\n1\n", 9, packed=packed)))
    told = []
    done = repack(path, tmp_path / "out.zip", progress=lambda member: told.append(member.name))
    assert (done.kept, done.size, done.left_out) == (1, 4, ())
    assert told == ["train.csv"]
    with zipfile.ZipFile(tmp_path / "out.zip") as file:
        assert file.read("train.csv") == b"a\n1\n"
        assert file.infolist()[0].compress_type == zipfile.ZIP_DEFLATED
    assert (tmp_path / "out.zip").stat().st_mode & 0o777 == 0o666 & ~_mask()


def test_repack_writes_nothing_unless_it_is_whole(write, tmp_path):
    path = write(good_and_bad())
    with pytest.raises(MldiagError, match=r"(?s)bad\.csv in .*hint: --keep-going"):
        repack(path, tmp_path / "out.zip")
    assert [p.name for p in tmp_path.iterdir()] == ["data.zip"]


def test_repack_leaves_the_bad_ones_out_where_asked(write, tmp_path):
    done = repack(write(good_and_bad()), tmp_path / "out.zip", keep_going=True)
    assert [name for name, _ in done.left_out] == ["bad.csv", "../evil.csv", "TRAIN.CSV"]
    with zipfile.ZipFile(done.path) as file:
        assert file.namelist() == ["train.csv", "folder/"]
        assert file.testzip() is None
    cut = write(good_and_bad()[:60], "cut.zip")
    done = repack(cut, tmp_path / "cut-out.zip", keep_going=True)
    assert done.kept == 1
    assert done.left_out[-1][0] == REST


def test_repack_refuses_the_source_and_what_is_there(write, tmp_path):
    path = write(zip_bytes(Entry(b"a", b"x")))
    before = path.read_bytes()
    os.link(path, tmp_path / "same.zip")
    for same in (path, tmp_path / "same.zip"):
        with pytest.raises(MldiagError, match="is the archive itself"):
            repack(path, same, replace=True)
    (tmp_path / "there.zip").write_text("mine")
    with pytest.raises(MldiagError, match="exists already"):
        repack(path, tmp_path / "there.zip")
    with pytest.raises(MldiagError, match="does not exist"):
        repack(path, tmp_path / "no" / "out.zip")
    with pytest.raises(MldiagError, match="is a folder"):
        repack(path, tmp_path)
    assert path.read_bytes() == before
    assert (tmp_path / "there.zip").read_text() == "mine"
    assert repack(path, tmp_path / "there.zip", replace=True).kept == 1


def test_repack_without_room_leaves_nothing_behind(write, tmp_path, monkeypatch):
    path = write(zip_bytes(Entry(b"a", b"x")))

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(MldiagError, match=r"out\.zip cannot be written: No space left"):
        repack(path, tmp_path / "out.zip")
    assert [p.name for p in tmp_path.iterdir()] == ["data.zip"]


def test_repack_of_nothing_readable(write, tmp_path):
    path = write(zip_bytes(Entry(b"a", b"abc", packed=b"\xff\xff")))
    with pytest.raises(MldiagError, match="no file of"):
        repack(path, tmp_path / "out.zip", keep_going=True)
    assert [p.name for p in tmp_path.iterdir()] == ["data.zip"]


def test_repack_makes_a_zip_of_a_tar(write, tmp_path):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as file:
        info = tarfile.TarInfo("a.csv")
        info.size = 3
        file.addfile(info, io.BytesIO(b"a\n1"))
    repack(write(made.getvalue(), "in.tar.gz"), tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as file:
        assert file.read("a.csv") == b"a\n1"


def _mask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
