"""MD160: can the loop learn one small batch by heart?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.training_checks import tree
from mldiag.wording import number, plural

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD160.

    Args:
        rows: Rows of the batch.
        steps: Steps at each learning rate.
        learned: Share of the loss at the start below which the batch is learned.
        falls: Share of the loss at the start that must be lost for the loop to be learning at all.
    """

    rows: int = 8
    steps: int = 150
    learned: float = 0.1
    falls: float = 0.05


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD160",
    slug="overfit-batch",
    title="Can the loop learn one small batch by heart?",
    detects=(
        "{rows} rows are trained on again and again, {steps} steps at the loop's learning rate and "
        "at 10 and 100 times it, without dropout. Passed where the loss falls below "
        "{learned:.0%} of "
        "its start. A problem where at no rate it falls by {falls:.0%}, for tasks with targets, "
        "and "
        "where the loss is the negative of the only one of torch's that was called, or falls while "
        "the right classes become less likely. Between them inconclusive."
    ),
    why="A model that cannot remember eight rows has a bug, or no way to express them.",
    fix="Look at the sign of the loss, at the last layer's activation, and at what reaches the "
    "optimizer.",
    source="Goodfellow, Bengio and Courville (2016), Deep Learning, section 11.5: fit a tiny "
    "dataset.",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ()
FACTORS = (1.0, 10.0, 100.0)
TASKS = ("classification", "multilabel", "regression", "segmentation", "language_model")


def judge(loop: Loop) -> Finding:
    """Judge the loss on one small batch."""
    if loop.task not in TASKS:
        return _worse_answers(loop) or CHECK.finding(
            "not_applicable",
            "Only losses that compare outputs with targets must fall to zero on one batch",
            explanation="Tell the task where this is one: task='classification' or another.",
        )
    turned = _turned(loop)
    if turned is not None:
        return turned
    batch, count = _small_batch(loop)
    best: list[float] = []
    for factor in FACTORS:
        if loop.remaining() < 0:
            break
        with loop.preserved(), _without_dropout(loop):
            _faster(loop, factor)
            losses = _until_learned(loop, batch)
        if losses:
            best = losses if not best or _fall(losses) > _fall(best) else best
        if best and _fall(best) > 1 - THRESHOLDS.learned:
            break
    if best and not best[0] > 0:
        worse = _worse_answers(loop)
        if worse is not None:
            return worse
    return _judged(best, count if _rows_differ(batch) else None)


def _small_batch(loop: Loop) -> tuple[Any, int | None]:
    """A few rows of the first batch; the whole of it where the step takes no part of it."""
    whole = loop.first.batch
    count = tree.row_count(whole)
    if count is None or count <= THRESHOLDS.rows:
        return whole, count
    small = tree.take_rows(whole, _different_rows(loop.targets(), count))
    try:
        with loop.preserved():
            loop.train([small])
    except Exception:  # whatever the user's step says of a batch that it was not made for
        return whole, count
    return small, THRESHOLDS.rows


def _turned(loop: Loop) -> Finding | None:
    """Whether the loss is the negative of the only loss function that was called."""
    calls = [c for c in loop.first.loss_calls if c.value is not None]
    loss = loop.first.result.loss
    if len(calls) != 1 or loss is None or calls[0].value is None or calls[0].value.numel() != 1:
        return None
    value = float(calls[0].value)
    if not value > 0 or abs(loss + value) > 1e-3 * value:
        return None
    return CHECK.finding(
        "problem",
        f"The sign of the loss is turned: {number(loss)} where {calls[0].name} gives "
        f"{number(value)}",
        explanation="Training makes the error as large as it can.",
        evidence={"loss": loss, "loss_function": value},
        action=Action(
            "fix_bug", "Return the loss itself, not its negative, and call backward() on it."
        ),
    )


def _worse_answers(loop: Loop) -> Finding | None:
    """Whether the right answers become less likely while the loss falls, whatever its form."""
    from mldiag.training_checks.turned import turned_likelihood

    batch, _ = _small_batch(loop)
    with loop.preserved(), _without_dropout(loop):
        seen = turned_likelihood(loop, batch)
    if seen is None:
        return None
    (high, low), (before, after) = seen["loss"], seen["chance_of_right"]
    return CHECK.finding(
        "problem",
        f"The loss falls from {number(high)} to {number(low)} while the right answers become less likely",
        explanation=f"Their mean chance goes from {number(before)} to {number(after)} on "
        f"{plural(seen['n'], 'row')}: training makes the error as large as it can.",
        evidence=seen,
        action=Action(
            "fix_bug", "Turn the sign of the loss: minimise the negative log-likelihood."
        ),
    )


def _different_rows(targets: Any, count: int) -> list[int]:
    """Rows of as many classes as there are, taken in turn, so that no constant answer fits them all."""
    if targets is None or targets.dim() != 1 or len(targets) != count:
        return list(range(THRESHOLDS.rows))
    before: dict[float, int] = {}
    turns = []
    for row, value in enumerate(targets.tolist()):
        turns.append((before.get(value, 0), row))
        before[value] = before.get(value, 0) + 1
    return sorted(row for _, row in sorted(turns)[: THRESHOLDS.rows])


def _rows_differ(batch: Any) -> bool:
    """Whether no two rows are the same: equal ones with different targets cannot be learned by heart."""
    arrays = [tree.array_of(leaf) for _, leaf in tree.leaves(batch)]
    many = [a.reshape(len(a), -1) for a in arrays if a.ndim > 1]
    return not many or any(len(np.unique(a, axis=0)) == len(a) for a in many)


def _judged(losses: list[float], count: int | None) -> Finding:
    if len(losses) < 2 or not losses[0] > 0:
        return CHECK.finding(
            "not_applicable",
            "No positive loss was returned that could fall",
            explanation="Return the loss of the batch from step as 'loss'.",
        )
    fall = _fall(losses)
    low = min(x for x in losses if math.isfinite(x))
    evidence = {"start": losses[0], "lowest": low, "steps": len(losses), "rows": count}
    if fall > 1 - THRESHOLDS.learned:
        return CHECK.finding(
            "passed",
            f"One small batch is learned in {len(losses)} steps: loss {number(low)}",
            evidence=evidence,
        )
    told = f"{number(losses[0])} to {number(low)}"
    small = count is not None and count <= THRESHOLDS.rows
    if fall < THRESHOLDS.falls and len(losses) >= THRESHOLDS.steps and small:
        return CHECK.finding(
            "problem",
            f"One small batch cannot be learned: the loss goes from {told}",
            explanation="No learning rate up to 100 times the loop's makes it fall.",
            evidence=evidence,
            action=Action(
                "fix_bug",
                "Look at the sign of the loss, the last activation and what the optimizer holds.",
            ),
        )
    return CHECK.finding(
        "inconclusive",
        f"One small batch is learned only in part: the loss goes from {told}",
        explanation="The model may be too small for it, regularised, or need more steps.",
        evidence=evidence,
    )


def _fall(losses: list[float]) -> float:
    """The share of the loss at the start that was lost."""
    finite = [loss for loss in losses if math.isfinite(loss)]
    return 1 - min(finite) / losses[0] if finite and losses[0] > 0 else 0.0


def _until_learned(loop: Loop, batch: Any) -> list[float]:
    losses: list[float] = []
    for _ in range(THRESHOLDS.steps):
        losses += loop.train([batch])
        stop = not math.isfinite(losses[-1]) or losses[-1] < THRESHOLDS.learned * losses[0]
        if stop or loop.remaining() < 0:
            break
    return losses


def _faster(loop: Loop, factor: float) -> None:
    for optimizer in loop.optimizers:
        for group in optimizer.param_groups:
            if "lr" in group:
                group["lr"] = group["lr"] * factor


@contextmanager
def _without_dropout(loop: Loop) -> Iterator[None]:
    """Turn dropout off by its probability, which the modes do not touch; `preserved` puts it back."""
    from mldiag.training_checks.networks import DROPOUTS

    for model in loop.parts.models.values():
        for module in model.modules():
            if isinstance(module, DROPOUTS):
                module.p = 0.0
            elif isinstance(getattr(module, "dropout", None), float):
                module.dropout = 0.0
    yield
