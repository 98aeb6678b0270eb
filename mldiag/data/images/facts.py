"""What is known of one image after it was decoded once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mldiag.data.media import MediaCollection, MediaFile, Split
from mldiag.data.media_kinds import MediaKind

THUMBNAIL = 16
"""Side of the small copy that images are compared by, in pixels."""

TINTS = 8
"""Side of the still smaller copy that keeps the colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """The facts of one file; of one that could not be decoded, `problem` and what its bytes tell.

    Args:
        file: The file.
        problem: Why it could not be decoded, as a phrase that follows the file's name.
        content_hash: Equal for files of the same bytes.
        signal_hash: Equal for images of the same pixels, however stored.
        format: As Pillow names it: PNG, JPEG, ...
        mode: Pillow's colour mode: L, RGB, RGBA, P, ...
        width: In pixels, as stored.
        height: In pixels, as stored.
        orientation: EXIF's, 1 to 8; 1 is upright.
        frames: More than one for an animation or a file of several pages.
        quality: Mean of JPEG's table of quantisation, large where compressed hard; NaN for others.
        brightness: Luma at the quantiles .001, .05, .5, .95, .99 and .999, in [0, 1]; NaN where the scale is
            not known (16 bits and floats).
        contrast: Standard deviation of the luma, in [0, 1].
        saturation: Mean distance of the colours from grey, in [0, 1].
        spread: Largest range of any channel between the quantiles .001 and .999, in [0, 1].
        sharpness: Variance of the Laplacian over that of the gradient, on a copy of at most 256 pixels a
            side: about 1 to 3.5 for photographs in focus, below 0.4 for blurred ones; NaN without contrast.
        thumbnail: Luma of the small copy, `THUMBNAIL` x `THUMBNAIL` bytes.
        tints: Red, green, blue of the smaller copy, `TINTS` x `TINTS` x 3 bytes.
    """

    file: MediaFile
    problem: str | None = None
    content_hash: str = ""
    signal_hash: str = ""
    format: str = ""
    mode: str = ""
    width: int = 0
    height: int = 0
    orientation: int = 1
    frames: int = 1
    quality: float = math.nan
    brightness: tuple[float, float, float, float, float, float] = (math.nan,) * 6
    contrast: float = math.nan
    saturation: float = math.nan
    spread: float = math.nan
    sharpness: float = math.nan
    thumbnail: bytes = field(default=b"", repr=False)
    tints: bytes = field(default=b"", repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as a viewer shows them, after EXIF's rotation."""
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)

    @property
    def median(self) -> float:
        """The median luma."""
        return self.brightness[2]


@dataclass(frozen=True, eq=False)
class ImageAudit:
    """The images of a collection, every one looked at once.

    Args:
        train: Facts of the training images, by name.
        test: Facts of the test images; empty where there are none.
        task: "classification" where labels are known, else None.
        notices: What was guessed and left out.
        collection: Where the files are, so that a figure can show some of them.
    """

    train: tuple[ImageFacts, ...]
    test: tuple[ImageFacts, ...] = ()
    task: str | None = None
    notices: tuple[str, ...] = ()
    collection: MediaCollection | None = field(default=None, repr=False)

    @property
    def kind(self) -> MediaKind:
        """Images."""
        return "image"

    @property
    def all(self) -> tuple[ImageFacts, ...]:
        """Training images, then test images."""
        return self.train + self.test

    @property
    def decoded(self) -> tuple[ImageFacts, ...]:
        """Those of `all` that could be decoded."""
        return tuple(image for image in self.all if image.problem is None)

    def of(self, split: Split) -> tuple[ImageFacts, ...]:
        """One side of the split."""
        return self.train if split == "train" else self.test


def thumbnails(images: tuple[ImageFacts, ...]) -> NDArray[np.float32]:
    """The small copies of images that could be decoded, shape (n, side, side), in [0, 1]."""
    joined = b"".join(image.thumbnail for image in images)
    flat = np.frombuffer(joined, dtype=np.uint8).reshape(-1, THUMBNAIL, THUMBNAIL)
    return flat.astype(np.float32) / np.float32(255)


def tints(images: tuple[ImageFacts, ...]) -> NDArray[np.float32]:
    """The colours of images that could be decoded, shape (n, TINTS * TINTS * 3), in [0, 1]."""
    joined = b"".join(image.tints for image in images)
    flat = np.frombuffer(joined, dtype=np.uint8).reshape(len(images), TINTS * TINTS * 3)
    return flat.astype(np.float32) / np.float32(255)
