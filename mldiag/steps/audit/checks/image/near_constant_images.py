"""MD355: which images are of one colour?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.images.facts import ImageAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.media_told import counted, named_files, names_of


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD355.

    Args:
        spread: Range of every channel between the quantiles .001 and .999, in shares of its scale.
        of_usual: And at most this share of what is usual among the images: faint images are no fault where
            all are faint.
        flat: Range up to which nothing at all was seen, not even the noise of a camera.
        problem_share: Share of the images that are so flat, from which it is a problem.
        least: Fewer images than this are never a problem.
    """

    spread: float = 0.04
    of_usual: float = 0.25
    flat: float = 0.012
    problem_share: float = 0.05
    least: int = 3


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD355",
    slug="near-constant-images",
    title="Which images show nothing?",
    detects=(
        "All but 2 in 1,000 pixels lie within {spread:.0%} of the scale in every channel, and within "
        "{of_usual:.0%} of what is usual in the set. Advice; a problem where {problem_share:.0%} of the "
        "images, at least {least}, are within {flat:.1%}, which no camera gives."
    ),
    why=("An image of one colour tells nothing, and its label is noise."),
    fix=(
        "Leave them out, and find out why they were written: a failed decoding, a covered lens, "
        "a placeholder."
    ),
    source="cleanvision's low information; the rule is mldiag's.",
    thresholds=THRESHOLDS,
)


def judge(subject: ImageAudit) -> Finding:
    """Look for images of one colour."""
    images = subject.decoded
    if not images:
        return CHECK.finding("not_applicable", "No image could be decoded")
    usual = float(np.median([image.spread for image in images]))
    # Where most images are of one colour, that is no standard for the others.
    bound = THRESHOLDS.spread
    if usual > THRESHOLDS.flat:
        bound = min(bound, max(THRESHOLDS.flat, THRESHOLDS.of_usual * usual))
    found = sorted(
        (image for image in images if image.spread <= bound),
        key=lambda image: (image.spread, image.file.name),
    )
    if not found:
        return CHECK.finding(
            "passed", f"All {len(images):,} images show something", evidence={"n": len(images)}
        )
    flat = [image for image in found if image.spread <= THRESHOLDS.flat]
    many = len(flat) >= max(THRESHOLDS.least, THRESHOLDS.problem_share * len(images))
    return CHECK.finding(
        "problem" if many else "advice",
        f"{counted(found, images, 'image')} {'are' if len(found) > 1 else 'is'} of one colour",
        explanation=f"{names_of(found)}: nothing is to be seen, so that the label can only be guessed.",
        evidence=named_files(found, images),
        action=Action(
            "clean_data", "Leave out the images of one colour, and find out what wrote them."
        ),
    )
