"""The joined verdict: what the lines, the memory and the ceiling say together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mldiag.findings import ActionKind
from mldiag.steps.capacity.ceiling import LIMITS, Ceiling
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.steps.capacity.memorising import Memory

Verdict = Literal["broken", "high bias", "high variance", "mixed", "ceiling", "inconclusive"]

NO_BETTER = 0.1
"""A model that goes less than this part of the way from a dummy to a table of its few rows learns nothing."""


@dataclass(frozen=True)
class Remedy:
    """A move that surely gains.

    Args:
        found: The line.
        kind: Kind of action.
        cures: Whether it takes away bias or variance.
    """

    found: MeasuredLine
    kind: ActionKind
    cures: Literal["bias", "variance"]

    @property
    def gain(self) -> float:
        """Its gain, corrected for having been chosen."""
        return self.found.gain.estimate


@dataclass(frozen=True)
class Judged:
    """The joined verdict.

    Args:
        verdict: Bias or variance, both, neither, or open.
        remedies: What surely gains, best first.
        beaten_by_dummy: Whether a dummy is surely better than the model.
        learns_nothing: Whether the model cannot even fit a few rows.
        at_top: Whether the model is the last to fall back on: nothing tried beats it.
    """

    verdict: Verdict
    remedies: tuple[Remedy, ...]
    beaten_by_dummy: bool
    learns_nothing: bool


def judge_together(
    lines: Sequence[MeasuredLine], memory: Memory | None, ceiling: Ceiling | None
) -> Judged:
    """Join what was measured."""
    beaten = beaten_by_dummy(lines)
    nothing = learns_nothing(memory) and not beats_dummy(lines)
    remedies = _in_order([remedy for found in lines if (remedy := remedy_of(found)) is not None])
    cured = {remedy.cures for remedy in remedies}
    verdict: Verdict = "inconclusive"
    if beaten or nothing:
        verdict = "broken"
    elif cured:
        first = remedies[0].cures
        own = {r.cures for r in remedies if r.found.line.kind != "references"}
        verdict = "mixed" if len(own) > 1 else "high bias" if first == "bias" else "high variance"
    elif ceiling is not None and at_ceiling(lines, ceiling):
        verdict = "ceiling"
    return Judged(verdict, remedies, beaten, nothing)


def beaten_by_dummy(lines: Sequence[MeasuredLine]) -> bool:
    """Whether a dummy is surely better, and the features say something: a reference is better too.

    Where no reference is, there is nothing to learn from, and a dummy beats whatever tries.
    """
    dummy = next((found for found in lines if found.line.kind == "dummy"), None)
    others = next((found for found in lines if found.line.kind == "references"), None)
    if dummy is None or not dummy.claimed:
        return False
    return others is None or others.gain.estimate > dummy.gain.estimate


def beats_dummy(lines: Sequence[MeasuredLine]) -> bool:
    """Whether the model is surely better than a dummy with all rows: then it works, whatever few rows say."""
    dummy = next((found for found in lines if found.line.kind == "dummy"), None)
    return dummy is not None and bool(dummy.comparisons.claimed_worse[1 - dummy.line.default])


def learns_nothing(memory: Memory | None) -> bool:
    """Whether the model does no better than a dummy on the rows that it trained on, whatever is changed."""
    if memory is None or math.isnan(memory.yours.share):
        return False
    best = max([memory.yours.share, *(v.share for v in memory.variants)])
    return best < NO_BETTER


def remedy_of(found: MeasuredLine) -> Remedy | None:
    """What a line that surely gains amounts to."""
    if found.line.kind == "dummy" or found.verdict != "gain":
        return None
    if found.line.kind == "references":
        return Remedy(found, "change_model", "bias" if fits_better(found) else "variance")
    more = found.best > found.line.default
    if not found.line.ordered:
        return Remedy(found, "tune", "bias" if fits_better(found) else "variance")
    if found.line.kind == "capacity":
        return Remedy(found, "larger_model" if more else "smaller_model", _cure(larger=more))
    if found.line.kind == "regularization":
        kind: ActionKind = "more_regularization" if more else "less_regularization"
        return Remedy(found, kind, _cure(larger=not more))
    # A shorter training is a regularization.
    return Remedy(found, "train_longer" if more else "more_regularization", _cure(larger=more))


def _cure(*, larger: bool) -> Literal["bias", "variance"]:
    return "bias" if larger else "variance"


def fits_better(found: MeasuredLine) -> bool:
    """Whether the best value also fits its training rows better than the model does, or as well as can be."""
    sign = found.metric.sign
    own, best = (found.train[i].estimate for i in (found.line.default, found.best))
    if math.isnan(own) or math.isnan(best):
        return True
    # Trees fit their training rows whatever there is to learn: a reference that validates above what the
    # model reaches on its own training rows shows bias; else it generalises better.
    validated = found.valid[found.best].estimate
    return bool(sign * (validated - own) > -found.worth) or bool(
        sign * (own - found.valid[found.line.default].estimate) < found.worth
    )


def _in_order(remedies: list[Remedy]) -> tuple[Remedy, ...]:
    """The model's own remedies first, unless another family is far ahead of them; else by gain.

    Longer training and larger models both cost time, so their gains are compared per doubling: a capacity
    was doubled twice, and a training that was cut short looks like a model that is too small.
    """
    own = sorted((r for r in remedies if r.kind != "change_model"), key=_by_doubling)
    other = [remedy for remedy in remedies if remedy.kind == "change_model"]
    if own and other and leads(other[0], own[0]):
        return (*other, *own)
    return (*own, *other)


def _by_doubling(remedy: Remedy) -> float:
    """Gain of a doubling, where there were several; negative, for sorting."""
    line = remedy.found.line
    before, after = line.values[line.default], line.values[remedy.found.best]
    doublings = 1.0
    numbers = isinstance(before, (int, float)) and isinstance(after, (int, float))
    if remedy.kind in ("larger_model", "train_longer") and numbers:
        first, last = float(str(before)), float(str(after))
        if first > 0 and last > first:
            doublings = max(1.0, math.log2(last / first))
    return -remedy.gain / doublings


UNFINISHED_SHARE = 0.25
"""A remedy that may go farther than it was tried comes first from this share of the other gain on."""


def leads(other: Remedy, own: Remedy) -> bool:
    """Whether another family comes before the model's own remedy.

    It does where it is surely ahead, and the own remedy is not the farthest value tried: how much that
    would still gain farther on is not known yet.
    """
    line = own.found.line
    farthest = line.ordered and own.found.best in (0, len(line.values) - 1)
    if farthest and own.gain >= UNFINISHED_SHARE * other.gain:
        return False
    return surely_ahead(other.found, own.found)


def surely_ahead(reference: MeasuredLine, own: MeasuredLine) -> bool:
    """Whether the gain of the reference lies above that of the model's own remedy, beyond both intervals."""
    if not math.isfinite(reference.gain.low + own.gain.high):
        return reference.gain.estimate > own.gain.estimate
    spread = math.hypot(
        reference.gain.estimate - reference.gain.low, own.gain.high - own.gain.estimate
    )
    return bool(reference.gain.estimate - own.gain.estimate > max(spread, reference.worth))


def at_ceiling(lines: Sequence[MeasuredLine], ceiling: Ceiling) -> bool:
    """Nothing tried gains, and there is positive evidence that nothing can."""
    tried = [found for found in lines if found.line.kind != "dummy"]
    if not tried or not all(map(gains_nothing, tried)):
        return False
    return ceiling.agrees or ceiling.at_human or (ceiling.bound_holds and bool(ceiling.peers))


def gains_nothing(found: MeasuredLine) -> bool:
    """Whether the best value of a line gains nothing worth having, as far as can be told."""
    if found.verdict in ("no gain", "ignored"):
        return True
    if found.verdict != "open" or not np.isfinite(found.gain.high):
        return False
    worth = found.worth
    return bool(found.gain.estimate < worth and found.gain.high < LIMITS.gain_worths * worth)
