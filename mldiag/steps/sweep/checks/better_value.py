"""MD501: is there a better value of a parameter than its default?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.findings import CLAIM_ERROR, Action, Check, Finding
from mldiag.roles import action_of
from mldiag.stats.power import repeats_to_settle, rows_to_settle
from mldiag.steps.sweep.measured import Measured, MeasuredAxis
from mldiag.wording import (
    amount,
    gain,
    number,
    plural,
    rows_needed,
    score_interval,
    setting,
    unknown_noise,
)


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD501.

    Args:
        claim_error: One-sided error of "better than the default" over all values of all parameters
            that were moved; see `CLAIM_ERROR`.
        problem_worths: A default is a problem, not just worth tuning, where the best value surely gains
            this many times the smallest gain worth having.
        most_repeats: More repeats than this are not suggested; nobody runs them.
    """

    claim_error: float = CLAIM_ERROR
    problem_worths: float = 4.0
    most_repeats: int = 100


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD501",
    slug="better-value",
    title="Is there a better value than the default?",
    detects=(
        "Every value is compared with the default on the same rows and seeds. Better: Dunnett's one-sided "
        "test over all values, with an error of {claim_error:.0%} for the whole sweep; a problem where "
        "the lower end of the gain is over {problem_worths:g} times the smallest gain worth having. Flat: "
        "every 80 % interval lies within the smallest gain worth having. Default already best: none of "
        "them reaches above it. Else inconclusive."
    ),
    why="A badly set parameter can hide everything else: no other finding counts before it is mended.",
    fix="Set the value; the gain is corrected for having been chosen as the best of many.",
    source=(
        "Dunnett (1955), JASA 50, for many values against one; Nadeau and Bengio (2003) for redrawn splits."
    ),
    thresholds=THRESHOLDS,
)


def judge(found: MeasuredAxis) -> Finding | None:
    """Judge one parameter that was moved alone; None where it does nothing at all (MD504)."""
    if found.measured.verdict == "ignored":
        return None
    axis, measured = found.axis, found.measured
    default = axis.values[axis.default]
    at_default = f"{axis.name} = {setting(default)}"
    evidence = {"param": axis.name, "default": default, "best_value": found.best_value}
    if measured.verdict == "better value":
        better = f"{axis.name} = {setting(found.best_value)}"
        kind = action_of(axis.parameter, default, found.best_value)
        return _better(measured, better, at_default, evidence | _numbers(measured), kind, found)
    return _not_better(measured, axis.name, at_default, evidence | _numbers(measured))


def judge_search(measured: Measured, points: tuple[dict[str, Any], ...]) -> Finding:
    """Judge the points of a search as one family."""
    best = points[measured.best]
    evidence = {"best_point": best, "points": len(points)} | _numbers(measured)
    if measured.verdict == "better value":
        better = ", ".join(f"{name} = {setting(value)}" for name, value in best.items())
        return _better(measured, better, "the defaults", evidence, "tune", None)
    return _not_better(measured, "the search", "the defaults", evidence)


def _better(
    measured: Measured,
    better: str,
    at_default: str,
    evidence: dict[str, Any],
    kind: Any,
    found: MeasuredAxis | None,
) -> Finding:
    gained = gain(measured.metric, measured.gain)
    surely = measured.gain.low > THRESHOLDS.problem_worths * measured.worth
    return CHECK.finding(
        "problem" if surely else "advice",
        f"{better} is better than {at_default}: {gained}",
        explanation=(
            f"{measured.metric.name} {score_interval(measured.metric, measured.valid[measured.best])} "
            f"against {score_interval(measured.metric, measured.valid[measured.comparisons.default])}. "
            "The gain is corrected for this being the best of the values tried; it holds while the other "
            "parameters keep their values."
        ),
        evidence=evidence,
        action=Action(
            kind,
            f"Set {better}.",
            param=found.axis.name if found else None,
            value=found.best_value if found else evidence["best_point"],
            gain=measured.gain,
        ),
    )


def _not_better(
    measured: Measured, subject: str, at_default: str, evidence: dict[str, Any]
) -> Finding:
    worth = amount(measured.metric, measured.worth)
    if measured.verdict == "flat":
        return CHECK.finding(
            "passed",
            f"{subject} is flat: it does not matter here",
            explanation=f"No value differs from {at_default} by the {worth} that would be worth having.",
            evidence=evidence,
            action=Action("none", f"Leave {at_default}."),
        )
    if measured.verdict == "default is best":
        return CHECK.finding(
            "passed",
            f"{at_default} is already as good as any value tried",
            explanation=f"No other value can gain the {worth} that would be worth having.",
            evidence=evidence,
            action=Action("none", f"Leave {at_default}."),
        )
    if measured.verdict == "no score" and any(measured.not_run):
        return CHECK.finding(
            "inconclusive",
            f"{subject} cannot be judged yet: {plural(sum(measured.not_run), 'trial')} were not run",
            explanation="The same command goes on where it stopped.",
            evidence=evidence,
        )
    if measured.verdict == "no score":
        return CHECK.finding(
            "inconclusive",
            f"{subject} cannot be judged: nothing is left to compare",
            explanation=f"Either {at_default} or every other value gave no score.",
            evidence=evidence,
        )
    return CHECK.finding(
        "inconclusive",
        f"Cannot tell yet whether {subject} can do better than {at_default}",
        explanation=_what_would_settle_it(measured),
        evidence=evidence,
    )


def _numbers(measured: Measured) -> dict[str, Any]:
    found = measured.comparisons
    return {
        "n": int(found.repeats[found.default]),
        "noise_sd": found.noise_sd,
        "gain": measured.gain,
        "p_better": float(found.p_better[measured.best]),
        "smallest_gain_worth_having": measured.worth,
        "uncertainty": measured.uncertainty,
    }


def _what_would_settle_it(measured: Measured) -> str:
    found = measured.comparisons
    if not found.determined:
        return unknown_noise(measured.scores.shape[1])
    best = int(found.candidates[np.argmax(found.difference[found.candidates])])
    looks = float(found.difference[best])
    if measured.on_fixed_rows or not found.noise_sd > 0:
        factor = rows_to_settle(max(looks, measured.worth), float(found.standard_error[best]))
        return f"{_ruled_out(measured)} {rows_needed(factor)}".strip()
    needed = repeats_to_settle(
        max(looks, measured.worth),
        math.sqrt(2) * found.noise_sd,
        valid_to_train=measured.valid_to_train,
        comparisons=len(found.candidates),
        limit=THRESHOLDS.most_repeats,
    )
    better = f"{amount(measured.metric, looks)} better" if looks > 0 else "no better"
    noise = f"The best value looks {better}; the noise of one score is {number(found.noise_sd)}."
    if found.intervals[best].low > 0:
        return (
            f"{noise} Its own interval is above zero, but that is not enough for the best of "
            f"{plural(len(found.candidates), 'value')}: compare it alone, or with more repeats."
        )
    if needed is None or needed <= found.repeats[found.default]:
        return (
            f"{noise} {_ruled_out(measured)} No number of repeats up to {THRESHOLDS.most_repeats} would "
            "settle the rest on these rows; fewer values, or a larger --gain, can be judged."
        )
    return (
        f"{noise} {_ruled_out(measured)} About {plural(needed, 'repeat')} would settle it: "
        f"--repeats {needed}."
    )


def _ruled_out(measured: Measured) -> str:
    """What the intervals leave possible, so that an open question still narrows the choice."""
    found = measured.comparisons
    most = max(found.intervals[index].high for index in found.candidates)
    return f"A gain above {amount(measured.metric, most)} is unlikely." if most > 0 else ""
