"""MD356: which images are nearly the same, within the training images and across the split?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.data.images.facts import ImageAudit, ImageFacts
from mldiag.data.images.similar import (
    MOST_COMPARED,
    MOST_DISTANCE,
    SHARE_OF_USUAL,
    Similar,
    groups_of,
    similar_images,
)
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.media_told import counted, named_files, names_of
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD356.

    Args:
        problem_share: Share of the test images with a near copy in training, above which it is a problem.
        least_images: Fewer such test images than this are never a problem.
        distance: One minus the correlation of two small copies, above which they are never the same.
        usual: How many times nearer than usual in the set they must be.
        fewest: With fewer images nothing is known of what is usual.
        shown_groups: Groups that the evidence names.
    """

    problem_share: float = 0.01
    least_images: int = 3
    distance: float = MOST_DISTANCE
    usual: float = SHARE_OF_USUAL
    fewest: int = 20
    shown_groups: int = 1_000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD356",
    slug="near-duplicate-images",
    title="Which images are nearly the same?",
    detects=(
        "Copies of 16 x 16 pixels are correlated, so that saving anew, resizing and another "
        "brightness do not hide a copy; mirrored ones are tried too. Two images are nearly the "
        "same where one minus the correlation is below {distance:g} and {usual:g} times smaller "
        "than is usual in the set, and their colours agree. A problem where more than "
        "{problem_share:.0%} of the test images, at least {least_images}, have such a copy in "
        "training; else advice. Crops and turns by more than a few percent are not found."
    ),
    why=("A test image that was trained on in another form is remembered: the score is too good."),
    fix=(
        "Keep the copies of an image on one side of the split, as a group, and one of each in "
        "training."
    ),
    source="Barz and Denzler (2020), Journal of Imaging 6: near duplicates in CIFAR's test set.",
    thresholds=THRESHOLDS,
)


def judge(subject: ImageAudit) -> Finding:
    """Look for images that are nearly, but not exactly, the same."""
    images = subject.decoded
    if len(images) < THRESHOLDS.fewest:
        return CHECK.finding(
            "inconclusive",
            f"Too few images to say which are unusually alike: {len(images)}",
            explanation=f"It takes {THRESHOLDS.fewest} to know how alike the images of this set are.",
            evidence={"n": len(images)},
        )
    similar = similar_images(images)
    pairs = _not_equal(images, similar)
    evidence: dict[str, Any] = {"n": len(similar.compared), "limit": similar.limit}
    sampled = len(images) > MOST_COMPARED
    drawn = f" among {len(similar.compared):,} drawn at random" if sampled else ""
    if not len(pairs):
        title = f"No two images are nearly the same{drawn or f' among {len(images):,}'}"
        return CHECK.finding("passed", title, evidence=evidence)
    across = [
        (one, two)
        for one, two in pairs.tolist()
        if images[one].file.split != images[two].file.split
    ]
    leaked = _in_test(images, across)
    groups = groups_of(pairs)
    named = [images[place] for group in groups for place in group]
    evidence |= named_files(named, images) | _pair_evidence(images, groups, across)
    evidence["n"] = len(similar.compared)
    tested = [images[p] for p in similar.compared.tolist() if images[p].file.split == "test"]
    whole = (
        f"{plural(len(groups), 'group')} of {len(named):,} images that are nearly the same{drawn}"
    )
    first = names_of([images[place] for place in groups[0]], 2)
    within = f"There are {whole}: {first}, for one."
    if leaked:
        many = len(leaked) >= max(THRESHOLDS.least_images, THRESHOLDS.problem_share * len(tested))
        return CHECK.finding(
            "problem" if many else "advice",
            f"{counted(leaked, tested, 'test image')} {'has' if len(leaked) == 1 else 'have'} "
            f"a near copy among the training images",
            explanation=f"They are remembered, not predicted: the score is too good. {within}",
            evidence=evidence,
            action=Action("fix_split", "Keep the copies of an image on one side of the split."),
        )
    return CHECK.finding(
        "advice",
        f"{whole[0].upper()}{whole[1:]}",
        explanation=f"{first}, for one. A random split would put copies on both sides.",
        evidence=evidence,
        action=Action(
            "clean_data", "Keep one of each, or keep them together when the data are split."
        ),
    )


def _not_equal(images: tuple[ImageFacts, ...], similar: Similar) -> Any:
    """Pairs without those of the same pixels, which are told as duplicate files."""
    different = [
        images[one].signal_hash != images[two].signal_hash
        and images[one].content_hash != images[two].content_hash
        for one, two in similar.pairs.tolist()
    ]
    return similar.pairs[np.array(different, dtype=bool)]


def _in_test(images: tuple[ImageFacts, ...], across: list[tuple[int, int]]) -> list[ImageFacts]:
    places = sorted({p for pair in across for p in pair if images[p].file.split == "test"})
    return [images[place] for place in places]


def _pair_evidence(
    images: tuple[ImageFacts, ...], groups: list[list[int]], across: list[tuple[int, int]]
) -> dict[str, Any]:
    shown = groups[: THRESHOLDS.shown_groups]
    labels = sum(
        len({images[p].file.label for p in group if images[p].file.label is not None}) > 1
        for group in groups
    )
    return {
        "groups": [[images[place].file.name for place in group] for group in shown],
        "groups_of_different_labels": labels,
        "across": [
            [images[one].file.name, images[two].file.name]
            for one, two in across[: THRESHOLDS.shown_groups]
        ],
    }
