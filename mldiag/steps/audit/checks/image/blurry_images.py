"""MD354: which images are blurred?"""

from __future__ import annotations

from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.unusual_images import Rule, judge_unusual

THRESHOLDS = Rule(limit=0.4, factor=3.0)

CHECK = Check(
    code="MD354",
    slug="blurry-images",
    title="Which images are blurred?",
    detects=(
        "The variance of the Laplacian over that of the gradient, on a copy of at most 256 "
        "pixels a side, is below {limit:g} and below a {factor:g}rd of what is usual among the "
        "training images. Contrast and size cancel in it. A set that is soft throughout is no "
        "finding, nor where over {most_share:.0%} are so; images without contrast are not judged."
    ),
    why=("What tells the classes apart is often in the fine detail, which is gone."),
    fix=(
        "Look at them; take them anew, leave them out, or blur others as augmentation if the "
        "camera does so in use."
    ),
    source=(
        "Pertuz, Puig and Garcia (2013), Pattern Recognition 46: focus measures; the ratio is "
        "mldiag's."
    ),
    thresholds=THRESHOLDS,
)

_MATTER = "their edges are soft at every scale that a model sees."
_REMEDY = "Look at the blurred images; take them anew or leave them out, or blur others too as augmentation."


def judge(subject: ImageAudit) -> Finding:
    """Look for images without edges."""
    return judge_unusual(
        subject, CHECK, THRESHOLDS, _sharpness, words=("blurred", _MATTER, _REMEDY)
    )


def _sharpness(image: ImageFacts) -> float:
    return image.sharpness
