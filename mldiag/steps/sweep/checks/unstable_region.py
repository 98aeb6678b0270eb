"""MD503: where does training diverge or fail, and how far is the default from there?"""

from __future__ import annotations

import math

from mldiag.findings import Action, Check, Finding
from mldiag.steps.sweep.measured import MeasuredAxis
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
        explanation=f"{plural(sum(failed), 'trial')} gave no score. {_distance(found, where)}".strip(),
        evidence=evidence,
    )


def _distance(found: MeasuredAxis, where: list[int]) -> str:
    axis = found.axis
    nearest = min(where, key=lambda index: abs(index - axis.default))
    default, value = axis.values[axis.default], axis.values[nearest]
    if (
        not axis.numeric
        or not isinstance(default, (int, float))
        or not isinstance(value, (int, float))
    ):
        return ""
    if axis.parameter.log and default > 0 and value > 0:
        factor = math.exp(abs(math.log(value / default)))
        return f"The default is a factor of {number(factor, 2)} away."
    return f"The default is {number(abs(value - default), 2)} away."
