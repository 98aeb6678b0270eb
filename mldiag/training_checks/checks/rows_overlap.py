"""MD142: are rows of the evaluation batch also training rows?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

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
        half_alike: Evaluation rows that share half of their columns with a training row, and not the other
            half, for each that is one: above this, equal rows are of the kind that chance makes.
        distinct: Share of the training rows that must differ from each other: fewer forms are a small world
            in which rows repeat.
        least_values: Distinct values in a row below which equal rows may be chance.
    """

    share: float = 0.05
    half_alike: float = 0.1
    distinct: float = 0.1
    least_values: int = 4


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD142",
    slug="rows-overlap",
    title="Are rows of the evaluation batch also training rows?",
    detects=(
        "Rows of eval_batch are compared, to the last digit, with those of one training epoch. "
        "A problem from "
        "{share:.0%} on. Inconclusive where chance may have made them equal: other rows are then "
        "equal in every "
        "second column and not in the others ({half_alike:.0%} as many), or the rows have few "
        "forms (under "
        "{distinct:.0%} of them differ)."
    ),
    why="A score on rows that were trained on tells how well they were remembered, not how well "
    "others will do.",
    fix="Split before anything is copied, augmented or oversampled.",
    source="Kapoor and Narayanan (2023), Patterns 4, on leakage.",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ("eval_batch",)
MOST_BATCHES = 400


class Digests(NamedTuple):
    """What tells a row from others: all of it, its even columns, its odd ones."""

    whole: bytes
    even: bytes
    odd: bytes


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
    trained: list[Digests] = []
    for number, batch in enumerate(loop.parts.train_batches(0)):
        if number >= MOST_BATCHES or loop.remaining() < 0:
            break
        leaf = _leaf(batch, path)
        trained += [] if leaf is None else _digests(leaf)
    known = {digest.whole for digest in trained}
    if not trained or not evaluated:
        return CHECK.finding(
            "inconclusive", "Training and evaluation batches are of different forms"
        )
    shared = [row for row, digest in enumerate(evaluated) if digest.whole in known]
    share, distinct = len(shared) / len(evaluated), len(known) / len(trained)
    evidence = {
        "rows": {"eval": shared[:20]},
        "shared": len(shared),
        "n": len(evaluated),
        "half_alike": _half_alike(evaluated, trained, known),
        "repeated_within_training": 1 - distinct,
    }
    if not shared:
        return CHECK.finding(
            "passed",
            f"None of {plural(len(evaluated), 'evaluation row')} is a training row",
            evidence=evidence,
        )
    return _shared(share, distinct, evidence)


def _half_alike(evaluated: list[Digests], trained: list[Digests], known: set[bytes]) -> int:
    """Evaluation rows, not in training, that agree with a training row in one half of the columns."""
    halves = {digest.even for digest in trained}, {digest.odd for digest in trained}
    return sum(
        digest.whole not in known and (digest.even in halves[0] or digest.odd in halves[1])
        for digest in evaluated
    )


def _shared(share: float, distinct: float, evidence: dict[str, Any]) -> Finding:
    """What shared rows mean, by how many there are and whether chance makes such rows."""
    shared, count, half = evidence["shared"], evidence["n"], evidence["half_alike"]
    verb = "is a training row" if shared == 1 else "are training rows"
    title = f"{shared} of {plural(count, 'evaluation row')} {verb}"
    if half > THRESHOLDS.half_alike * shared or distinct < THRESHOLDS.distinct:
        few = distinct < THRESHOLDS.distinct
        reason = (
            f"{1 - distinct:.0%} of the training rows repeat among themselves"
            if few
            else f"{plural(half, 'other row')} {'is' if half == 1 else 'are'} equal to training "
            "rows in half of the columns"
        )
        return CHECK.finding(
            "inconclusive",
            title,
            explanation=f"{reason}, so equal rows may be chance.",
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


def _digests(leaf: Any) -> list[Digests]:
    array = tree.array_of(leaf)
    flat = array.reshape(len(array), -1)
    parts = (flat, flat[:, ::2], flat[:, 1::2])
    return [Digests(*each) for each in zip(*(_hashed(part) for part in parts), strict=True)]


def _hashed(array: np.ndarray[Any, Any]) -> list[bytes]:
    whole = np.ascontiguousarray(array)
    return [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in whole]
