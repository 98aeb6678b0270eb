"""Folders of small real images for tests: tiles of the two photographs that come with scikit-learn."""

from functools import cache

import numpy as np
from PIL import Image


@cache
def tiles(side=64):
    """Tiles of both photographs that show something, as arrays; the same ones every time."""
    from sklearn.datasets import load_sample_images

    found = [
        photo[y : y + side, x : x + side]
        for photo in load_sample_images().images
        for y in range(0, photo.shape[0] - side + 1, side)
        for x in range(0, photo.shape[1] - side + 1, side)
    ]
    return [t for t in found if np.ptp(np.quantile(t.mean(axis=2), [0.01, 0.99])) > 70]


def tile(number, side=64):
    every = tiles(side)
    return Image.fromarray(every[number % len(every)])


def put(folder, name, image, **saving):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **saving)
    return path


def image_folder(folder, count=40, *, labels=("a", "b"), test=0):
    """A healthy set: tiles by lot under two labels; names that tell nothing."""
    order = np.random.default_rng(0).permutation(len(tiles()))
    names = np.random.default_rng(1).permutation(10_000)
    for n in range(count + test):
        side = "" if not test else "train/" if n < count else "test/"
        put(folder, f"{side}{labels[n % len(labels)]}/i{names[n]:04d}.png", tile(order[n]))
    return folder
