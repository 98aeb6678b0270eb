"""From bytes to facts: what one image tells, and what broken ones say."""

import io
import math
import struct
import sys
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mldiag.data.images.decode import image_facts
from mldiag.data.images.preview import preview
from mldiag.data.images.read import read_images
from mldiag.data.images.similar import groups_of, similar_images
from mldiag.data.media import MediaFile, find_media
from mldiag.errors import MldiagError
from tests.data.media_folders import image_folder, tile, tiles


def packed(image, form="PNG", **saving):
    buffer = io.BytesIO()
    image.save(buffer, form, **saving)
    return buffer.getvalue()


def facts(content, name="x.png"):
    return image_facts(MediaFile(name, "train", None, len(content)), content)


def test_one_decode_tells_all():
    found = facts(packed(tile(3), "JPEG", quality=80))
    assert (found.format, found.mode, found.width, found.height) == ("JPEG", "RGB", 64, 64)
    assert found.problem is None
    assert list(found.brightness) == sorted(found.brightness)
    assert found.quality > facts(packed(tile(3), "JPEG", quality=95)).quality
    assert math.isnan(facts(packed(tile(3))).quality)
    assert len(found.thumbnail) == 256
    assert len(found.tints) == 192


def test_the_same_pixels_in_another_format_have_one_signal():
    png, bmp = facts(packed(tile(1))), facts(packed(tile(1), "BMP"))
    assert png.content_hash != bmp.content_hash
    assert png.signal_hash == bmp.signal_hash != facts(packed(tile(2))).signal_hash


def test_sharpness_falls_with_blur_and_does_not_care_for_contrast_or_size():
    """The same picture darker, or twice as large, is as sharp; blurred it is not."""
    from sklearn.datasets import load_sample_image

    photo = Image.fromarray(load_sample_image("china.jpg")).crop((0, 0, 512, 420))
    sharp = facts(packed(photo)).sharpness
    assert facts(packed(photo.point(lambda v: v // 3))).sharpness == pytest.approx(sharp, rel=0.25)
    large = photo.resize((1024, 840), Image.Resampling.LANCZOS)
    assert facts(packed(large)).sharpness == pytest.approx(sharp, rel=0.25)
    blurred = [
        facts(packed(photo.filter(ImageFilter.GaussianBlur(r)))).sharpness for r in (2, 4, 8)
    ]
    assert blurred == sorted(blurred, reverse=True)
    assert blurred[1] < sharp / 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\0" * 500, "zeros"),
        (b"<html>404</html>", "holds text"),
        (np.random.default_rng(0).bytes(999), "no image"),
        (packed(tile(0))[:900], "truncated"),
        (packed(tile(0), "JPEG")[:900], "truncated"),
        (packed(tile(0))[:20], "damaged"),
    ],
)
def test_broken_files_say_what_is_wrong(content, said):
    assert said in facts(content).problem


def test_a_png_without_its_end_is_truncated_even_where_all_pixels_are_there():
    assert facts(packed(tile(0))[:-12]).problem == "is truncated"


def test_a_header_that_lies_about_its_size_is_not_believed():
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = (
        struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = facts(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4)
    assert "pixels" in found.problem


def test_postscript_is_never_started():
    assert "text" in facts(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n").problem


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr"])
def test_every_mode_is_measured(mode):
    grey = tile(2).convert("L")
    if mode in ("I;16", "F", "I"):
        kind = {"I;16": np.uint16, "F": np.float32, "I": np.int32}[mode]
        image = Image.fromarray(np.asarray(grey).astype(kind) * 16)
    else:
        image = tile(2).convert(mode)
    found = facts(packed(image, "TIFF"))
    assert found.problem is None
    assert found.spread > 0.2
    assert math.isnan(found.median) == (mode in ("I;16", "F", "I"))


def test_a_shape_that_only_transparency_shows_is_seen():
    icon = Image.new("RGBA", (40, 40), (255, 255, 255, 0))
    icon.paste((255, 255, 255, 255), (10, 10, 30, 30))
    assert facts(packed(icon)).spread > 0.9


def test_reading_keeps_the_order_and_tells_progress(tmp_path):
    collection = find_media(image_folder(tmp_path, 6))
    seen = []
    audit = read_images(collection, progress=lambda done, every: seen.append((done, every)))
    assert seen == [(n, 6) for n in range(1, 7)]
    assert [image.file for image in audit.train] == list(collection.files)
    assert (audit.kind, audit.task, audit.test) == ("image", "classification", ())


def test_without_pillow_the_extra_is_named(tmp_path, monkeypatch):
    collection = find_media(image_folder(tmp_path, 4))
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MldiagError, match=r"mldiag\[images\]"):
        read_images(collection)


def test_other_media_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(MldiagError, match="text files"):
        read_images(find_media(tmp_path))


def test_a_preview_is_small_and_none_for_what_is_broken(tmp_path):
    collection = find_media(image_folder(tmp_path, 4))
    (tmp_path / collection.files[1].name).write_bytes(b"gone")
    assert preview(collection, collection.files[0], 32).shape == (32, 32, 3)
    assert preview(collection, collection.files[1]) is None


def many(change):
    """Thirty tiles, and changed copies of three of them at positions 30 to 32."""
    images = [tile(n) for n in range(0, 60, 2)] + [change(tile(n)) for n in (0, 20, 40)]
    return tuple(facts(packed(image)) for image in images)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: Image.open(io.BytesIO(packed(image, "JPEG", quality=40))),
        lambda image: image.resize((32, 32)).resize((64, 64)),
        lambda image: image.point(lambda v: min(255, int(1.1 * v + 5))),
        lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    ],
)
def test_changed_copies_are_found_and_nothing_else(change):
    found = similar_images(many(change))
    assert sorted(map(tuple, found.pairs.tolist())) == [(0, 30), (10, 31), (20, 32)]


def test_digits_that_are_all_alike_are_no_copies():
    from sklearn.datasets import load_digits

    small = [Image.fromarray((image * 15).astype(np.uint8)) for image in load_digits().images[:300]]
    found = similar_images(tuple(facts(packed(image.resize((32, 32)))) for image in small))
    assert len(found.pairs) <= 1


def test_copies_are_found_among_copies():
    """Where nearly all images have copies, what is usual is told by farther neighbours."""
    images = [tile(n) for n in range(0, len(tiles()), 3) for _ in range(2)]
    saved = [packed(image, "JPEG", quality=60 + 30 * (n % 2)) for n, image in enumerate(images)]
    found = similar_images(tuple(facts(content) for content in saved))
    assert len(groups_of(found.pairs)) == len(images) // 2
