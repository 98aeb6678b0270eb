"""Each check on images: a sick set, its healthy twin, and too little data."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mldiag.data.images.read import read_images
from mldiag.data.media import find_media
from mldiag.steps.audit.checks.image import (
    CHECKS,
    blurry_images,
    bright_images,
    dark_images,
    image_property_predicts_label,
    near_constant_images,
    near_duplicate_images,
    odd_image_sizes,
    unreadable_images,
)
from tests.data.media_folders import image_folder, put, tile


def audit(folder):
    return read_images(find_media(folder))


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    return audit(image_folder(tmp_path_factory.mktemp("healthy"), 40, test=20))


@pytest.fixture
def folder(tmp_path):
    return image_folder(tmp_path, 40, test=20)


def change(folder, how, count=3):
    """Change the first images of training; gives their names."""
    files = sorted(folder.glob("train/*/*.png"))[:count]
    for file in files:
        with Image.open(file) as image:
            changed = how(image.convert("RGB"))
        changed.save(file)
    return {file.relative_to(folder).as_posix() for file in files}


@pytest.mark.parametrize("check", CHECKS, ids=lambda module: module.CHECK.slug)
def test_a_healthy_set_passes(check, healthy):
    assert check.judge(healthy).outcome == "passed"


@pytest.mark.parametrize("check", CHECKS, ids=lambda module: module.CHECK.slug)
def test_four_images_are_too_few_for_what_needs_a_set(check, tmp_path):
    outcome = check.judge(audit(image_folder(tmp_path, 4))).outcome
    assert outcome == (
        "passed" if check in (unreadable_images, near_constant_images) else "inconclusive"
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda module: module.CHECK.slug)
def test_the_rule_is_told_with_its_thresholds(check):
    assert "{" not in check.CHECK.detection()
    assert check.__name__.endswith(check.CHECK.slug.replace("-", "_"))


@pytest.mark.parametrize(
    ("check", "how"),
    [
        (dark_images, lambda image: image.point(lambda v: v // 8)),
        (bright_images, lambda image: image.point(lambda v: 255 - (255 - v) // 6)),
        (blurry_images, lambda image: image.filter(ImageFilter.GaussianBlur(3))),
        (near_constant_images, lambda image: Image.new("RGB", image.size, (7, 80, 99))),
        (odd_image_sizes, lambda image: image.resize((20, 20))),
        (odd_image_sizes, lambda image: image.convert("L")),
    ],
)
def test_changed_images_are_named(check, how, folder):
    names = change(folder, how, count=2)
    found = check.judge(audit(folder))
    assert found.outcome == "advice"
    assert set(found.evidence["files"]) == names
    assert found.evidence["n"] >= 55
    assert found.action is not None


@pytest.mark.parametrize(
    ("check", "how"),
    [
        (dark_images, lambda image: image.point(lambda v: v // 8)),
        (bright_images, lambda image: image.point(lambda v: 255 - (255 - v) // 6)),
        (blurry_images, lambda image: image.filter(ImageFilter.GaussianBlur(3))),
        (odd_image_sizes, lambda image: image.convert("L")),
    ],
)
def test_what_all_images_have_is_how_the_data_are(check, how, folder):
    for file in folder.rglob("*.png"):
        with Image.open(file) as image:
            changed = how(image.convert("RGB"))
        changed.save(file)
    assert check.judge(audit(folder)).outcome == "passed"


def test_test_images_that_are_dark_are_a_problem(folder):
    for file in list(folder.glob("test/*/*.png"))[:10]:
        with Image.open(file) as image:
            changed = image.point(lambda v: v // 8)
        changed.save(file)
    found = dark_images.judge(audit(folder))
    assert found.outcome == "problem"
    assert "of the test images" in found.title


def test_two_dark_test_images_of_twenty_may_be_chance(folder):
    """A tenth of the test images and none in training: lots alone do that in one of nine worlds."""
    for file in list(folder.glob("test/*/*.png"))[:2]:
        with Image.open(file) as image:
            changed = image.point(lambda v: v // 8)
        changed.save(file)
    assert dark_images.judge(audit(folder)).outcome == "advice"


def test_unreadable_files_are_named_with_the_reason(folder):
    one, two = sorted(folder.glob("train/*/*.png"))[:2]
    one.write_bytes(one.read_bytes()[:700])
    two.write_text("<html>Not Found</html>")
    found = unreadable_images.judge(audit(folder))
    assert found.outcome == "problem"
    assert set(found.evidence["problems"].values()) == {
        "is truncated",
        "holds text instead of an image",
    }


def test_a_rotation_in_exif_is_told_even_where_all_have_it(tmp_path):
    for n in range(20):
        exif = Image.Exif()
        exif[0x0112] = 6
        put(tmp_path, f"{'ab'[n % 2]}/{n}.jpg", tile(n), exif=exif)
    found = odd_image_sizes.judge(audit(tmp_path))
    assert found.outcome == "advice"
    assert len(found.evidence["odd"]["rotation"]) == 20


def test_sizes_that_vary_are_no_exception(tmp_path):
    random = np.random.default_rng(0)
    for n in range(40):
        width, height = random.integers(40, 65, 2)
        put(tmp_path, f"{'ab'[n % 2]}/{n}.png", tile(n).crop((0, 0, int(width), int(height))))
    assert odd_image_sizes.judge(audit(tmp_path)).outcome == "passed"
    put(tmp_path, "a/large.png", tile(99).resize((400, 400)))
    found = odd_image_sizes.judge(audit(tmp_path))
    assert found.evidence["files"] == ["a/large.png"]


def test_many_images_of_one_colour_are_a_problem(folder):
    change(folder, lambda image: Image.new("RGB", image.size, (0, 0, 0)), count=5)
    assert near_constant_images.judge(audit(folder)).outcome == "problem"


@pytest.mark.parametrize(("side", "outcome"), [("train", "advice"), ("test", "problem")])
def test_near_copies_are_told_by_side(folder, side, outcome):
    originals = sorted(folder.glob("train/a/*.png"))[:4]
    for n, file in enumerate(originals):
        with Image.open(file) as image:
            put(folder, f"{side}/a/copy{n}.jpg", image.convert("RGB"), quality=60)
    found = near_duplicate_images.judge(audit(folder))
    assert found.outcome == outcome
    copies = {f"{side}/a/copy{n}.jpg" for n in range(4)}
    assert set(found.evidence["files"]) == copies | {
        f.relative_to(folder).as_posix() for f in originals
    }
    assert len(found.evidence["across"]) == (4 if side == "test" else 0)


def test_exact_copies_are_not_told_twice(folder):
    file = next(iter(folder.glob("train/a/*.png")))
    (folder / "test/a/same.png").write_bytes(file.read_bytes())
    assert near_duplicate_images.judge(audit(folder)).outcome == "passed"


@pytest.mark.parametrize(
    ("how", "name", "outcome"),
    [
        (lambda image: image.resize((80, 80)), "size", "problem"),
        (lambda image: image.convert("L"), "mode", "problem"),
        (lambda image: image.point(lambda v: v // 9), "contrast", "advice"),
    ],
)
def test_a_class_that_is_stored_otherwise_is_told(folder, how, name, outcome):
    for file in folder.glob("train/b/*.png"):
        with Image.open(file) as image:
            changed = how(image.convert("RGB"))
        changed.save(file)
    found = image_property_predicts_label.judge(audit(folder))
    assert found.outcome == outcome
    assert any(name in item.name and item.strength > 0.9 for item in found.evidence["properties"])


def test_without_labels_nothing_can_be_told(tmp_path):
    for n in range(30):
        put(tmp_path, f"{n}.png", tile(n))
    assert image_property_predicts_label.judge(audit(tmp_path)).outcome == "not_applicable"
