"""Pairs of images that are nearly the same: saved anew, resized, made brighter, or mirrored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.images.facts import THUMBNAIL, ImageFacts, thumbnails, tints

FREQUENCIES = 8
"""Low frequencies a side that candidates are found by."""

MOST_COMPARED = 30_000
"""More images than this are drawn by lot: every one is compared with every other."""

MOST_DISTANCE = 0.08
"""One minus the correlation of two small copies: above it two images are never called the same."""

SHARE_OF_USUAL = 14.0
"""Two images are called the same where they are so many times nearer than is usual in their set."""

USUAL_NEIGHBOUR = 10
"""What is usual is the distance to the tenth nearest image: nearer ones may be copies themselves."""

USUAL_SAMPLE = 400
LEAST_DEVIATION = 0.015
"""Small copies with less contrast than this are equal by having nothing on them."""

MOST_TINT = 0.08
"""Mean difference of the colours, without the brightness, above which two images are not the same."""

MOST_PAIRS = 2_000_000
_BLOCK = 512

Floats = NDArray[np.float32]
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class Similar:
    """Pairs of images that are nearly the same.

    Args:
        pairs: Positions of the images, shape (m, 2), the smaller first, nearest pairs first.
        distances: One minus the correlation of each pair, shape (m,).
        mirrored: Whether one is the mirror image of the other, shape (m,).
        compared: Positions of the images that were compared.
        limit: The distance below which a pair counts, from this set of images.
    """

    pairs: Pairs
    distances: NDArray[np.float64]
    mirrored: NDArray[np.bool_]
    compared: Pairs
    limit: float


def similar_images(images: tuple[ImageFacts, ...], *, seed: int = 0) -> Similar:
    """Find pairs that are nearly the same, by the standard of the set itself.

    Small grey copies are correlated, so that brightness and contrast do not matter. How near is near is
    told by the set: a limit at a fourteenth of the usual distance to the tenth nearest image, so that
    handwritten digits, which are all alike, are not called copies. Candidates are found in the low
    frequencies of the cosine transform, where no pair can be farther apart than in full.

    Args:
        images: Facts of images that could be decoded.
        seed: Of the lot, where there are more than can be compared.
    """
    random = np.random.default_rng(seed)
    small = thumbnails(images).reshape(len(images), -1)
    rich = np.flatnonzero(small.std(axis=1) >= LEAST_DEVIATION)
    if len(rich) > MOST_COMPARED:
        rich = np.sort(random.choice(rich, MOST_COMPARED, replace=False))
    if len(rich) < 3:
        return _none(rich)
    unit = _unit(small[rich])
    low = _low_frequencies(unit)
    limit = _limit(unit, random)
    colours = tints(images)[rich]
    plain, plain_distance = _pairs(unit, low, low, limit, colours, flip=False)
    turned = low * np.tile((-1.0) ** np.arange(FREQUENCIES), FREQUENCIES).astype(np.float32)
    flipped, flipped_distance = _pairs(unit, low, turned, limit, colours, flip=True)
    known = set(map(tuple, plain.tolist()))
    fresh = np.array([tuple(pair) not in known for pair in flipped.tolist()], dtype=bool)
    flipped, flipped_distance = flipped[fresh], flipped_distance[fresh]
    pairs = np.concatenate([plain, flipped])
    distances = np.concatenate([plain_distance, flipped_distance])
    mirrored = np.repeat([False, True], [len(plain), len(flipped)])
    order = np.argsort(distances, kind="stable")
    return Similar(rich[pairs[order]], distances[order], mirrored[order], rich, limit)


def _none(compared: Pairs) -> Similar:
    return Similar(
        np.zeros((0, 2), dtype=np.int64), np.zeros(0), np.zeros(0, dtype=bool), compared, 0.0
    )


def _unit(small: Floats) -> Floats:
    """Each copy without its mean, of length one: products are then correlations."""
    centred = small - small.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1e-6), dtype=np.float32)


def _low_frequencies(unit: Floats) -> Floats:
    """The first cosines of each copy, shape (n, 64): an orthonormal transform, so lengths are kept."""
    place = np.arange(THUMBNAIL)
    order = np.arange(FREQUENCIES)[:, None]
    cosines = np.cos(np.pi * (2 * place + 1) * order / (2 * THUMBNAIL)) * np.sqrt(2 / THUMBNAIL)
    cosines[0] /= np.sqrt(2)
    basis = cosines.astype(np.float32)
    pictures = unit.reshape(-1, THUMBNAIL, THUMBNAIL)
    return np.ascontiguousarray((basis @ pictures @ basis.T).reshape(len(unit), -1))


def _limit(unit: Floats, random: np.random.Generator) -> float:
    """The distance below which a pair is nearly the same, in this set."""
    chosen = unit[np.sort(random.permutation(len(unit))[:USUAL_SAMPLE])]
    neighbour = min(USUAL_NEIGHBOUR, len(unit) - 2)
    products = chosen @ unit.T
    # The image itself is the nearest of all, so that its k-th neighbour stands one place further.
    nearest = np.partition(products, -neighbour - 1, axis=1)[:, -neighbour - 1]
    usual = float(np.median(1 - nearest))
    return min(MOST_DISTANCE, usual / SHARE_OF_USUAL)


def _pairs(
    unit: Floats, low: Floats, other: Floats, limit: float, colours: Floats, *, flip: bool
) -> tuple[Pairs, NDArray[np.float64]]:
    """Pairs within the limit: by the low frequencies first, then in full and by colour."""
    # What is far apart in part is as far apart in full, where |x - y|^2 = 2 (1 - correlation).
    own, others = (low**2).sum(axis=1), (other**2).sum(axis=1)
    found: list[Pairs] = []
    count = 0
    for start in range(0, len(low), _BLOCK):
        stop = min(start + _BLOCK, len(low))
        gap = own[start:stop, None] + others[None, start:] - 2 * (low[start:stop] @ other[start:].T)
        left, right = np.nonzero(gap <= 2 * limit + 1e-5)
        later = right > left
        pairs = np.column_stack([left[later], right[later]]) + start
        found.append(pairs.astype(np.int64))
        count += len(pairs)
        if count > MOST_PAIRS:
            break
    candidates = np.concatenate(found) if found else np.zeros((0, 2), dtype=np.int64)
    distances = _distances(unit, candidates, flip=flip)
    same = (distances <= limit) & (_tint_distances(colours, candidates, flip=flip) <= MOST_TINT)
    return candidates[same], distances[same]


def _distances(unit: Floats, pairs: Pairs, *, flip: bool) -> NDArray[np.float64]:
    parts = [np.zeros(0)]
    for start in range(0, len(pairs), 50_000):
        one, two = pairs[start : start + 50_000].T
        second = unit[two]
        if flip:
            second = second.reshape(-1, THUMBNAIL, THUMBNAIL)[:, :, ::-1].reshape(len(two), -1)
        parts.append(1.0 - np.einsum("ij,ij->i", unit[one], second).astype(np.float64))
    return np.concatenate(parts)


def _tint_distances(colours: Floats, pairs: Pairs, *, flip: bool) -> NDArray[np.float64]:
    """Mean absolute difference of the colours after the brightness of each place is taken away."""
    pixels = colours.reshape(len(colours), -1, 3)
    side = round(pixels.shape[1] ** 0.5)
    hue = pixels - pixels.mean(axis=2, keepdims=True)
    parts = [np.zeros(0)]
    for start in range(0, len(pairs), 50_000):
        one, two = pairs[start : start + 50_000].T
        second = hue[two]
        if flip:
            second = second.reshape(-1, side, side, 3)[:, :, ::-1].reshape(len(two), -1, 3)
        parts.append(np.abs(hue[one] - second).mean(axis=(1, 2)).astype(np.float64))
    return np.concatenate(parts)


def groups_of(pairs: Pairs) -> list[list[int]]:
    """Positions that are joined by pairs, each group sorted, the largest first.

    Example:
        >>> groups_of(np.array([[0, 3], [3, 5], [1, 2]]))
        [[0, 3, 5], [1, 2]]
    """
    parent: dict[int, int] = {}

    def root(place: int) -> int:
        while parent.setdefault(place, place) != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for one, two in pairs.tolist():
        a, b = root(one), root(two)
        parent[max(a, b)] = min(a, b)
    groups: dict[int, list[int]] = {}
    for place in sorted(parent):
        groups.setdefault(root(place), []).append(place)
    return sorted(groups.values(), key=lambda group: (-len(group), group))
