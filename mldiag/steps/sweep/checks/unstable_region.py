"""MD503: where does training diverge or fail, and how far is the default from there?"""

from __future__ import annotations

import math

from mldiag.findings import Action, Check, Finding
from mldiag.steps.sweep.measured import MeasuredAxis
from mldiag.trial_spec import Plain
from mldiag.wording import number, plural, setting

CHECK = Check(
    code="MD503",
    slug="unstable-region",
    title="Where does training diverge or fail?",
    detects=(
        "Values at which at least one trial gave NaN, an infinity or an error. A problem where the default "
        "is among them, else advice; and how far the nearest of them lies from the default."
    ),
    why="A default next to a cliff fails on other data, another seed, or a longer run.",
    fix="Move away from the region, or make the training more stable (warm-up, clipping, scaling).",
    source="By construction: the trial itself failed.",
)


def judge(found: MeasuredAxis) -> Finding | None:
    """Say where trials gave no score; None where all did."""
    axis, failed = found.axis, found.measured.failed
    where = [index for index, count in enumerate(failed) if count]
    if not where:
        return None
    values = [axis.values[index] for index in where]
    shown = ", ".join(setting(value) for value in values)
    evidence = {
        "param": axis.name,
        "values": values,
        "trials_without_score": [failed[index] for index in where],
        "repeats": found.measured.scores.shape[1],
    }
    if axis.default in where:
        return CHECK.finding(
            "problem",
            f"Training fails at the default {axis.name} = {setting(axis.values[axis.default])}",
            explanation=f"{plural(sum(failed), 'trial')} gave no score, at {axis.name} = {shown}.",
            evidence=evidence,
            action=Action(
                "stabilize_training",
                f"Move {axis.name} away from {shown}, or make the training more stable.",
                param=axis.name,
            ),
        )
    return CHECK.finding(
        "advice",
        f"Training fails at {axis.name} = {shown}",
        explanation=f"{plural(sum(failed), 'trial')} gave no score. {_distances(found, where)}".strip(),
        evidence=evidence | {"nearest_value_that_trains": _last_good(found, where)},
    )


def _distances(found: MeasuredAxis, where: list[int]) -> str:
    """How far the default, and the best value where it is another, are from the nearest failing value."""
    axis, best = found.axis, found.measured.best
    default = _distance(found, where, axis.default)
    told = f"The default is {default} away." if default else ""
    away = _distance(found, where, best) if best != axis.default else ""
    edge = _last_good(found, where)
    ends = f"It begins somewhere above {axis.name} = {setting(edge)}, which still trains."
    if edge is None:
        ends = ""
    elif _is_below(found, where):
        ends = ends.replace("above", "below")
    if away and default:
        told = f"The default is {default} away from there, the best value {away}."
    return f"{told} {ends}".strip()


def _distance(found: MeasuredAxis, where: list[int], start: int) -> str:
    axis = found.axis
    value = axis.values[start]
    if not axis.numeric or not isinstance(value, (int, float)):
        return ""
    failing = [v for v in (axis.values[i] for i in where) if isinstance(v, (int, float))]
    if axis.parameter.log and value > 0 and all(v > 0 for v in failing):
        nearest = min(abs(math.log(v / value)) for v in failing)
        return f"a factor of {number(math.exp(nearest), 2)}"
    return number(min(abs(v - value) for v in failing), 2)


def _is_below(found: MeasuredAxis, where: list[int]) -> bool:
    """Whether the nearest failing value lies below the default."""
    return min(where, key=lambda index: abs(index - found.axis.default)) < found.axis.default


def _last_good(found: MeasuredAxis, where: list[int]) -> Plain:
    """The value next to the failing ones, on the default's side, that still trains; None without a scale."""
    if not found.axis.numeric:
        return None
    nearest = min(where, key=lambda index: abs(index - found.axis.default))
    step = 1 if _is_below(found, where) else -1
    return found.axis.values[nearest + step]
