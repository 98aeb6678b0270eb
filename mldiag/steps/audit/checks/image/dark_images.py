"""MD352: which images are so dark that little can be seen?"""

from __future__ import annotations

from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.unusual_images import Rule, judge_unusual

THRESHOLDS = Rule(limit=0.2, factor=4.0)

CHECK = Check(
    code="MD352",
    slug="dark-images",
    title="Which images are too dark?",
    detects=(
        "99 % of the pixels are darker than {limit:.0%} of white, and darker than a {factor:g}th "
        "of what is usual among the training images. A set that is dark throughout, such as "
        "X-rays or stars, is no finding, nor where over {most_share:.0%} are so; a problem only "
        "where test images are dark much more often."
    ),
    why="Detail is lost in a few levels of grey; the label of such an image is nearly noise.",
    fix="Look at them; brighten them, take them anew, or leave them out.",
    source="cleanvision names the same issue; the limit by the set itself is mldiag's.",
    thresholds=THRESHOLDS,
)

_MATTER = "hardly anything in them is brighter than black."
_REMEDY = "Look at the dark images; brighten them, take them anew, or leave them out."


def judge(subject: ImageAudit) -> Finding:
    """Look for images without anything bright."""
    return judge_unusual(subject, CHECK, THRESHOLDS, _bright_end, words=("dark", _MATTER, _REMEDY))


def _bright_end(image: ImageFacts) -> float:
    return image.brightness[4]
