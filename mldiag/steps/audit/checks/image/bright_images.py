"""MD353: which images are so bright that little can be seen?"""

from __future__ import annotations

from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.unusual_images import Rule, judge_unusual

THRESHOLDS = Rule(limit=0.25, factor=3.0)

CHECK = Check(
    code="MD353",
    slug="bright-images",
    title="Which images are too bright?",
    detects=(
        "Hardly a pixel (one in 1,000) is farther below white than {limit:.0%}, and that is less "
        "than a {factor:g}th of what is usual among the training images. White pages and other "
        "sets that are bright throughout are no finding, nor where over {most_share:.0%} are so."
    ),
    why="What was overexposed is white: the detail is gone and cannot be brought back.",
    fix="Look at them; take them anew, or leave them out.",
    source="cleanvision names the same issue; the limit by the set itself is mldiag's.",
    thresholds=THRESHOLDS,
)

_MATTER = "hardly anything in them is darker than white."
_REMEDY = "Look at the bright images; take them anew, or leave them out."


def judge(subject: ImageAudit) -> Finding:
    """Look for images without anything dark."""
    return judge_unusual(
        subject, CHECK, THRESHOLDS, _below_white, words=("bright", _MATTER, _REMEDY)
    )


def _below_white(image: ImageFacts) -> float:
    return 1.0 - image.brightness[0]
