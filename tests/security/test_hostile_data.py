"""Tables, folders and files whose names and cells are attacks: audited whole, and told as text."""

import csv
import io
import json
import os
import re
import struct
import zipfile
import zlib
from contextlib import chdir, redirect_stderr, redirect_stdout
from xml.etree import ElementTree

import numpy as np
import pytest

from mldiag.cli.app import run
from mldiag.data.audited.reading import read_table
from mldiag.errors import MldiagError
from tests.security.hostile import ALL, FORMULAS
from tests.security.page import LOUD, Page, our_script

NAMES = [name for name in dict.fromkeys(ALL) if name.strip() and "\x00" not in name]


def told_by(folder, *words):
    """Run a command in a folder: its exit code and all that it printed."""
    told = io.StringIO()
    with chdir(folder), redirect_stdout(told), redirect_stderr(told):
        code = run([*words, "--no-mlflow", "--engine", "inline"])
    assert "internal error" not in told.getvalue(), told.getvalue()
    return code, told.getvalue()


def kept_in(folder):
    """What the one run there has kept: each file of its own, and nothing beside them."""
    (kept,) = (folder / ".mldiag" / "runs").iterdir()
    page = Page((kept / "report.html").read_text(encoding="utf-8"))
    assert page.scripts == [our_script()]
    assert page.acting == []
    for drawing in kept.glob("*.svg"):
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(drawing).iter()}
        assert not tags & {"script", "foreignObject", "a"}
    assert {path.suffix for path in kept.iterdir()} <= {".html", ".json", ".png", ".svg"}
    return json.loads((kept / "report.json").read_text(encoding="utf-8"))


def names_in(folder):
    """What lies in a folder, but for the store."""
    return {path.name for path in folder.iterdir()} - {".mldiag"}


def test_a_table_of_attacks_is_audited_and_told_as_text(tmp_path):
    random = np.random.default_rng(0)
    with (tmp_path / "evil.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow([*NAMES, "y"])
        for number in range(60):
            words = [
                NAMES[(place + random.integers(3)) % len(NAMES)] for place in range(len(NAMES))
            ]
            words[::3] = [f"{random.normal():.3f}" for _ in words[::3]]
            rows.writerow([*words, NAMES[number % 2]])
    code, told = told_by(tmp_path, "audit", "evil.csv", "--target", "y", "--rows", "rows.csv")
    assert code in (0, 1)
    assert LOUD.search(told) is None
    assert kept_in(tmp_path)["step"] == "audit"
    assert names_in(tmp_path) <= {"evil.csv", "rows.csv"}


def test_a_folder_of_attacks_is_audited_and_told_as_text(tmp_path):
    image = pytest.importorskip("PIL.Image")
    files = [
        name for name in NAMES if "/" not in name and name not in (".", "..") and len(name) < 200
    ]
    random = np.random.default_rng(0)
    for kind in ("$\\frac{$", "\x1b[31mred"):
        (tmp_path / "evil" / kind).mkdir(parents=True)
        for name in files:
            pixels = random.integers(0, 255, (16, 16, 3), dtype=np.uint8)
            image.fromarray(pixels).save(tmp_path / "evil" / kind / f"{name}.png")
    code, told = told_by(tmp_path, "audit", "evil")
    assert code in (0, 1)
    assert LOUD.search(told) is None
    assert kept_in(tmp_path)["step"] == "audit"
    assert names_in(tmp_path) == {"evil"}


def test_links_in_a_folder_of_images_are_told_and_lead_nowhere(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for kind in "ab":
        (tmp_path / "set" / kind).mkdir(parents=True)
        for number in range(12):
            pixels = np.random.default_rng(number).integers(0, 255, (16, 16, 3), dtype=np.uint8)
            image.fromarray(pixels).save(tmp_path / "set" / kind / f"{number}.png")
    (tmp_path / "secret.png").write_text("the secret of another folder")
    (tmp_path / "set" / "a" / "link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "set" / "b" / "loop").symlink_to(tmp_path / "set")
    os.mkfifo(tmp_path / "set" / "b" / "waits.png")  # whoever opened it would wait for ever
    code, told = told_by(tmp_path, "audit", "set")
    assert code in (0, 1)
    assert "the secret" not in told + json.dumps(kept_in(tmp_path))


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_in_a_cell_stays_text(formula, tmp_path):
    with (tmp_path / "a.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["a", "b"], [formula, "x"], ["y", "x"]])
    frame = read_table(tmp_path / "a.csv").frame
    assert list(frame["a"].astype(str)) == [formula, "y"]


def bomb(path, make):
    """A zip of a member that unpacks to a thousand times its size."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(make, "w") as member,
    ):
        block = bytes(2**20)
        for _ in range(120):
            member.write(block)


@pytest.mark.parametrize(("name", "member"), [("bomb.npz", "x.npy"), ("bomb.zip", "train.csv")])
def test_an_archive_that_unpacks_to_too_much_ends_in_a_message(name, member, tmp_path):
    bomb(tmp_path / name, member)
    code, told = told_by(tmp_path, "audit", name)
    assert code == 2
    assert re.search(r"times|larger than|limit", told), told
    assert "Traceback" not in told


def png(width, height, body=b""):
    """A picture of one colour that declares a size."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def zeros(count):
    """So many bytes of zero as zlib packs them, to a thousandth, without packing each: blocks are equal."""
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, wbits=-15).flush()
    return first + block * (count // 2**20 - 1) + last + struct.pack(">HH", count % 65521, 1)


def test_a_picture_that_unpacks_to_too_much_is_told_and_the_others_are_read(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for kind in "ab":
        (tmp_path / "set" / kind).mkdir(parents=True)
        for number in range(12):
            pixels = np.random.default_rng(number).integers(0, 255, (16, 16, 3), dtype=np.uint8)
            image.fromarray(pixels).save(tmp_path / "set" / kind / f"{number}.png")
    (tmp_path / "set" / "a" / "bomb.png").write_bytes(png(2**15 - 1, 2**15, zeros(2**30)))
    code, told = told_by(tmp_path, "audit", "set")
    assert code in (0, 1)
    assert "bomb.png" in told + json.dumps(kept_in(tmp_path))


def array_of(shape, kind):
    """An array in NumPy's format whose header says what it likes."""
    head = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + bytes(800)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ("(" * 500 + ")" * 500, "<f8"),
        ("(-1,)", "<f8"),  # was read as all that there is
        ("(True,)", "<f8"),  # was a TypeError
        ("(1e9,)", "<f8"),
        ("__import__('os').system('touch owned')", "<f8"),
        ("(2,)", "O"),
        ("(2,)", "|S0"),  # was a ValueError
        ("(2,)", "<U99999999"),
        ("(2,)", "i4,i4,O"),
        ("(2,)", "(" * 200),
        ("(99999999999999999999,)", "<f8"),
    ],
)
def test_the_header_of_an_array_is_data(shape, kind, tmp_path):
    (tmp_path / "a.npy").write_bytes(array_of(shape, kind))
    with chdir(tmp_path), pytest.raises(MldiagError, match=r"a\.npy"):
        read_table(tmp_path / "a.npy")
    assert names_in(tmp_path) == {"a.npy"}
