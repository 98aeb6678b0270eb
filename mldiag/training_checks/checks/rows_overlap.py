"""MD142: are rows of the evaluation batch also training rows?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.training_checks import tree
from mldiag.wording import plural

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD142.

    Args:
        share: Evaluation rows found in training from which it is a problem.
        by_chance: Rows that repeat within the training batches themselves above which nothing can be told.
        least_values: Distinct values in a row below which equal rows may be chance.
    """

    share: float = 0.05
    by_chance: float = 0.02
    least_values: int = 4


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD142",
    slug="rows-overlap",
    title="Are rows of the evaluation batch also training rows?",
    detects=(
        "Rows of eval_batch are compared, to the last digit, with those of one training epoch. "
        "A problem from "
        "{share:.0%} on; not judged where more than {by_chance:.0%} of the training rows repeat "
        "among themselves."
    ),
    why="A score on rows that were trained on tells how well they were remembered, not how well "
    "others will do.",
    fix="Split before anything is copied, augmented or oversampled.",
    source="Kapoor and Narayanan (2023), Patterns 4, on leakage.",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ("eval_batch",)
MOST_BATCHES = 400


def judge(loop: Loop) -> Finding:
    """Judge the rows of the evaluation batch against one epoch."""
    path = _informative(loop.parts.eval_batch)
    if path is None:
        return CHECK.finding(
            "not_applicable",
            "The evaluation batch has no rows that could be told apart",
            explanation="Give eval_batch in the form of a training batch, with its inputs as a "
            "tensor of rows.",
        )
    evaluated = _digests(_leaf(loop.parts.eval_batch, path))
    trained: list[bytes] = []
    for number, batch in enumerate(loop.parts.train_batches(0)):
        if number >= MOST_BATCHES or loop.remaining() < 0:
            break
        leaf = _leaf(batch, path)
        trained += [] if leaf is None else _digests(leaf)
    known = set(trained)
    if not trained or not evaluated:
        return CHECK.finding(
            "inconclusive", "Training and evaluation batches are of different forms"
        )
    shared = [row for row, digest in enumerate(evaluated) if digest in known]
    share, repeated = len(shared) / len(evaluated), 1 - len(known) / len(trained)
    evidence = {
        "rows": {"eval": shared[:20]},
        "shared": len(shared),
        "n": len(evaluated),
        "repeated_within_training": repeated,
    }
    if not shared:
        return CHECK.finding(
            "passed",
            f"None of {plural(len(evaluated), 'evaluation row')} is a training row",
            evidence=evidence,
        )
    return _shared(share, repeated, evidence)


def _shared(share: float, repeated: float, evidence: dict[str, Any]) -> Finding:
    """What shared rows mean, by how many there are and how often rows repeat anyway."""
    shared, count = evidence["shared"], evidence["n"]
    verb = "is a training row" if shared == 1 else "are training rows"
    title = f"{shared} of {plural(count, 'evaluation row')} {verb}"
    if repeated > THRESHOLDS.by_chance:
        return CHECK.finding(
            "inconclusive",
            title,
            explanation=f"{repeated:.0%} of the training rows repeat among themselves, so equal "
            "rows may be chance.",
            evidence=evidence,
        )
    if share < THRESHOLDS.share:
        return CHECK.finding(
            "advice",
            title,
            explanation="They are few; they may be equal rows of the data.",
            evidence=evidence,
            action=Action("fix_split", "Drop equal rows before splitting."),
        )
    return CHECK.finding(
        "problem",
        title,
        explanation="The evaluation score tells how well they were remembered.",
        evidence=evidence,
        action=Action(
            "fix_split",
            "Split the rows before batches are made, and evaluate on rows never trained on.",
        ),
    )


def _informative(batch: Any) -> tuple[Any, ...] | None:
    """The path of the tensor whose rows hold the most, where equal rows cannot be chance."""
    best: tuple[Any, ...] | None = None
    most = 0
    for path, leaf in tree.leaves(batch):
        array = tree.array_of(leaf)
        if array.ndim < 2 or len(array) < 2:
            continue
        values = np.median(
            [len(np.unique(row)) for row in array[:32].reshape(min(len(array), 32), -1)]
        )
        size = array[0].size
        if values >= THRESHOLDS.least_values and size > most:
            best, most = path, size
    return best


def _leaf(batch: Any, path: tuple[Any, ...]) -> Any:
    return dict(tree.leaves(batch)).get(path)


def _digests(leaf: Any) -> list[bytes]:
    array = np.ascontiguousarray(tree.array_of(leaf))
    return [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in array]
