"""MD357: does something that has nothing to do with the content tell the label?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.findings import Action, Check, Finding
from mldiag.stats.property_labels import PropertyLabel, property_labels

Property = Callable[[ImageFacts], float | str | None]


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD357.

    Args:
        told: What a property of the storage must tell of the label: 0 nothing, 1 all.
        problem: From here on it is a problem.
        content: What a property of the picture itself must tell, which may be honest: it stays advice.
        p_value: Corrected for the number of properties and labels.
        least_images: With fewer labelled images nothing is said.
    """

    told: float = 0.4
    problem: float = 0.7
    content: float = 0.9
    p_value: float = 0.05
    least_images: int = 30


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


def judge(subject: ImageAudit) -> Finding:
    """Test each property against the labels of the training images."""
    images = [i for i in subject.train if i.problem is None and i.file.label is not None]
    if not images:
        return CHECK.finding(
            "not_applicable",
            "Without labels nothing can tell them: folders by label, or --labels labels.csv",
        )
    values = {name: [of(i) for i in images] for name, of in (dict(STORAGE) | dict(LOOK)).items()}
    varying = {name: found for name, found in values.items() if len(set(map(str, found))) > 1}
    found = property_labels(varying, [image.file.label for image in images])
    if len(images) < THRESHOLDS.least_images or (varying and not found):
        return CHECK.finding(
            "inconclusive",
            f"Too few labelled images to test their properties: {len(images):,}",
            explanation=f"It takes {THRESHOLDS.least_images}, with at least eight for each of two labels.",
            evidence={"n": len(images)},
        )
    told = [item for item in found if item.p_value <= THRESHOLDS.p_value and _is_strong(item)]
    evidence = {"n": len(images), "properties": list(found)}
    if not told:
        return CHECK.finding(
            "passed", f"No property of {len(images):,} images tells the label", evidence=evidence
        )
    told.sort(key=lambda item: (item.name not in STORAGE, -item.strength))
    return _finding(told, evidence)


def _is_strong(item: PropertyLabel) -> bool:
    return item.strength >= (THRESHOLDS.told if item.name in STORAGE else THRESHOLDS.content)


def _finding(told: list[PropertyLabel], evidence: dict[str, object]) -> Finding:
    best = told[0]
    stored = best.name in STORAGE
    which = "the label" if best.told >= best.label_told else f"the label {best.label}"
    others = [item.name for item in told[1:4]]
    also = f" So does {', '.join(others)}." if others else ""
    reason = (
        "It has nothing to do with what is shown, so that a model may learn it instead."
        if stored
        else "It may belong to what is to be told; if it does not, the model learns it instead."
    )
    return CHECK.finding(
        "problem" if stored and best.strength >= THRESHOLDS.problem else "advice",
        f"{best.name[0].upper()}{best.name[1:]} alone tells {which} "
        f"({best.strength:.0%} of what is possible)",
        explanation=(
            f"Measured on {best.n:,} images that did not make the rule (p = {best.p_value:.2g} over all "
            f"properties). {reason}{also}"
        ),
        evidence=evidence,
        action=Action(
            "fix_leak" if stored else "clean_data",
            f"Make {best.name} the same for all classes, or collect each class from each source.",
        ),
    )
