"""Faults for `audit_images.py`: each changes files of a set, and says which it touched."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from audit_image_sets import ImageSet
from PIL import Image, ImageFilter

Rng = np.random.Generator
Files = list[Path]


def save(image: Image.Image, path: Path, rng: Rng) -> None:
    if image.mode == "RGB" and path.suffix == ".jpg":
        image.save(path, quality=90)
    else:
        image.save(path)


def write(images: ImageSet, folder: Path, rng: Rng) -> Files:
    """The set as folders train and test, by label where there is one; colour photographs as JPEG."""
    files: Files = []
    for name, label, image in images:
        side = "test" if rng.random() < 0.3 else "train"
        suffix = ".jpg" if image.mode == "RGB" else ".png"
        path = folder / side / (label or "all") / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        save(image, path, rng)
        files.append(path)
    return files


def drawn(files: Files, share: float, rng: Rng, side: str = "train") -> Files:
    those = [file for file in files if f"/{side}/" in file.as_posix()]
    count = max(3, round(share * len(those)))
    return [those[i] for i in sorted(rng.permutation(len(those))[:count])]


def changed(change: Callable[[Image.Image], Image.Image]) -> Callable[[Files, float, Rng], Files]:
    """A fault that changes the pixels of a share of the training images."""

    def inject(files: Files, share: float, rng: Rng) -> Files:
        chosen = drawn(files, share, rng)
        for file in chosen:
            with Image.open(file) as image:
                image.load()
            save(on_colours(image, change), file, rng)
        return chosen

    return inject


def on_colours(image: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The change on the colours; transparency stays."""
    if image.mode != "RGBA":
        return change(image)
    laid = Image.new("RGB", image.size, (255, 255, 255))
    laid.paste(image, mask=image.getchannel("A"))
    return change(laid).convert("RGBA")


def darker(factor: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.point(lambda v: int(v * factor))


def brighter(left: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.point(lambda v: int(255 - (255 - v) * left))


def blurred(share: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.filter(ImageFilter.GaussianBlur(share * max(image.size)))


def one_colour(image: Image.Image) -> Image.Image:
    return Image.new(
        image.mode, image.size, int(np.asarray(image).mean()) if image.mode == "L" else (90, 99, 80)
    )


def stretched(width: float, height: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.resize(
        (max(4, int(image.width * width)), max(4, int(image.height * height)))
    )


def cut(left: float) -> Callable[[Files, float, Rng], Files]:
    def inject(files: Files, share: float, rng: Rng) -> Files:
        chosen = drawn(files, share, rng)
        for file in chosen:
            content = file.read_bytes()
            file.write_bytes(content[: int(left * len(content))])
        return chosen

    return inject


def replaced(content: bytes) -> Callable[[Files, float, Rng], Files]:
    def inject(files: Files, share: float, rng: Rng) -> Files:
        chosen = drawn(files, share, rng)
        for file in chosen:
            file.write_bytes(content)
        return chosen

    return inject


def turned(files: Files, share: float, rng: Rng) -> Files:
    chosen = drawn(files, share, rng)
    for file in chosen:
        with Image.open(file) as image:
            exif = image.getexif()
            exif[0x0112] = 6
            image.load()
        image.save(file, exif=exif)
    return chosen


def other_mode(files: Files, share: float, rng: Rng) -> Files:
    chosen = drawn(files, share, rng)
    for file in chosen:
        with Image.open(file) as image:
            mode = "RGB" if image.mode in ("L", "RGBA") else "L"
            other = image.convert(mode)
        other.save(file)
    return chosen


def copied(target: str) -> Callable[[Files, float, Rng], Files]:
    """Exact copies within training, of another label, or into the test set."""

    def inject(files: Files, share: float, rng: Rng) -> Files:
        found: Files = []
        labels = sorted({file.parent.name for file in files})
        for file in drawn(files, share, rng):
            label = file.parent.name
            if target == "label":
                label = labels[(labels.index(label) + 1) % len(labels)]
            side = "test" if target == "test" else "train"
            folder = file.parents[2] / side / label
            folder.mkdir(parents=True, exist_ok=True)
            copy = folder / f"x{int(rng.integers(1e9))}{file.suffix}"
            shutil.copyfile(file, copy)
            found += [file, copy]
        return found

    return inject


def near(how: str, target: str) -> Callable[[Files, float, Rng], Files]:
    """Copies that were saved anew, resized, made brighter or mirrored."""

    def altered(image: Image.Image) -> Image.Image:
        width, height = image.size
        if how == "half":
            return image.resize((max(8, width // 2), max(8, height // 2))).resize((width, height))
        if how == "brighter":
            return image.point(lambda v: min(255, int(v * 1.12 + 6)))
        if how == "mirrored":
            return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return image

    def inject(files: Files, share: float, rng: Rng) -> Files:
        found: Files = []
        for file in drawn(files, share, rng):
            folder = file.parents[2] / target / file.parent.name
            folder.mkdir(parents=True, exist_ok=True)
            with Image.open(file) as image:
                image.load()
            copy = folder / f"x{int(rng.integers(1e9))}.jpg"
            on_colours(image, altered).convert("RGB").save(
                copy, quality=40 if how == "saved anew" else 85
            )
            found += [file, copy]
        return found

    return inject


def by_class(
    change: Callable[[Image.Image], Image.Image], **saving: Any
) -> Callable[[Files, float, Rng], Files]:
    """One class, of those that there are, is stored in another way; `share` of its files."""

    def inject(files: Files, share: float, rng: Rng) -> Files:
        labels = sorted({file.parent.name for file in files})
        label = labels[int(rng.integers(len(labels)))]
        for file in [f for f in files if f.parent.name == label and rng.random() < share]:
            with Image.open(file) as image:
                image.load()
            on_colours(image, change).save(file, **({} if file.suffix == ".png" else saving))
        return []

    return inject


def named_by_class(how: str) -> Callable[[Files, float, Rng], Files]:
    def inject(files: Files, share: float, rng: Rng) -> Files:
        labels = sorted({file.parent.name for file in files})
        for n, file in enumerate(sorted(files, key=lambda f: (f.parent.name, f.name))):
            place = labels.index(file.parent.name)
            if rng.random() > share:
                place = int(rng.integers(len(labels)))
            stem = f"{chr(97 + place)}{int(rng.integers(1e6))}" if how == "word" else f"{n:05d}"
            file.rename(file.with_name(f"{stem}_{n if how == 'word' else 'img'}{file.suffix}"))
        return []

    return inject


def shuffled_names(files: Files, rng: Rng) -> Files:
    """Names without anything of the label, so that what they tell was injected."""
    fresh: Files = []
    for number, file in zip(rng.permutation(len(files)), files, strict=True):
        fresh.append(file.rename(file.with_name(f"img{number:05d}{file.suffix}")))
    return fresh


HTML = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head><body>gone</body></html>" * 8
NOISE = np.random.default_rng(7).bytes(4000)
Injector = Callable[[Files, float, Rng], Files]

FAULTS: dict[str, tuple[str, tuple[tuple[str, Injector, float], ...]]] = {
    "truncated": ("unreadable-images", (("30 % of bytes", cut(0.3), 0.03),
                                        ("90 % of bytes", cut(0.9), 0.03))),
    "not an image": ("unreadable-images", (("error page", replaced(HTML), 0.02),
                                           ("noise", replaced(NOISE), 0.02))),
    "empty": ("empty-files", (("0 bytes", replaced(b""), 0.02),)),
    "odd size": ("odd-image-sizes", (("a quarter", changed(stretched(0.25, 0.25)), 0.03),
                                     ("1 to 4", changed(stretched(1.0, 0.25)), 0.03))),
    "other mode": ("odd-image-sizes", (("grey or colour", other_mode, 0.04),)),
    "EXIF rotation": ("odd-image-sizes", (("orientation 6", turned, 0.05),)),
    "dark": ("dark-images", (("x 0.15", changed(darker(0.15)), 0.03),
                             ("x 0.05", changed(darker(0.05)), 0.03))),
    "bright": ("bright-images", (("a fifth left", changed(brighter(0.2)), 0.03),
                                 ("a tenth left", changed(brighter(0.1)), 0.03))),
    "blurred": ("blurry-images", (("2 % of the side", changed(blurred(0.02)), 0.03),
                                  ("4 % of the side", changed(blurred(0.04)), 0.03))),
    "one colour": ("near-constant-images", (("flat", changed(one_colour), 0.03),)),
    "copy in train": ("duplicate-files", (("5 %", copied("train"), 0.05),)),
    "copy, other label": ("duplicate-files", (("3 %", copied("label"), 0.03),)),
    "copy in test": ("duplicate-files-across-split", (("5 %", copied("test"), 0.05),)),
    "near copy in train": ("near-duplicate-images", tuple(
        (how, near(how, "train"), 0.05) for how in ("saved anew", "half", "brighter", "mirrored"))),
    "near copy in test": ("near-duplicate-images", tuple(
        (how, near(how, "test"), 0.05) for how in ("saved anew", "half", "brighter", "mirrored"))),
    "class by quality": ("image-property-predicts-label", (
        ("JPEG 50, all", by_class(lambda i: i, quality=50), 1.0),
        ("JPEG 50, 80 %", by_class(lambda i: i, quality=50), 0.8))),
    "class by size": ("image-property-predicts-label", (
        ("x 1.5, all", by_class(stretched(1.5, 1.5)), 1.0),
        ("x 1.5, 80 %", by_class(stretched(1.5, 1.5)), 0.8))),
    "class by brightness": ("image-property-predicts-label", (("x 0.3, all", by_class(darker(0.3)), 1.0),)),
    "class by name": ("file-name-predicts-label", (
        ("word, all", named_by_class("word"), 1.0), ("word, 90 %", named_by_class("word"), 0.9),
        ("number", named_by_class("number"), 1.0))),
}  # fmt: skip

NEEDS_LABELS = (
    "copy, other label",
    "class by quality",
    "class by size",
    "class by brightness",
    "class by name",
)
MEANINGLESS = {
    ("class by quality", "digits"), ("class by quality", "textures"), ("class by quality", "pages"),
    ("class by quality", "letters"), ("class by quality", "nuclei"), ("EXIF rotation", "letters"),
    ("dark", "night sky"), ("dark", "nuclei"), ("dark", "letters"), ("bright", "pages"),
    ("bright", "letters"),
    ("blurred", "digits"), ("class by size", "animals"), ("class by brightness", "pages"),
    ("class by brightness", "letters"), ("bright", "digits"),
}  # fmt: skip
"""Not stored as JPEG; dark, bright, soft or of all sizes by nature (a white page cannot be made brighter)."""
