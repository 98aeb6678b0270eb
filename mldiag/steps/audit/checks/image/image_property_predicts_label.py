"""MD357: does something that has nothing to do with the content tell the label?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.property_told import Thresholds, Words, judge_properties

Property = Callable[[ImageFacts], float | str | None]


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD357",
    slug="image-property-predicts-label",
    title="Does a property other than the content tell the label?",
    detects=(
        "Each property alone tells the label of images that did not make the rule: balanced "
        "accuracy above chance, or hits minus false alarms of one label. How an image is stored "
        "(size, format, colour mode, rotation, JPEG quality): advice from {told:g}, a problem "
        "from {problem:g}. How it looks as a whole (brightness, contrast, colour, sharpness, "
        "bytes a pixel): advice from {content:g}, because it may be part of what is to be told. "
        "p at most {p_value:g} over all properties and labels."
    ),
    why=(
        "The model learns the camera, the hospital or the website of each class instead of the "
        "class, scores well here and fails where the classes come from one source."
    ),
    fix=("Store and prepare all classes alike; collect each class from each source."),
    source=(
        "Torralba and Efros (2011), CVPR; Zech et al. (2018), PLOS Medicine: hospitals told from "
        "X-rays."
    ),
    thresholds=THRESHOLDS,
)

STORAGE: Mapping[str, Property] = {
    "the size": lambda image: f"{image.size[0]} x {image.size[1]}",
    "the width": lambda image: float(image.size[0]),
    "the height": lambda image: float(image.size[1]),
    "the format": lambda image: image.format,
    "the colour mode": lambda image: image.mode,
    "the rotation in EXIF": lambda image: str(image.orientation),
    "the quality of JPEG": lambda image: image.quality,
}
LOOK: Mapping[str, Property] = {
    "the brightness": lambda image: image.median,
    "the contrast": lambda image: image.contrast,
    "the colourfulness": lambda image: image.saturation,
    "the sharpness": lambda image: image.sharpness,
}


WORDS = Words(
    files="images",
    stored="It has nothing to do with what is shown, so that a model may learn it instead.",
    alike="collect each class from each source",
)


def judge(subject: ImageAudit) -> Finding:
    """Test each property against the labels of the training images."""
    images = [i for i in subject.train if i.problem is None and i.file.label is not None]
    return judge_properties(
        CHECK,
        THRESHOLDS,
        WORDS,
        stored={name: [of(i) for i in images] for name, of in STORAGE.items()},
        content={name: [of(i) for i in images] for name, of in LOOK.items()},
        labels=[i.file.label for i in images],
    )
