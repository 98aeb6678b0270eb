"""MD380: which training files are the same?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mldiag.data.media_facts import FileFacts, MediaAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.media_told import named_files
from mldiag.steps.audit.files.same_content import groups_of_equals
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD380.

    Args:
        shown_groups: Groups that the evidence names.
    """

    shown_groups: int = 1_000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD380",
    slug="duplicate-files",
    title="Which training files are the same?",
    detects=(
        "Training files of the same bytes, or of the same pixels, samples or words stored "
        "otherwise. Advice; a problem where equal files carry different labels."
    ),
    why=(
        "Copies weigh more than others, and a random split puts them on both sides. Equal files "
        "of different labels cannot both be right."
    ),
    fix="Keep one of each; look at those of different labels.",
    source="Barz and Denzler (2020), Journal of Imaging 6: duplicates in CIFAR.",
    thresholds=THRESHOLDS,
)


def judge(subject: MediaAudit) -> Finding:
    """Look for equal files in training."""
    groups = groups_of_equals(subject.train)
    n = len(subject.train)
    if not groups:
        return CHECK.finding(
            "passed", f"No two of {n:,} training files are the same", evidence={"n": n}
        )
    conflicting = [group for group in groups if len(_labels(group)) > 1]
    found = [facts for group in groups for facts in group]
    extra = sum(len(group) - 1 for group in groups)
    evidence: dict[str, Any] = named_files(found, subject.train)
    evidence |= {
        "copies": extra,
        "groups": [[f.file.name for f in g] for g in groups[: THRESHOLDS.shown_groups]],
        "conflicting": [[f.file.name for f in g] for g in conflicting[: THRESHOLDS.shown_groups]],
    }
    example = listed([facts.file.name for facts in groups[0]], 2)
    are = "is a copy" if extra == 1 else "are copies"
    copies = f"{plural(extra, 'training file')} of {n:,} {are} of another"
    if conflicting:
        return CHECK.finding(
            "problem",
            f"{plural(len(conflicting), 'group')} of equal files with different labels; {copies}",
            explanation=f"{_conflict(conflicting[0])} At most one of them is right.",
            evidence=evidence,
            action=Action(
                "clean_labels", "Look at the equal files of different labels; keep one of each."
            ),
        )
    return CHECK.finding(
        "advice",
        copies,
        explanation=f"{example}, for one. A copy counts twice, and a random split may put it on both sides.",
        evidence=evidence,
        action=Action("clean_data", "Keep one of each group of equal files."),
    )


def _labels(group: list[FileFacts]) -> set[str]:
    return {facts.file.label for facts in group if facts.file.label is not None}


def _conflict(group: list[FileFacts]) -> str:
    return (
        f"{listed([f'{facts.file.name} ({facts.file.label})' for facts in group], 2)} are the same."
    )
