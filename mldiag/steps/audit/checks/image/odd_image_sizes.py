"""MD351: which images differ from the others in size, shape, colour mode or rotation?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np

from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.media_told import counted, named_files, names_of
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD351.

    Args:
        most_share: What more images than this share have is no exception but the way the data are.
        size_factor: Where sizes vary, how many times smaller or larger than usual a side must be.
        ratio_factor: The same for the ratio of the sides.
        deviations: And so many robust standard deviations away, on a log scale.
        least_images: With fewer images nothing is known of what is usual.
    """

    most_share: float = 0.1
    size_factor: float = 3.0
    ratio_factor: float = 2.0
    deviations: float = 4.0
    least_images: int = 10


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD351",
    slug="odd-image-sizes",
    title="Which images are of an odd size, shape, mode or rotation?",
    detects=(
        "Where over nine in ten images share a size or a colour mode, those that do not. Where "
        "sizes vary, those whose longer side differs {size_factor:g} times, or whose ratio of "
        "sides {ratio_factor:g} times, from the usual, beyond {deviations:g} robust standard "
        "deviations. Those that EXIF says are to be turned, and those of several frames. What "
        "over {most_share:.0%} have is told as passed, except a rotation by EXIF."
    ),
    why=(
        "A batch needs one size and one number of channels; many loaders ignore EXIF's rotation, "
        "so that the model sees an image on its side that every viewer shows upright."
    ),
    fix=(
        "Convert to one mode, turn by EXIF when loading (PIL.ImageOps.exif_transpose), and look "
        "at the odd sizes."
    ),
    source="Pillow's documentation of exif_transpose; the rule by the set itself is mldiag's.",
    thresholds=THRESHOLDS,
)

_REMEDIES = {
    "size": "resize or leave out those of an odd size",
    "ratio": "crop or pad those of an odd shape",
    "mode": "convert all to one mode when loading",
    "rotation": "turn by EXIF when loading (PIL.ImageOps.exif_transpose)",
    "frames": "choose the frame that is meant",
}


def judge(subject: ImageAudit) -> Finding:
    """Look for images that are stored unlike the others."""
    images = subject.decoded
    if len(images) < THRESHOLDS.least_images:
        return CHECK.finding(
            "inconclusive",
            f"Too few images to say what is odd among them: {len(images)}",
            explanation=f"It takes {THRESHOLDS.least_images}.",
            evidence={"n": len(images)},
        )
    odd = {
        "size": _odd_sizes(images),
        "ratio": _far(images, lambda image: image.size[0] / image.size[1], THRESHOLDS.ratio_factor),
        "mode": _exceptions(images, _channels),
        "rotation": [image for image in images if image.orientation != 1],
        "frames": _exceptions(images, lambda image: image.frames > 1),
    }
    odd = {what: found for what, found in odd.items() if found}
    usual = Counter(image.size for image in images).most_common(1)[0]
    if not odd:
        told = f"all are {usual[0][0]} x {usual[0][1]}" if usual[1] == len(images) else "sizes vary"
        return CHECK.finding(
            "passed", f"No image of {len(images):,} is stored unlike the others ({told})",
            evidence={"n": len(images), "sizes": len({image.size for image in images})},
        )  # fmt: skip
    chosen = {image.file for found in odd.values() for image in found}
    found = [image for image in images if image.file in chosen]
    parts = [f"{plural(len(those), 'image')} by {what}" for what, those in odd.items()]
    evidence = named_files(found, images)
    evidence["odd"] = {what: [i.file.name for i in those][:1_000] for what, those in odd.items()}
    return CHECK.finding(
        "advice",
        f"{counted(found, images, 'image')} {'is' if len(found) == 1 else 'are'} "
        f"stored unlike the others: {', '.join(parts)}",
        explanation=" ".join(_told(what, those, images) for what, those in odd.items()),
        evidence=evidence,
        action=Action("clean_data", _sentence([_REMEDIES[what] for what in odd])),
    )


def _channels(image: ImageFacts) -> str:
    """The mode as a loader meets it; a palette is its own kind."""
    return image.mode


def _exceptions(
    images: tuple[ImageFacts, ...], value: Callable[[ImageFacts], Hashable]
) -> list[ImageFacts]:
    """Images without the value that nearly all have; none where no value has such a majority."""
    (usual, count), *_ = Counter(map(value, images)).most_common(1)
    if count == len(images) or count < (1 - THRESHOLDS.most_share) * len(images):
        return []
    return [image for image in images if value(image) != usual]


def _odd_sizes(images: tuple[ImageFacts, ...]) -> list[ImageFacts]:
    same = _exceptions(images, lambda image: image.size)
    return same or _far(images, lambda image: float(max(image.size)), THRESHOLDS.size_factor)


def _far(
    images: tuple[ImageFacts, ...], value: Callable[[ImageFacts], float], factor: float
) -> list[ImageFacts]:
    """Images whose value is far from the median, by a factor and by the spread of the set."""
    logs = np.log([value(image) for image in images])
    distance = np.abs(logs - np.median(logs))
    deviation = 1.4826 * float(np.median(distance))
    far = distance > max(np.log(factor), THRESHOLDS.deviations * deviation)
    if far.mean() > THRESHOLDS.most_share:
        return []
    return [image for image, is_far in zip(images, far, strict=True) if is_far]


def _told(what: str, found: list[ImageFacts], images: tuple[ImageFacts, ...]) -> str:
    names = names_of(found)
    if what == "mode":
        usual = Counter(map(_channels, images)).most_common(1)[0][0]
        others = ", ".join(sorted({image.mode for image in found}))
        return f"{names}: mode {others}, where the others are {usual}."
    if what == "size":
        first = found[0]
        width, height = Counter(image.size for image in images).most_common(1)[0][0]
        return f"{names}: such as {first.size[0]} x {first.size[1]}, where most are {width} x {height}."
    if what == "ratio":
        return f"{names}: much wider or taller than the others."
    if what == "frames":
        return f"{names}: several frames, where the others have one."
    return f"{names}: EXIF says that they are to be turned, which many loaders ignore."


def _sentence(parts: list[str]) -> str:
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
