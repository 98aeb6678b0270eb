"""MD350: which files cannot be decoded?"""

from __future__ import annotations

from collections import Counter

from mldiag.data.images.facts import ImageAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.media_told import counted, named_files
from mldiag.wording import listed

CHECK = Check(
    code="MD350",
    slug="unreadable-images",
    title="Which files cannot be decoded?",
    detects=(
        "Pillow decodes every file to its end: one that is empty, cut off, damaged, text in "
        "place of an image, or of a size that nobody can decode is named. Any such file is a "
        "problem."
    ),
    why=(
        "A loader stops at it in the middle of the training, or goes on with an image that is "
        "grey below."
    ),
    fix=(
        "Get the files again, or leave them out; look at what wrote them (an error page, a full "
        "disk)."
    ),
    source="Every image is decoded whole: truncated downloads keep a valid header.",
)


def judge(subject: ImageAudit) -> Finding:
    """Look for files that gave no pixels."""
    broken = [image for image in subject.all if image.problem is not None]
    n = len(subject.all)
    if not broken:
        return CHECK.finding(
            "passed", f"All {n:,} images could be decoded to their end", evidence={"n": n}
        )
    reasons = Counter(str(image.problem) for image in broken)
    told = listed([f"{image.file.name} {image.problem}" for image in broken])
    evidence = named_files(broken, subject.all)
    evidence["problems"] = {image.file.name: image.problem for image in broken[:1_000]}
    evidence["reasons"] = dict(reasons)
    return CHECK.finding(
        "problem",
        f"{counted(broken, subject.all, 'image')} cannot be decoded",
        explanation=f"{told}.",
        evidence=evidence,
        action=Action("clean_data", "Get the broken files again, or leave them out."),
    )
