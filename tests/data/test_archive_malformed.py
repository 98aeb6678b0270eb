"""Archives spoilt at random: each is read or refused in words, and what is kept is never wrong."""

import bz2
import contextlib
import gzip
import io
import lzma
import random
import tarfile
import zipfile

import pytest

from mldiag.data.archives import Limits, check, extract, is_archive, members, read_members, repack
from mldiag.errors import MldiagError
from tests.data.archive_files import Entry, zip_bytes

FILES = {f"folder/{name}.csv": f"{name},b\n{'1,2' * 200}\n".encode() for name in "abcd"}
LIMITS = Limits(ratio=50, ratio_from_bytes=1_000_000, total_bytes=5_000_000)
TRIES = 60


def tar():
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as file:
        for name, content in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return made.getvalue()


def python_zip(method):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, content in FILES.items():
            file.writestr(name, content)
    return made.getvalue()


WHOLE = {
    "zip": lambda: zip_bytes(*(Entry(n.encode(), c) for n, c in FILES.items())),
    "descriptors": lambda: zip_bytes(
        *(Entry(n.encode(), c) for n, c in FILES.items()), descriptors=True
    ),
    "bzip2": lambda: python_zip(zipfile.ZIP_BZIP2),
    "lzma": lambda: python_zip(zipfile.ZIP_LZMA),
    "deflate64": lambda: zip_bytes(*(Entry(n.encode(), c, 9) for n, c in FILES.items())),
    "tar": tar,
    "tar.gz": lambda: gzip.compress(tar()),
    "tar.bz2": lambda: bz2.compress(tar()),
    "tar.xz": lambda: lzma.compress(tar()),
    "gz": lambda: gzip.compress(FILES["folder/a.csv"]),
}


def spoilt(whole, rng):
    """Bytes changed, blocks removed, doubled or filled, the end cut off, headers exchanged."""
    data = bytearray(whole)
    for _ in range(rng.choice([1, 1, 2, 5])):
        place = rng.randrange(len(data) or 1)
        length = rng.choice([1, 1, 2, 4, 8, 100])
        way = rng.randrange(6)
        if way == 0:
            data[place : place + length] = rng.randbytes(length)
        elif way == 1:
            data[place : place + 1] = bytes([rng.choice([0, 255, 127, 128])])
        elif way == 2:
            del data[place : place + length]
        elif way == 3:
            data[place:place] = data[place : place + length]
        elif way == 4:
            data[place : place + length] = b"\xff" * length
        else:
            del data[max(place, 20) :]
    return bytes(data)


@pytest.mark.parametrize("kind", WHOLE)
def test_spoilt_archives_end_in_words(kind, tmp_path):
    whole = WHOLE[kind]()
    rng = random.Random(7)
    names = set(FILES)
    for attempt in range(TRIES):
        path = tmp_path / f"{attempt}.bin"
        path.write_bytes(spoilt(whole, rng))
        is_archive(path)
        for action in (
            lambda path=path: [repr(m) for m in members(path, limits=LIMITS)],
            lambda path=path: list(check(path, limits=LIMITS)),
            lambda path=path, n=attempt: extract(path, tmp_path / f"folder{n}", limits=LIMITS),
            lambda path=path, n=attempt: repack(
                path, tmp_path / f"{n}.zip", keep_going=True, limits=LIMITS
            ),
        ):
            with contextlib.suppress(MldiagError):  # anything else is a failure
                action()
        try:
            found = list(read_members(path, limits=LIMITS))
        except MldiagError:
            continue
        if "zip" in kind or kind in ("descriptors", "lzma"):
            for one in found:  # a tar without checksums cannot tell
                if one.name in names and not one.problem:
                    assert one.content in FILES.values()
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".part"]
    assert {p.parent for p in tmp_path.rglob("*.csv")} <= {
        p for p in tmp_path.rglob("*") if p.is_dir()
    }


def test_noise_after_the_first_bytes(tmp_path):
    rng = random.Random(11)
    starts = (b"PK\3\4", b"PK\5\6", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
    for start in starts:
        for size in (0, 1, 17, 600, 5000):
            path = tmp_path / "noise"
            path.write_bytes(start + rng.randbytes(size))
            if not is_archive(path):
                continue
            with contextlib.suppress(MldiagError):
                assert all(one.problem or not one.size for one in check(path, limits=LIMITS))
