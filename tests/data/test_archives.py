"""Archives: every kind is read, good members are kept, bad ones are named."""

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile

import pyarrow
import pytest

from mldiag.data import archives
from mldiag.data.archives import LIMITS, REST, is_archive, members, open_member, read_members
from mldiag.data.archives.decoders import PIECE_BYTES
from mldiag.errors import MldiagError
from tests.data.archive_files import Entry, deflated, zip_bytes

TABLE = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(3000))
FILES = {"train.csv": TABLE, "sub/test.csv": TABLE[:4000], "empty.txt": b""}


def zipped(method):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, content in FILES.items():
            file.writestr(name, content)
    return made.getvalue()


def tarred(mode="w", add=()):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as file:
        for name, content in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
        for info in add:
            file.addfile(info)
    return made.getvalue()


def deflate64(content):
    inflate64 = pytest.importorskip("inflate64")
    engine = inflate64.Deflater()
    return engine.deflate(content) + engine.flush()


def contents(path, names=None):
    return {found.name: found.problem or found.content for found in read_members(path, names)}


@pytest.fixture
def write(tmp_path):
    def made(content, name="data.bin"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return made


KINDS = {
    "stored": lambda: zipped(zipfile.ZIP_STORED),
    "deflate": lambda: zipped(zipfile.ZIP_DEFLATED),
    "bzip2": lambda: zipped(zipfile.ZIP_BZIP2),
    "lzma": lambda: zipped(zipfile.ZIP_LZMA),
    "deflate64": lambda: zip_bytes(
        *(Entry(n.encode(), c, 9, packed=deflate64(c)) for n, c in FILES.items())
    ),
    "descriptors": lambda: zip_bytes(
        *(Entry(n.encode(), c) for n, c in FILES.items()), descriptors=True
    ),
    "tar": tarred,
    "tar.gz": lambda: tarred("w:gz"),
    "tar.bz2": lambda: tarred("w:bz2"),
    "tar.xz": lambda: tarred("w:xz"),
    "tar.zst": lambda: pyarrow.compress(tarred(), codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_under_any_name(write, kind):
    path = write(KINDS[kind]())
    assert is_archive(path)
    assert contents(path) == FILES
    assert contents(path, ["sub/test.csv"]) == {"sub/test.csv": FILES["sub/test.csv"]}
    found = {member.name: member.size for member in members(path)}
    assert found == {name: len(content) for name, content in FILES.items()}
    with open_member(path, "train.csv") as file:
        assert file.read(10) == TABLE[:10]
        assert file.read() == TABLE[10:]


@pytest.mark.parametrize(
    ("ending", "pack"),
    [
        ("gz", gzip.compress),
        ("bz2", bz2.compress),
        ("xz", lzma.compress),
        ("zst", lambda data: pyarrow.compress(data, codec="zstd", asbytes=True)),
    ],
)
def test_one_compressed_file_has_the_name_without_the_ending(write, ending, pack):
    path = write(pack(TABLE), f"train.csv.{ending}")
    assert contents(path) == {"train.csv": TABLE}
    assert members(path)[0].size is None
    if ending != "zst":
        assert contents(write(pack(TABLE) * 2 + b"\0" * 20, "twice")) == {"twice": TABLE * 2}


def test_a_large_deflate64_member_comes_in_small_pieces(write):
    content = bytes(5_000_000)
    path = write(zip_bytes(Entry(b"zeros", content, 9, packed=deflate64(content))))
    with open_member(path, "zeros") as file:
        assert sum(len(piece) for piece in iter(lambda: file.read(1 << 16), b"")) == len(content)


def test_deflate64_without_its_library_says_what_to_install(write, monkeypatch):
    path = write(zip_bytes(Entry(b"a", b"x", 9, packed=b"\x4b\x04\x00")))
    monkeypatch.setitem(sys.modules, "inflate64", None)
    with pytest.raises(MldiagError, match=r"mldiag\[archives\]"):
        list(read_members(path))


def test_zip64_and_bytes_before_the_zip(write):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file, file.open("a", "w", force_zip64=True) as opened:
        opened.write(TABLE)
    assert contents(write(made.getvalue())) == {"a": TABLE}
    cut = made.getvalue()[: made.getvalue().index(b"PK\1\2")]
    assert contents(write(cut)) == {"a": TABLE, REST: contents(write(cut))[REST]}


@pytest.mark.parametrize(
    ("raw", "flags", "name"),
    [
        ("Köln.csv".encode("cp437"), 0, "Köln.csv"),
        ("größe.csv".encode(), 0, "größe.csv"),
        ("表計算.csv".encode(), 0x800, "表計算.csv"),
        ("表計算データ.csv".encode("cp932"), 0, "表計算データ.csv"),
    ],
)
def test_names_in_several_encodings(write, raw, flags, name):
    assert contents(write(zip_bytes(Entry(raw, b"x", flags=flags)))) == {name: b"x"}


def broken_zip(position, **how):
    entries = [Entry(name.encode(), content) for name, content in FILES.items()]
    spoilt = entries[position]
    entries[position] = Entry(**{"name": spoilt.name, "content": spoilt.content} | how)
    return zip_bytes(*entries)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"flags": 1}, "password"),
        ({"method": 97, "packed": b"?"}, "compression type 97"),
        ({"packed": deflated(TABLE)[:500]}, "truncated"),
        ({"packed": deflated(TABLE[:-1] + b"!")}, "checksum"),
        ({"packed": deflated(TABLE[:-1])}, "bytes came out instead of"),
        ({"packed": b"\xff" * 99}, "damaged"),
        ({"mode": 0o120777}, "a link"),
        ({"mode": 0o020666}, "a device"),
    ],
)
def test_a_bad_member_is_named_and_the_others_are_kept(write, how, told):
    path = write(broken_zip(0, **how))
    found = contents(path)
    assert told in found.pop("train.csv")
    assert found == {name: content for name, content in FILES.items() if name != "train.csv"}
    assert [bool(one.problem) for one in archives.check(path)] == [True, False, False]


@pytest.mark.parametrize("kind", ["stored", "deflate", "descriptors", "bzip2"])
def test_a_zip_that_was_cut_off_keeps_what_came_before(write, kind):
    whole = KINDS[kind]()
    second = whole.index(b"sub/test.csv")
    found = contents(write(whole[: second + 12 + 100]))
    assert found["train.csv"] == TABLE
    assert "truncated" in found["sub/test.csv"]
    assert "cut off" in found[REST]
    directory = whole.index(b"PK\1\2")
    without = contents(write(whole[:directory]))
    assert REST in without
    assert {name: without[name] for name in FILES} == FILES


def test_a_member_overwritten_in_a_zip_without_directory_does_not_hide_the_next(write):
    whole = zip_bytes(*(Entry(n.encode(), c) for n, c in FILES.items()), descriptors=True)
    damaged = bytearray(whole[: whole.index(b"PK\1\2")])
    damaged[45:200] = b"\xff" * 155
    found = contents(write(bytes(damaged)))
    assert "damaged" in found["train.csv"]
    assert found["sub/test.csv"] == FILES["sub/test.csv"]


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tar.xz", "tar.zst"])
def test_a_tar_that_was_cut_off_keeps_what_came_before(write, kind):
    whole = tarred()[: 512 + 512 * (len(TABLE) // 512 + 1) + 512 + 700]
    pack = {"tar": bytes, "tar.gz": gzip.compress, "tar.xz": lzma.compress}
    packed = pack.get(kind, lambda data: pyarrow.compress(data, codec="zstd", asbytes=True))(whole)
    found = contents(write(packed))
    assert found["train.csv"] == TABLE
    assert "truncated" in found["sub/test.csv"]
    assert "truncated" in found[REST]


def test_a_gzip_that_was_cut_off(write):
    packed = gzip.compress(TABLE)
    assert "truncated" in contents(write(packed[:-5], "a.csv.gz"))["a.csv"]
    spoilt = packed[:-8] + b"\0\0\0\0" + packed[-4:]
    assert "damaged" in contents(write(spoilt, "a.csv.gz"))["a.csv"]


def test_a_tar_whose_middle_is_noise_says_that_members_are_lost(write):
    whole = bytearray(tarred())
    header = 512 + 512 * (len(TABLE) // 512 + 1)
    whole[header : header + 512] = b"\x07" * 512
    found = contents(write(bytes(whole)))
    assert found["train.csv"] == TABLE
    assert "lost" in found[REST]


def test_links_and_devices_in_a_tar_are_named(write):
    link, fifo = tarfile.TarInfo("link"), tarfile.TarInfo("fifo")
    link.type, link.linkname, fifo.type = tarfile.SYMTYPE, "/etc/passwd", tarfile.FIFOTYPE
    path = write(tarred(add=[link, fifo]))
    found = contents(path)
    assert "link" in found["link"]
    assert "device" in found["fifo"]
    assert [member.kind for member in members(path)][-2:] == ["link", "device"]


def test_a_stream_tells_damage_at_its_end_and_an_unknown_name_the_nearest(write):
    path = write(broken_zip(0, packed=deflated(TABLE[:-1] + b"!")), "data.zip")
    with open_member(path, "train.csv") as file, pytest.raises(MldiagError, match="checksum"):
        file.read()
    with pytest.raises(MldiagError, match=r"nearest: train\.csv"):
        open_member(path, "trian.csv")
    with pytest.raises(MldiagError, match=r"nearest: train\.csv"):
        list(read_members(path, ["trian.csv"]))


def test_a_member_larger_than_memory_may_hold_is_named(write):
    limits = archives.Limits(member_bytes=5000)
    found = {f.name: f.problem for f in read_members(write(KINDS["tar.gz"]()), limits=limits)}
    assert "Limits(member_bytes=...)" in found["train.csv"]
    assert found["sub/test.csv"] == ""


def test_what_is_no_archive(write, tmp_path):
    assert not is_archive(write(TABLE, "data.zip"))
    assert not is_archive(tmp_path)
    with pytest.raises(MldiagError, match="is no archive"):
        members(write(TABLE, "data.zip"))
    with pytest.raises(MldiagError, match="7-Zip"):
        members(write(b"7z\xbc\xaf\x27\x1c" + bytes(50), "data.7z"))
    with pytest.raises(MldiagError, match=r"nearest: data\.zip"):
        members(tmp_path / "dta.zip")
    with pytest.raises(MldiagError, match="is a folder"):
        members(tmp_path)
    with pytest.raises(MldiagError, match="is empty"):
        members(write(b""))


def test_documents_and_arrays_in_zips_are_no_archives(write):
    for name in ("xl/workbook.xml", "docProps/app.xml"):
        entries = Entry(name.encode(), b"x"), Entry(b"[Content_Types].xml", b"x")
        assert not is_archive(write(zip_bytes(*entries)))
    assert not is_archive(write(zip_bytes(Entry(b"X.npy", b"x"))))


def test_an_empty_zip_and_folders(write):
    assert members(write(zip_bytes())) == ()
    path = write(zip_bytes(Entry(b"a/", b"", 0), Entry(b"a/b", b"x")))
    assert [member.kind for member in members(path)] == ["folder", "file"]
    assert contents(path) == {"a/b": b"x"}


def test_pieces_are_small_whatever_the_ratio(write):
    path = write(zip_bytes(Entry(b"zeros", bytes(30_000_000))))
    from mldiag.data.archives.walking import walk

    largest = max(len(piece) for _, opened in walk(path, LIMITS) for piece in opened())
    assert largest <= PIECE_BYTES
