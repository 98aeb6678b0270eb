"""Clean image sets for `audit_images.py`, made of images that lie inside installed packages.

    pip install scikit-image ISLP mahotas

scikit-learn (china, flower: CC BY 2.0), scikit-image (public domain and CC0 photographs, BSD), ISLP (the
book's photographs), mahotas (MIT), and the fonts of matplotlib, rendered. Photographs are cut into tiles
that do not overlap: the photograph is the label, so that sets are as unlike as real ones.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ImageSet = list[tuple[str, str, Image.Image]]
"""File name without ending, label, image."""


def packaged(package: str, path: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is missing: pip install scikit-image ISLP mahotas")
    return Path(spec.submodule_search_locations[0]) / path


PHOTOGRAPHS = {
    "china": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
    "astronaut": ("skimage", "data/astronaut.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "store": ("mahotas", "demos/data/DepartmentStore.jpg"),
    "hawk": ("ISLP", "data/book_images/hawk.jpg"),
    "weaver": ("ISLP", "data/book_images/weaver.jpg"),
    "kitty": ("ISLP", "data/book_images/kitty.jpg"),
    "huey": ("ISLP", "data/book_images/huey.jpg"),
    "flamingo": ("ISLP", "data/book_images/flamingo.jpg"),
}


def photograph(name: str, longest: int = 900) -> Image.Image:
    image = Image.open(packaged(*PHOTOGRAPHS[name]))
    image.draft("RGB", (longest, longest))
    image = image.convert("RGB")
    image.thumbnail((longest, longest))
    return image


def tiles(
    image: Image.Image, side: int, label: str, most: int, rng: np.random.Generator
) -> ImageSet:
    places = [
        (x, y)
        for x in range(0, image.width - side + 1, side)
        for y in range(0, image.height - side + 1, side)
    ]
    chosen = [places[i] for i in sorted(rng.permutation(len(places))[:most])]
    return [
        (f"{label}_{n:03d}", label, image.crop((x, y, x + side, y + side)))
        for n, (x, y) in enumerate(chosen)
    ]


def photo_tiles(rng: np.random.Generator) -> ImageSet:
    names = ("china", "flower", "astronaut", "coffee", "weaver", "store")
    return [t for n in names for t in tiles(photograph(n), 128, n, 40, rng)]


def whole_animals(rng: np.random.Generator) -> ImageSet:
    """Crops of every size and shape, as collected from many cameras."""
    found: ImageSet = []
    for name in ("hawk", "kitty", "huey", "flamingo", "chelsea"):
        for n, (_, label, tile) in enumerate(tiles(photograph(name, 1600), 160, name, 50, rng)):
            width, height = rng.integers(100, 161, 2)
            found.append((f"{label}{n}", label, tile.crop((0, 0, int(width), int(height)))))
    return found


def digits(rng: np.random.Generator) -> ImageSet:
    from sklearn.datasets import load_digits

    data = load_digits()
    rows = rng.permutation(len(data.target))[:500]
    found: ImageSet = []
    for row in sorted(rows):
        small = Image.fromarray((data.images[row] * 15.9).astype(np.uint8))
        found.append(
            (f"{row}", str(data.target[row]), small.resize((48, 48), Image.Resampling.BICUBIC))
        )
    return found


def textures(rng: np.random.Generator) -> ImageSet:
    return [
        t
        for n in ("brick", "grass", "gravel")
        for t in tiles(Image.open(packaged("skimage", f"data/{n}.png")), 64, n, 64, rng)
    ]


def tissue(rng: np.random.Generator) -> ImageSet:
    stained = Image.open(packaged("skimage", "data/ihc.png")).convert("RGB")
    retina = (
        Image.open(packaged("skimage", "data/retina.jpg"))
        .convert("RGB")
        .crop((300, 300, 1100, 1100))
    )
    return tiles(stained, 64, "ihc", 64, rng) + tiles(retina, 64, "retina", 64, rng)


def night_sky(rng: np.random.Generator) -> ImageSet:
    sky = Image.open(packaged("skimage", "data/hubble_deep_field.jpg")).convert("RGB")
    return [
        (f"sky{n}", None, image) for n, (_, _, image) in enumerate(tiles(sky, 80, "sky", 120, rng))
    ]


def nuclei(rng: np.random.Generator) -> ImageSet:
    cells = Image.open(packaged("mahotas", "demos/data/nuclear.png")).convert("L")
    return [
        (f"n{n}", None, image) for n, (_, _, image) in enumerate(tiles(cells, 128, "n", 120, rng))
    ]


def pages(rng: np.random.Generator) -> ImageSet:
    """White pages with words, of three hands."""
    words = packaged("sklearn", "datasets/descr/california_housing.rst").read_text().split()
    fonts = sorted(packaged("matplotlib", "mpl-data/fonts/ttf").glob("DejaVu*Mono*.ttf"))[:3]
    found: ImageSet = []
    for n in range(240):
        font = fonts[n % 3]
        page = Image.new("L", (200, 260), 255)
        draw = ImageDraw.Draw(page)
        writing = ImageFont.truetype(str(font), int(rng.integers(9, 12)))
        for line in range(int(rng.integers(6, 17))):
            start = int(rng.integers(len(words) - 6))
            draw.text((8, 8 + 15 * line), " ".join(words[start : start + 6]), fill=20, font=writing)
        found.append((f"page{n}", font.stem, page))
    return found


def letters(rng: np.random.Generator) -> ImageSet:
    """Letters of many fonts on a transparent ground, as icons come."""
    folder = packaged("matplotlib", "mpl-data/fonts/ttf")
    every = [
        font for kind in ("DejaVuS*", "STIXGeneral*") for font in sorted(folder.glob(f"{kind}.ttf"))
    ]
    fonts = [font for font in every if "Display" not in font.stem]  # these have no letters
    found: ImageSet = []
    for font in fonts[:24]:
        for letter in "ABEGKMRSW":
            icon = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
            size, x, y = (
                int(v) for v in (rng.integers(28, 44), rng.integers(4, 24), rng.integers(2, 14))
            )
            colour = (*(int(c) for c in rng.integers(0, 200, 3)), 255)
            ImageDraw.Draw(icon).text(
                (x, y), letter, fill=colour, font=ImageFont.truetype(str(font), size)
            )
            found.append((f"{letter}_{font.stem}", letter, icon))
    return found


def tiled(
    package: str, *files: str, side: int, most: int = 60
) -> Callable[[np.random.Generator], ImageSet]:
    """A set of tiles of the named images, each a label."""

    def make(rng: np.random.Generator) -> ImageSet:
        found: ImageSet = []
        for file in files:
            image = Image.open(packaged(package, file))
            image = image.convert("RGB" if image.mode in ("RGBA", "P") else image.mode)
            found += tiles(image, side, Path(file).stem, most, rng)
        return found

    return make


SEEN: dict[str, Callable[[np.random.Generator], ImageSet]] = {
    "photo tiles": photo_tiles,
    "digits": digits,
    "textures": textures,
    "night sky": night_sky,
    "pages": pages,
}
KEPT_BACK: dict[str, Callable[[np.random.Generator], ImageSet]] = {
    "animals": whole_animals,
    "tissue": tissue,
    "nuclei": nuclei,
    "letters": letters,
}
LAST: dict[str, Callable[[np.random.Generator], ImageSet]] = {
    "outdoors": tiled(
        "skimage", *(f"data/{n}" for n in ("rocket.jpg", "motorcycle_left.png")), side=96
    ),
    "grey objects": tiled(
        "skimage", *(f"data/{n}.png" for n in ("coins", "moon", "cell", "camera")), side=64
    ),
    "scans": tiled("skimage", "data/page.png", "data/text.png", side=40),
}
"""Looked at after the last change of a rule."""
