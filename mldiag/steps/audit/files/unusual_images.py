"""Images that stand out by one number: judged by an absolute limit and by the set they are in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.media_told import counted, named_files, names_of, share_of


@dataclass(frozen=True)
class Rule:
    """When a number is too low.

    Args:
        limit: No image with more than this is ever told.
        factor: Nor one that has more than the set's median over this.
        deviations: Nor one within so many robust standard deviations of the median, on a log scale.
        most_share: Where more of the training images are so, it is how these data are.
        least_images: With fewer images nothing is known of what is usual.
        split_share: Share of the test images from which a difference to training is a problem.
        split_factor: How many times the share among the training images that must be.
        split_p: Chance of such a difference by lot, at most (Fisher's exact test, one side).
    """

    limit: float
    factor: float
    deviations: float = 2.5
    most_share: float = 0.2
    least_images: int = 20
    split_share: float = 0.1
    split_factor: float = 3.0
    split_p: float = 0.01


def judge_unusual(
    subject: ImageAudit,
    check: Check,
    rule: Rule,
    value: Callable[[ImageFacts], float],
    *,
    words: tuple[str, str, str],
) -> Finding:
    """The finding of a check for images that have too little of something.

    Args:
        subject: The images.
        check: The check.
        rule: Its thresholds.
        value: What is looked at, at least 0; NaN where it is not known.
        words: What such images are ("dark"), what is the matter with them, and what to do.
    """
    adjective, matter, remedy = words
    # Below a quarter of the limit there is nothing left to tell apart: what is all dark is equally dark.
    floor = rule.limit / 4
    values = {image.file: float(np.maximum(value(image), floor)) for image in subject.decoded}
    known = [image for image in subject.decoded if math.isfinite(values[image.file])]
    reference = [values[image.file] for image in known if image.file.split == "train"]
    if len(reference) < rule.least_images:
        return check.finding(
            "inconclusive",
            f"Too few images to say which are unusually {adjective}: {len(reference)}",
            explanation=f"It takes {rule.least_images} training images to know what is usual.",
            evidence={"n": len(known)},
        )
    bound, usual = _bound(reference, rule)
    found = sorted(
        (image for image in known if values[image.file] <= bound),
        key=lambda image: (value(image), image.file.name),
    )
    facts: dict[str, Any] = {"bound": bound, "usual": usual}
    in_train, in_test = (share_of(found, known, split) for split in ("train", "test"))
    as_they_are = sum(v <= rule.limit for v in reference) / len(reference)
    if not found or in_train > rule.most_share:
        title = f"No image is unusually {adjective} among {len(known):,}"
        if as_they_are > rule.most_share:
            title = (
                f"These images are {adjective} by nature, and none stands out among {len(known):,}"
            )
        return check.finding("passed", title, evidence={"n": len(known), **facts})
    facts |= named_files(found, known)
    facts["values"] = [value(image) for image in found][: len(facts["files"])]
    more = in_test >= rule.split_share and in_test >= rule.split_factor * in_train
    shifted = more and _chance(found, known) <= rule.split_p
    told = f"{counted(found, known, 'image')} {'is' if len(found) == 1 else 'are'} unusually {adjective}"
    if shifted:
        told += f": {in_test:.0%} of the test images, {in_train:.0%} of the training images"
    return check.finding(
        "problem" if shifted else "advice",
        told,
        explanation=f"{names_of(found)}: {matter}",
        evidence=facts,
        action=Action("clean_data", remedy),
    )


def _bound(reference: Sequence[float], rule: Rule) -> tuple[float, float]:
    """The value up to which an image has too little, and the usual one."""
    logs = np.log(reference)
    usual = float(np.median(logs))
    deviation = 1.4826 * float(np.median(np.abs(logs - usual)))
    by_spread = math.exp(usual - rule.deviations * deviation)
    return min(rule.limit, math.exp(usual) / rule.factor, by_spread), math.exp(usual)


def _chance(found: Sequence[ImageFacts], known: Sequence[ImageFacts]) -> float:
    """The chance that lots put so many of the found images into the test side (Fisher's exact test)."""
    from scipy.stats import hypergeom

    tested = sum(image.file.split == "test" for image in known)
    hits = sum(image.file.split == "test" for image in found)
    return float(hypergeom.sf(hits - 1, len(known), len(found), tested))
