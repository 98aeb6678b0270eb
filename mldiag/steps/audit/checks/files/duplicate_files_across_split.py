"""MD381: do the same files train and test?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.media_facts import MediaAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.media_told import counted, named_files
from mldiag.steps.audit.files.same_content import groups_of_equals


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD381.

    Args:
        problem_share: Share of the test files, from which it is a problem.
        least_files: Fewer equal test files than this are never a problem.
        shown_pairs: Pairs that the evidence names.
    """

    problem_share: float = 0.01
    least_files: int = 3
    shown_pairs: int = 1_000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD381",
    slug="duplicate-files-across-split",
    title="Do the same files train and test?",
    detects=(
        "Test files of the same bytes, or of the same pixels, samples or words, as a training "
        "file. A problem from {problem_share:.0%} of the test files on, if they are at least "
        "{least_files}; else advice."
    ),
    why="A file that was trained on is not predicted but remembered: the score is too good.",
    fix="Take them out of training, and split by groups of equal files.",
    source="Barz and Denzler (2020), Journal of Imaging 6: duplicates in CIFAR's test set.",
    thresholds=THRESHOLDS,
)


def judge(subject: MediaAudit) -> Finding:
    """Look for test files that stand in training too."""
    if not subject.test:
        return CHECK.finding(
            "not_applicable",
            "No test files: folders named train and test, or --test FOLDER, show what is in both",
        )
    groups = [
        group
        for group in groups_of_equals([*subject.train, *subject.test])
        if len({facts.file.split for facts in group}) == 2
    ]
    n = len(subject.test)
    tested = [facts for group in groups for facts in group if facts.file.split == "test"]
    if not tested:
        return CHECK.finding(
            "passed", f"None of {n:,} test files stands among the training files", evidence={"n": n}
        )
    evidence = named_files([facts for group in groups for facts in group], subject.test)
    evidence |= {
        "share": len(tested) / n,
        "pairs": [
            [next(f for f in g if f.file.split == "train").file.name, facts.file.name]
            for g in groups[: THRESHOLDS.shown_pairs]
            for facts in g
            if facts.file.split == "test"
        ],
    }
    many = len(tested) >= max(THRESHOLDS.least_files, THRESHOLDS.problem_share * n)
    one, two = evidence["pairs"][0]
    return CHECK.finding(
        "problem" if many else "advice",
        f"{counted(tested, subject.test, 'test file')} {'stand' if len(tested) > 1 else 'stands'} "
        "among the training files too",
        explanation=f"{two} is {one}, for one. They are remembered, not predicted: the score is too good.",
        evidence=evidence,
        action=Action("fix_split", "Take the files that test out of training."),
    )
