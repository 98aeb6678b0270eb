"""From the bytes of one file to its facts; nothing that the bytes say is trusted before it was checked."""

from __future__ import annotations

import io
import math
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mldiag.data.images.facts import THUMBNAIL, TINTS, ImageFacts
from mldiag.data.media import MediaFile
from mldiag.data.media_facts import content_hash
from mldiag.data.media_kinds import HEAD_BYTES, kind_by_content
from mldiag.errors import MldiagError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 250_000_000
"""A header that declares more pixels is not believed: the file is left undecoded, and said."""

SHARPNESS_SIDE = 256
"""Sharpness is measured at most at this size: finer blur is lost anyhow when images are made small."""

DRAFT_SIDE = 768
"""JPEGs are decoded at the smallest scale that keeps this many pixels a side: eight times as fast."""

FORMATS = (
    "PNG", "JPEG", "MPO", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM", "TGA", "JPEG2000", "ICO", "AVIF",
    "SGI", "PCX", "DDS",
)  # fmt: skip
"""Only formats that are pixels: others, such as EPS, start programs."""

QUANTILES = np.array([0.001, 0.05, 0.5, 0.95, 0.99, 0.999])

LEAST_CONTRAST = 2.0
"""Standard deviation of the luma, in levels of 255, below which sharpness has nothing to be measured on."""

ROUNDING_BEND, ROUNDING_SLOPE = 20 / 12, 4 / 12
"""What rounding to whole levels adds to the variance of the Laplacian (weights 4, -1 four times; 1/12 each)
and to that of the gradient; without taking it away, blurred images of little contrast would look sharp."""

_ORIENTATION_TAG = 0x0112
_WIDE_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def pillow() -> ModuleType:
    """The module PIL.Image.

    Raises:
        MldiagError: Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MldiagError(
            "images are read with Pillow, which is not installed",
            hint='pip install "mldiag[images]"',
        ) from error
    Image.init()
    return Image


def image_facts(
    file: MediaFile, content: bytes, image_module: ModuleType | None = None
) -> ImageFacts:
    """Decode an image once and measure it.

    Args:
        file: Which file.
        content: Its bytes.
        image_module: `pillow()`, for many files; None asks for it.

    Raises:
        MldiagError: Pillow is not installed. A file that cannot be decoded raises nothing.
    """
    module = image_module or pillow()
    digest = content_hash(content)
    problem = _refused(content)
    if problem is not None:
        return ImageFacts(file=file, problem=problem, content_hash=digest)
    try:
        return _decoded(file, content, digest, module)
    except _TooLargeError as error:
        problem = str(error)
    except MemoryError:
        problem = "does not fit into memory"
    except Exception as error:  # a decoder may fail in any way on broken bytes
        problem = _why(error, content, module)
    return ImageFacts(file=file, problem=problem, content_hash=digest)


class _TooLargeError(Exception):
    pass


def _refused(content: bytes) -> str | None:
    if not content:
        return "is empty"
    if not any(content):
        return "holds nothing but zeros"
    return None


def _decoded(file: MediaFile, content: bytes, digest: str, module: ModuleType) -> ImageFacts:
    formats = [name for name in FORMATS if name in module.OPEN]
    with module.open(io.BytesIO(content), formats=formats) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise _TooLargeError(f"declares {width:,} x {height:,} pixels, too many to decode")
        stored = {
            "format": "JPEG" if image.format == "MPO" else str(image.format),
            "mode": str(image.mode),
            "width": width,
            "height": height,
            "frames": 2 if getattr(image, "is_animated", False) else 1,
            "orientation": _orientation(image),
            "quality": _quality(image),
        }
        if image.format == "JPEG" and min(width, height) > 2 * DRAFT_SIDE:
            image.draft(None, (DRAFT_SIDE, DRAFT_SIDE))
        image.load()
        if image.format == "PNG" and b"IEND" not in content:
            raise EOFError  # the pixels were there, the end of the file is not
        pixels = content_hash(
            f"{image.mode} {image.size}".encode() + _palette(image) + image.tobytes()
        )
        return ImageFacts(
            file=file, content_hash=digest, signal_hash=pixels, **stored, **_measured(image, module)
        )


def _orientation(image: Image) -> int:
    if "exif" not in image.info and image.format not in ("TIFF", "PNG", "WEBP"):
        return 1
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # broken metadata do not make the pixels unreadable
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _quality(image: Image) -> float:
    tables = getattr(image, "quantization", None)
    if not tables:
        return math.nan
    return float(np.mean(next(iter(tables.values()))))


def _palette(image: Image) -> bytes:
    return image.palette.tobytes() if image.mode == "P" and image.palette is not None else b""


def _measured(image: Image, module: ModuleType) -> dict[str, Any]:
    """What the pixels tell."""
    known_scale = image.mode not in _WIDE_MODES
    colours = _as_rgb(image, module) if known_scale else _from_wide(image, module)
    grey = colours if colours.mode == "L" else colours.convert("L")
    quantiles, deviation = _luma(grey)
    small = colours.resize((THUMBNAIL, THUMBNAIL), module.Resampling.BOX)
    tiny = np.asarray(small.resize((TINTS, TINTS), module.Resampling.BOX).convert("RGB"))
    channels = tiny.astype(np.int16)
    return {
        "brightness": tuple((quantiles / 255).tolist()) if known_scale else (math.nan,) * 6,
        "contrast": deviation / 255,
        "saturation": float((channels.max(axis=2) - channels.min(axis=2)).mean() / 255),
        "spread": _spread(colours),
        "sharpness": _sharpness(grey, module),
        "thumbnail": small.convert("L").tobytes(),
        "tints": tiny.tobytes(),
    }


def _as_rgb(image: Image, module: ModuleType) -> Image:
    """L or RGB; what shines through is laid on white, or on black where white would hide it."""
    if image.mode in ("L", "RGB"):
        return image
    if image.mode == "1":
        return image.convert("L")
    see_through = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    if not see_through:
        return image.convert("RGB")
    whole = image.convert("RGBA")
    for ground in ((255, 255, 255, 255), (0, 0, 0, 255)):
        laid = module.alpha_composite(module.new("RGBA", whole.size, ground), whole).convert("RGB")
        if any(low != high for low, high in laid.getextrema()):
            break
    return cast("Image", laid)


def _from_wide(image: Image, module: ModuleType) -> Image:
    """Sixteen bits or floats, stretched from their least to their largest value to 0 to 255."""
    values = np.asarray(image, dtype=np.float32)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255 / (high - low)) if high > low else np.zeros_like(values)
    return cast("Image", module.fromarray(scaled.astype(np.uint8)))


def _luma(grey: Image) -> tuple[NDArray[np.float64], float]:
    """Quantiles and standard deviation of the luma, in levels of 255, from its histogram."""
    counts = np.asarray(grey.histogram(), dtype=np.float64)
    below = np.cumsum(counts)
    quantiles = np.searchsorted(below, QUANTILES * below[-1])
    levels = np.arange(256)
    mean = (counts @ levels) / below[-1]
    deviation = math.sqrt(max(0.0, (counts @ (levels - mean) ** 2) / below[-1]))
    return quantiles.astype(np.float64), deviation


def _spread(colours: Image) -> float:
    counts = np.asarray(colours.histogram(), dtype=np.float64).reshape(-1, 256)
    below = np.cumsum(counts, axis=1)
    ends = [np.searchsorted(row, QUANTILES[[0, -1]] * row[-1]) for row in below]
    return float(max(high - low for low, high in ends) / 255)


def _sharpness(grey: Image, module: ModuleType) -> float:
    scale = max(grey.size) / SHARPNESS_SIDE
    if scale > 1:
        width, height = (max(1, round(side / scale)) for side in grey.size)
        grey = grey.resize((width, height), module.Resampling.BOX)
    if min(grey.size) < 4:
        return math.nan
    luma = np.asarray(grey, dtype=np.float32)
    if luma.std() < LEAST_CONTRAST:
        return math.nan
    across, down = luma[:, 1:] - luma[:, :-1], luma[1:] - luma[:-1]
    slope = float(np.mean(across**2) + np.mean(down**2))
    bend = (across[1:-1, 1:] - across[1:-1, :-1]) + (down[1:, 1:-1] - down[:-1, 1:-1])
    detail = slope - ROUNDING_SLOPE
    if detail < ROUNDING_SLOPE:
        return math.nan
    return max(float(bend.var()) - ROUNDING_BEND, 0.0) / detail


def _why(error: Exception, content: bytes, module: ModuleType) -> str:
    text = str(error)
    if "truncated" in text or isinstance(error, EOFError):
        return "is truncated"
    if "decompression bomb" in text.lower():
        return "declares more pixels than can be decoded"
    if isinstance(error, module.UnidentifiedImageError):
        kind = kind_by_content(content[:HEAD_BYTES])
        if kind == "text":
            return "holds text instead of an image"
        return (
            "is no image of a format that is known"
            if kind is None
            else "is damaged from its beginning"
        )
    return "is damaged"
