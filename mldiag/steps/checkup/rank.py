"""Which remedy comes first, and what follows from what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from mldiag.findings import FIX_FIRST, ActionKind, Finding
from mldiag.steps.checkup.stages import SOFT
from mldiag.steps.checkup.weighed import Weighed

EFFORT: dict[ActionKind, int] = {
    "more_data": 2, "change_model": 2, "clean_labels": 1, "clean_data": 1, "augment_data": 1,
}  # fmt: skip
"""Of two remedies that may gain the same, the one with less effort comes first; a setting has 0."""

TIED_SHARE = 0.6
"""A remedy with less effort comes first from this share of a costlier one's gain, within its interval."""

OF_NO_SIGNAL = (
    "beats-a-dummy", "blank-inputs", "reference-families", "parameter-ignored", "underfitting",
)  # fmt: skip
"""What a wrong program and features that say nothing have in common."""

ASKED_FIRST = ("group-overlap",)
"""Advice of the audit that only a person can settle, and behind which no score means what it seems to."""

ASKED_BEFORE_STOPPING = ("target-leakage",)
"""The same, where it is as often harmless: asked before "stop here" is said, not before a gain that is sure.

A score that one column carries looks like a ceiling, and whoever stops there has stopped at a leak.
"""

FAR_OFF_WORTHS = 4.0
"""A setting is far off where it surely gains this many times what is worth having."""

_OF_TRAINING: tuple[ActionKind, ...] = (
    "tune", "train_longer", "change_activation_or_init", "stabilize_training", "scale_features",
    "less_regularization", "more_regularization",
)  # fmt: skip
_SEEN_THROUGH_TRAINING: tuple[ActionKind, ...] = (
    "more_data",
    "change_model",
    "clean_labels",
    "larger_model",
)


def in_order(
    weighed: Sequence[Weighed], *, hard: Finding | None, worth: float, nobody_learns: bool = False
) -> list[Weighed]:
    """The remedies in the order in which a person should take them up.

    Args:
        weighed: The remedies.
        hard: The problem behind which no other number can be trusted, or None.
        worth: Smallest gain worth having.
        nobody_learns: Whether no reference learns more from the rows: what looks like a bug may be noise.
    """
    kept = without_repetition(weighed)
    if hard is not None:
        first = [one for one in kept if one.candidate.finding == hard]
        rest = [
            replace(one, cause=hard.code, note="mend this before you read any score")
            for one in kept
            if one.candidate.finding != hard
        ]
        return [*first, *sorted(rest, key=_severity)]
    asked = [one for one in kept if one.gain is None and _slug(one) in ASKED_FIRST]
    kept = [one for one in kept if one not in asked]
    return [*asked, *_by_gain(kept, worth, nobody_learns=nobody_learns)]


def is_question(one: Weighed) -> bool:
    """Whether this asks a person for something that comes before any gain."""
    return one.gain is None and _slug(one) in (*ASKED_FIRST, *ASKED_BEFORE_STOPPING)


def _by_gain(kept: Sequence[Weighed], worth: float, *, nobody_learns: bool) -> list[Weighed]:
    """Claims first, what a broken training asks for, then what may be expected to gain most."""
    claimed = _claims(kept)
    unsure = [one for one in kept if one.gain is not None and not one.claimed]
    seen = [one for one in unsure if one.candidate.seen_in is not None and one.gain is not None
            and one.gain.estimate > 0]  # fmt: skip
    unsure = [one for one in unsure if one not in seen]
    unsure.sort(key=lambda one: -one.expected)
    advised = sorted((one for one in kept if one.gain is None), key=_severity)
    broken = [one for one in advised if _is_problem(one)]
    broken.sort(key=lambda one: one.candidate.step != "probe")  # what was seen inside says more
    others = [one for one in advised if one not in broken]
    if claimed:
        cause = claimed[0].candidate.finding.code
        told = "asked again once the training works"
        broken = [replace(one, cause=cause, note=told) for one in broken]
        return _reconciled([*claimed, *broken, *seen, *unsure, *others], worth)
    broken = [*seen, *broken]
    hopeful = [one for one in unsure if one.expected >= worth]
    if nobody_learns and not hopeful:
        silent = [one for one in broken if _slug(one) in OF_NO_SIGNAL]
        broken, others = [one for one in broken if one not in silent], [*silent, *others]
    if broken:
        root = broken[0].candidate.finding.code
        unsure = [
            replace(one, cause=root, note="measured on a training that fails") for one in unsure
        ]
        hopeful = [one for one in unsure if one.expected >= worth]
    small = [one for one in unsure if one not in hopeful]
    asked = [one for one in others if _slug(one) in ASKED_BEFORE_STOPPING]
    others = [one for one in others if one not in asked]
    return [*broken, *asked, *hopeful, *others, *small]


def without_repetition(weighed: Sequence[Weighed]) -> list[Weighed]:
    """A remedy that is only advised says nothing new where a training has measured one of its kind."""
    measured = {one.candidate.kind for one in weighed if one.gain is not None}
    claimed = {one.candidate.kind for one in weighed if one.claimed}
    kept = []
    for one in weighed:
        finding = one.candidate.finding
        again = one.gain is None and one.candidate.kind in measured and not _is_problem(one)
        sure = one.gain is None and one.candidate.kind in claimed and finding.slug not in SOFT
        if not again and not sure:
            kept.append(one)
    return kept


def _claims(kept: Sequence[Weighed]) -> list[Weighed]:
    """Claims, the largest gain first; of tied ones that with the least effort."""
    rest = sorted((one for one in kept if one.claimed), key=lambda one: -one.expected)
    ordered: list[Weighed] = []
    while rest:
        first = rest[0]
        tied = [one for one in rest if _tied(one, first)]
        chosen = min(tied, key=lambda one: (EFFORT.get(one.candidate.kind, 0), -one.expected))
        ordered.append(chosen)
        rest.remove(chosen)
    return ordered


def _tied(one: Weighed, first: Weighed) -> bool:
    if one is first or first.gain is None or one.gain is None:
        return one is first
    within = one.gain.estimate >= first.gain.low or one.gain.high >= first.gain.estimate
    return within and one.expected >= TIED_SHARE * first.expected


def _reconciled(ordered: Sequence[Weighed], worth: float) -> list[Weighed]:
    """What was measured on a training that is far off is seen through it, and asked again after it."""
    first = ordered[0]
    if first.candidate.kind not in _OF_TRAINING or first.gain is None:
        return list(ordered)
    if not first.gain.low > FAR_OFF_WORTHS * worth:
        return list(ordered)
    told = "measured on a training that this setting holds back: ask again after it"
    code = first.candidate.finding.code

    def seen_through(one: Weighed) -> bool:
        if one is first or one.cause:
            return False
        looked_in = one.candidate.step == "probe" and one.gain is None
        return looked_in or one.candidate.kind in _SEEN_THROUGH_TRAINING

    return [replace(one, cause=code, note=told) if seen_through(one) else one for one in ordered]


def _slug(one: Weighed) -> str:
    return one.candidate.finding.slug


def _is_problem(one: Weighed) -> bool:
    """An advice of a step that says the training itself fails."""
    finding = one.candidate.finding
    if finding.outcome != "problem" or finding.caused_by is not None:
        return False
    return one.candidate.step in ("probe", "reproduce", "capacity") or finding.slug in SOFT


def _severity(one: Weighed) -> tuple[bool, bool, float]:
    finding = one.candidate.finding
    gain = one.gain.estimate if one.gain is not None else -math.inf
    return finding.outcome != "problem", one.candidate.kind not in FIX_FIRST, -gain
