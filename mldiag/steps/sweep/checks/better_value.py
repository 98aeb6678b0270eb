"""MD501: is there a better value of a parameter than its default?"""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.findings import CLAIM_ERROR, Action, Check, Finding
from mldiag.roles import action_of
from mldiag.stats.intervals import sample_sd
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
        "The value decided for is compared with the default on the same rows and seeds, in at least three "
        "repeats of both. Better: Dunnett's one-sided test over all values tried, with an error of "
        "{claim_error:.0%} for the whole sweep, shared between its two looks; a problem where the lower end "
        "of the gain is over {problem_worths:g} times the smallest gain worth having. Flat: every 80 % "
        "interval of the smooth curve (in the full design: of every value) lies within the smallest gain "
        "worth having. Default already best: none of them reaches above it. Else inconclusive."
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
    evidence: dict[str, Any] = {
        "param": axis.name,
        "default": default,
        "best_value": found.best_value,
    }
    if axis.base:
        evidence["while"] = dict(axis.base)
    evidence |= _of_curve(measured) | _numbers(measured)
    if measured.verdict == "better value":
        return _better(found, at_default, evidence)
    return _not_better(measured, axis.name, at_default, evidence, held=axis.while_)


def _better(found: MeasuredAxis, at_default: str, evidence: dict[str, Any]) -> Finding:
    axis, measured = found.axis, found.measured
    value = setting(found.best_value)
    surely = measured.gain.low > THRESHOLDS.problem_worths * measured.worth
    held = f"{axis.while_}, " if axis.base else ""
    scores = (
        f"{measured.metric.name} {score_interval(measured.metric, measured.valid[measured.best])} "
        f"against {score_interval(measured.metric, measured.valid[measured.comparisons.default])}."
    )
    return CHECK.finding(
        "problem" if surely and not axis.base else "advice",
        f"{held}{axis.name} = {value} is better than {at_default}: {gain(measured.metric, measured.gain)}",
        explanation=" ".join(
            [
                scores,
                _where_the_best_lies(found),
                "The gain is corrected for this being the best of the values tried; it holds while the "
                "other parameters keep their values.",
                _against_its_own_default(found),
            ]
        )
        .replace("  ", " ")
        .strip(),
        evidence=evidence,
        action=_set_it(found),
    )


def _set_it(found: MeasuredAxis) -> Action:
    """Set the value; one that acts only beside another names both, and its gain is over its own default."""
    axis = found.axis
    kind = action_of(axis.parameter, axis.values[axis.default], found.best_value)
    both = [*axis.base, (axis.name, found.best_value)]
    shown = " and ".join(f"{name} = {setting(value)}" for name, value in both)
    return Action(
        kind,
        f"Set {shown}.",
        param=axis.name,
        value=found.best_value,
        gain=None if axis.base else found.measured.gain,
    )


def _against_its_own_default(found: MeasuredAxis) -> str:
    if not found.axis.base:
        return ""
    return (
        f"Both were trained {found.axis.while_}: whether that beats the defaults of everything is another "
        f"question, which --param {shlex.quote(found.axis.base[0][0])} answers."
    )


def _where_the_best_lies(found: MeasuredAxis) -> str:
    """The interval of the best value, from the smooth curve."""
    curve = found.measured.curve
    if curve is None or not found.axis.numeric:
        return ""
    low, high = curve.best_range
    if low == high:
        return ""
    return (
        f"A smooth curve through all trials puts the best {found.axis.name} between {setting(low)} and "
        f"{setting(high)} (80 %)."
    )


def _of_curve(measured: Measured) -> dict[str, Any]:
    curve = measured.curve
    if curve is None:
        return {}
    return {"smoothed_best": curve.best_value, "best_value_interval": curve.best_range}


def _not_better(
    measured: Measured, name: str, at_default: str, evidence: dict[str, Any], *, held: str = ""
) -> Finding:
    subject = f"{held}, {name}" if held else name
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
            f"{held}, {at_default} is already as good as any value tried".removeprefix(", "),
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


def looks_better(measured: Measured) -> bool:
    """Whether the best value's own interval is above zero, which for the best of many is not enough."""
    found = measured.comparisons
    open_still = measured.verdict == "inconclusive" and measured.best != found.default
    few = bool((found.repeats < measured.scores.shape[1]).any())
    return open_still and few and found.intervals[measured.best].low > 0


def _numbers(measured: Measured) -> dict[str, Any]:
    found = measured.comparisons
    own = measured.scores[found.default]
    own = own[np.isfinite(own)]
    return {
        "n": int(found.repeats[found.default]),
        "n_best": int(found.repeats[measured.best]),
        "noise_sd": found.noise_sd,
        "default_sd": sample_sd(own) if len(own) > 1 else None,
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
    if measured.best in found.candidates:
        best = measured.best
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
            f"{noise} Sure by itself, but not after correcting for the choice among "
            f"{plural(len(found.candidates), 'value')}. {_more(measured)}"
        )
    if needed is None or needed <= found.repeats[found.default]:
        return (
            f"{noise} {_ruled_out(measured)} More repeats (up to {THRESHOLDS.most_repeats}) would not "
            "settle the rest on these rows: ask of fewer values, or of a larger gain (--gain)."
        )
    return (
        f"{noise} {_ruled_out(measured)} About {plural(needed, 'repeat')} would settle it: "
        f"--repeats {needed}."
    )


def _more(measured: Measured) -> str:
    """Where values have few repeats yet, all of them tell the noise better than more of the best."""
    repeats = measured.scores.shape[1]
    if (measured.comparisons.repeats < repeats).any():
        return "All repeats of every value may tell: --design full."
    return f"More repeats may tell: --repeats {2 * repeats}."


def _ruled_out(measured: Measured) -> str:
    """What the intervals leave possible, so that an open question still narrows the choice."""
    found = measured.comparisons
    shown = [found.intervals[index] for index in found.candidates]
    most = max(i.high for i in (measured.curve.differences if measured.curve else shown))
    return f"A gain above {amount(measured.metric, most)} is unlikely." if most > 0 else ""
