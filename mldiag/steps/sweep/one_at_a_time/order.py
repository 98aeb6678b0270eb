"""In which order several parameters are walked: by what they are, then by what the first look shows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mldiag.parameters import Role
from mldiag.steps.sweep.axes import Axis
from mldiag.steps.sweep.one_at_a_time.progress import Progress
from mldiag.steps.sweep.one_at_a_time.walk import State
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

ROLE_ORDER: tuple[Role | None, ...] = (
    "learning_rate", "capacity", "regularization", "duration", "family", "class_weight", "activation",
    "initialization", None, "nuisance",
)  # fmt: skip
"""What usually matters most stands first."""

LOOKING_SHARE = 0.5
"""Share of a budget that first looks may take before the most promising parameter is finished."""


def by_role(axes: Sequence[Axis]) -> list[Axis]:
    """The axes in order of what they usually change, before anything is measured."""
    return sorted(axes, key=lambda axis: ROLE_ORDER.index(axis.parameter.role))


def by_spread(states: Sequence[State]) -> list[State]:
    """The axes in order of what they changed in the first look; those without one stay last, by role."""
    return sorted(states, key=lambda state: -spread_of(state.decision.progress))


def spread_of(progress: Progress) -> float:
    """How far the scores of the first look lie apart, in standard deviations of the default's score.

    Values far below the default count once: a parameter that only can do harm does not come first.
    """
    first = progress.scores[:, 0]
    known, own = first[np.isfinite(first)], progress.scores[progress.default]
    own = own[np.isfinite(own)]
    if len(known) < 2 or not own.size:
        return 0.0
    noise = float(own.std(ddof=1)) if len(own) > 1 else 0.0
    spread = float(np.ptp(np.clip(known, np.median(known) - 3 * noise, None)))
    return spread / noise if noise > 0 else (math.inf if spread > 0 else 0.0)


def looked_at(state: State) -> bool:
    """Whether the first look at an axis is complete."""
    return state.decision.surface is not None or state.decision.settled or not state.cells


def within_budget(
    rounds: Sequence[tuple[State, Sequence[TrialSpec]]],
    results: Sequence[TrialResult],
    remaining_seconds: float,
) -> list[TrialSpec]:
    """What to run where time is short: first looks while they fit, then the most promising axis to its end.

    Args:
        rounds: The axes in order, each with the trials that it wants next.
        results: What has come back, whose seconds tell the cost of a trial.
        remaining_seconds: Time left, in seconds.
    """
    times = [result.wall_seconds for result in results if result.wall_seconds > 0]
    cost = float(np.mean(times)) if times else math.inf
    wanted: list[TrialSpec] = []
    for state, specs in rounds:
        first = not looked_at(state)
        if (
            first
            and specs
            and (len(wanted) + len(specs)) * cost <= LOOKING_SHARE * remaining_seconds
        ):
            wanted += specs
        elif first and specs and not wanted and not times:
            return list(specs)  # nothing is known of the time: one first look tells
    if wanted:
        return wanted
    return next((list(specs) for _, specs in rounds if specs), [])


def order_sentence(states: Sequence[State]) -> str:
    """How the parameters were ordered, for the report; empty for a single one."""
    if len(states) < 2:
        return ""
    shown = ", ".join(
        f"{state.axis.name} ({_times(spread_of(state.decision.progress))})"
        for state in by_spread(states)
    )
    return (
        "The parameters were walked by their role at first (learning rate, capacity, regularization, ...), "
        f"then by the spread of their first look in standard deviations of the default's score: {shown}."
    )


def _times(spread: float) -> str:
    return f"{spread:.1f}" if math.isfinite(spread) else "no noise seen"
