"""A small picture of one file, to be shown to a person."""

from __future__ import annotations

import io
import warnings

import numpy as np
from numpy.typing import NDArray

from mldiag.data.images.decode import FORMATS, MOST_PIXELS, pillow
from mldiag.data.media import MediaCollection, MediaFile


def preview(
    collection: MediaCollection, file: MediaFile, side: int = 160
) -> NDArray[np.uint8] | None:
    """The pixels of a file, made small, not turned by EXIF: as a plain loader sees them.

    Args:
        collection: Where the file is.
        file: Which one.
        side: The longer side, in pixels; smaller images stay as they are.

    Returns:
        Shape (height, width, 3), or None where the file cannot be decoded or has gone.
    """
    module = pillow()
    formats = [name for name in FORMATS if name in module.OPEN]
    try:
        with warnings.catch_warnings(), collection.open(file) as stream:
            warnings.simplefilter("ignore")
            with module.open(io.BytesIO(stream.read()), formats=formats) as image:
                if image.width * image.height > MOST_PIXELS:
                    return None
                image.draft("RGB", (2 * side, 2 * side))
                shown = image.convert("RGBA") if image.mode in ("RGBA", "LA", "PA", "P") else image
                if shown.mode == "RGBA":
                    ground = module.new("RGBA", shown.size, (255, 255, 255, 255))
                    shown = module.alpha_composite(ground, shown)
                shown = shown.convert("RGB")
                shown.thumbnail((side, side))
                return np.asarray(shown, dtype=np.uint8)
    except Exception:  # a broken file is shown as such
        return None
