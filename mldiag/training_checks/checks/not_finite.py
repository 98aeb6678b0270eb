"""MD141: NaN or infinity in batches, outputs, loss or gradients."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.training_checks import tree
from mldiag.wording import plural

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD141",
    slug="not-finite",
    title="Is everything finite: batches, outputs, loss, gradients?",
    detects=(
        "The loss and the gradients of the first 16 steps are watched for NaN and infinity; so "
        "is every batch of "
        "an epoch, and the first one that has any is trained on. Masks of -inf and missing "
        "targets that reach "
        "neither the loss nor a gradient pass."
    ),
    why="One NaN in a batch makes every weight NaN at the next update, and nothing is learned "
    "after it.",
    fix=(
        "Fill or drop missing values; take logarithms and quotients of what cannot be zero; "
        "lower the learning "
        "rate where the loss explodes."
    ),
    source="IEEE 754: NaN spreads through every sum that it enters.",
)

NEEDS: tuple[str, ...] = ()
SECONDS_SHARE = 0.05


def judge(loop: Loop) -> Finding:
    """Judge what the first steps saw, then the batches of an epoch."""
    places = dict(loop.observed.not_finite)
    harmful = {p: n for p, n in places.items() if p == "loss" or p.startswith("gradient")}
    upstream = [p for p in places if p.startswith("batch")]
    if harmful and not ("loss" not in harmful and not upstream and loop.scaled_gradients()):
        first = min(
            places, key=lambda p: (places[p], not p.startswith("batch"), not p.startswith("out"))
        )
        return _problem(first, f"at step {places[first]}", places)
    place = _harmful_batch(loop)
    if place is not None:
        return _problem(
            f"batch {place[1]}", f"of batch {place[0]} of an epoch", {"batch": place[0]}
        )
    return CHECK.finding(
        "passed",
        f"Batches, loss and gradients are finite in {plural(len(loop.observed.steps), 'step')}",
        evidence={"steps": len(loop.observed.steps)},
    )


def _harmful_batch(loop: Loop) -> tuple[int, str] | None:
    """The first batch of the epoch with NaN or infinity that reaches the loss, and the place in it."""
    from mldiag.training_checks.observed import result_of

    end = loop.remaining() - SECONDS_SHARE * loop.seconds
    for number, batch in enumerate(loop.parts.train_batches(0)):
        place = _not_finite(batch)
        if place is not None:
            loss = result_of(loop.parts.step(tree.cloned(batch))).loss
            return (number, place) if loss is not None and not math.isfinite(loss) else None
        if loop.remaining() < end:
            break
    return None


def _not_finite(batch: Any) -> str | None:
    for path, leaf in tree.leaves(batch):
        array = tree.array_of(leaf)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            return ".".join(map(str, path))
    return None


def _problem(first: str, where: str, places: dict[str, Any]) -> Finding:
    in_data = first.startswith("batch")
    fix = (
        "Fill or drop the missing values in the training data."
        if in_data
        else "Look at the operation before it: a logarithm or quotient of zero, or a learning rate too high."
    )
    return CHECK.finding(
        "problem",
        f"NaN or infinity in the {first}, {where}",
        explanation="From there it spreads to every weight at the next update.",
        evidence={"places": places},
        action=Action("clean_data" if in_data else "fix_bug", fix),
    )
