"""Which pairs of parameters are looked at together, and why these."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mldiag.parameters import Parameter
from mldiag.steps.sweep.measured import MeasuredAxis
from mldiag.wording import amount

MOST_PAIRS = 3

# Roles that are known to act on each other, with how strongly; a pair that is not here counts 1.
_KNOWN: Mapping[frozenset[str], float] = {
    frozenset(("learning_rate", "duration")): 4.0,
    frozenset(("learning_rate", "capacity")): 4.0,
    frozenset(("learning_rate", "nuisance")): 4.0,
    frozenset(("learning_rate", "regularization")): 3.0,
    frozenset(("regularization", "capacity")): 4.0,
    frozenset(("capacity", "nuisance")): 3.0,
    frozenset(("capacity", "duration")): 2.0,
    frozenset(("capacity",)): 2.0,
    frozenset(("regularization", "duration")): 2.0,
}

_NO_EFFECT = 0.3
"""What a parameter counts that does nothing alone: it may still matter beside another."""

_STRONG = 10.0
"""Noises of one score, or gains worth having, from the worst to the best value: a strong effect."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Two parameters that are moved together.

    Args:
        first: What was measured of the first one alone.
        second: And of the second.
        why: Why they were chosen, for a person.
    """

    first: MeasuredAxis
    second: MeasuredAxis
    why: str

    @property
    def names(self) -> tuple[str, str]:
        """Names of both."""
        return self.first.axis.name, self.second.axis.name

    @property
    def nuisance(self) -> int | None:
        """Which of both is only tuned so that the other can be compared; None where neither or both."""
        are = [found.axis.parameter.role == "nuisance" for found in (self.first, self.second)]
        return None if are[0] == are[1] else are.index(True)


def chosen_pairs(
    params: Mapping[str, Parameter], axes: Sequence[MeasuredAxis]
) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """The pairs that deserve a look, at most three, and what was left out, a line each.

    Prior knowledge says which roles act on each other (the learning rate with almost everything, an SVM's C
    with its gamma); the measured effect of each alone says which of them matter here. A parameter that acts
    only while the other has some value is no interaction but a condition.

    Args:
        params: The declared parameters.
        axes: What was measured of each parameter alone.
    """
    declared = list(params)
    usable = sorted(
        (found for found in axes if len(found.axis.values) > 1),
        key=lambda found: declared.index(found.axis.name),
    )
    left_out: list[str] = []
    candidates: list[tuple[float, Pair]] = []
    for first, second in itertools.combinations(usable, 2):
        names = first.axis.name, second.axis.name
        if _depends(params, *names):
            left_out.append(
                f"{names[0]} and {names[1]}: one acts only while the other has certain values, which is a "
                "condition, not an interaction"
            )
            continue
        prior = _prior(first, second)
        strength = prior * _effect(first) * _effect(second)
        why = _why(first, second, prior, only=len(usable) == 2)
        candidates.append((strength, Pair(first, second, why)))
    order = sorted(candidates, key=lambda one: (-one[0], one[1].names))
    for _, pair in order[MOST_PAIRS:]:
        left_out.append(
            f"{pair.names[0]} and {pair.names[1]}: {MOST_PAIRS} stronger pairs came first"
        )
    return tuple(pair for _, pair in order[:MOST_PAIRS]), tuple(left_out)


def _depends(params: Mapping[str, Parameter], first: str, second: str) -> bool:
    """Whether one of two parameters acts only while the other has certain values."""
    return any(
        other == condition or _depends(params, condition, other)
        for name, other in ((first, second), (second, first))
        if name in params
        for condition, _ in params[name].when
    )


def _prior(first: MeasuredAxis, second: MeasuredAxis) -> float:
    roles = [found.axis.parameter.role for found in (first, second)]
    known = _KNOWN.get(frozenset(str(role) for role in roles), 1.0)
    return known + ("nuisance" in roles)


def _effect(found: MeasuredAxis) -> float:
    """How far the parameter moves the score alone: in noises, or in gains worth having if these are more."""
    measured = found.measured
    finite = measured.comparisons.difference[np.isfinite(measured.comparisons.difference)]
    spread = float(np.ptp(finite)) if len(finite) > 1 else 0.0
    noise = measured.comparisons.noise_sd
    unit = max(noise, measured.worth) if noise > 0 else measured.worth
    return _NO_EFFECT + min(spread / unit / _STRONG, 1.0)


def _why(first: MeasuredAxis, second: MeasuredAxis, prior: float, *, only: bool) -> str:
    if only:
        return "the two that were asked for"
    known = "known to act on each other" if prior > 1 else "the strongest that are left"
    moved = " and ".join(
        f"{found.axis.name} moves {found.measured.metric.name} by {spread}"
        for found in (first, second)
        if (spread := _spread(found))
    )
    return f"{known}; alone, {moved}" if moved else known


def _spread(found: MeasuredAxis) -> str:
    """From the worst to the best value alone; empty where nothing is known."""
    finite = found.measured.comparisons.difference
    finite = finite[np.isfinite(finite)]
    if len(finite) < 2 or not math.isfinite(float(np.ptp(finite))):
        return ""
    return amount(found.measured.metric, float(np.ptp(finite)))
