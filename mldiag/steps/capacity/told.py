"""How a line of comparisons is told: the evidence, and what would settle it."""

from __future__ import annotations

import math
import shlex
from typing import Any

import numpy as np

from mldiag.findings import CLAIM_ERROR, Check, Finding, Outcome
from mldiag.stats.power import repeats_to_settle, rows_to_settle
from mldiag.steps.capacity.measured import FIRST_SHARE, MeasuredLine
from mldiag.wording import amount, gain, number, plural, rows_needed, score, unknown_noise

PROBLEM_WORTHS = 4.0
"""A gain is a problem, not just worth having, where its lower end is this many times what is worth having."""

MOST_REPEATS = 100
"""More repeats than this are not suggested; nobody runs them."""

TESTED = (
    f"every value is paired with the model as it stands on the same rows and seeds; better is Dunnett's "
    f"one-sided test with an error of {CLAIM_ERROR:.0%} over everything that the step compares. A first look "
    f"at three repeats may spend {FIRST_SHARE:.0%} of it; what is open then gets the other repeats. No gain: "
    "no 80 % interval reaches the smallest gain worth having. Else inconclusive"
)


def numbers_of(found: MeasuredLine) -> dict[str, Any]:
    """Evidence of a line."""
    comparisons = found.comparisons
    return {
        "n": int(comparisons.repeats[comparisons.default]),
        "best_value": found.best_value,
        "gain": found.gain,
        "p_better": float(comparisons.p_better[found.best]),
        "noise_sd": comparisons.noise_sd,
        "smallest_gain_worth_having": found.worth,
        "uncertainty": found.uncertainty,
        "looks": found.looks,
    }


def severity(found: MeasuredLine) -> Outcome:
    """Whether a gain is a problem or advice."""
    return "problem" if found.gain.low > PROBLEM_WORTHS * found.worth else "advice"


def train_beside(found: MeasuredLine) -> str:
    """Train and validation score of the model and of the best value; empty where none was reported."""
    default, best = found.line.default, found.best
    trains = [found.train[index].estimate for index in (default, best)]
    if not all(map(math.isfinite, trains)):
        return ""
    metric = found.metric
    shown = [
        f"train {score(metric, found.train[i].estimate)}, validation {score(metric, found.valid[i].estimate)}"
        for i in (default, best)
    ]
    return f"As it stands: {shown[0]}; with it: {shown[1]}."


def undecided(check: Check, found: MeasuredLine, subject: str) -> Finding:
    """A line that is open, ignored or without scores."""
    evidence = {"param": found.line.name} | numbers_of(found)
    if found.verdict == "ignored":
        return check.finding(
            "passed",
            f"{found.line.name} does not limit the model: from {found.line.shown(0)} to "
            f"{found.line.shown(-1)} every score is the same to the last digit",
            explanation=(
                f"Or the training does not use it: mldiag sweep --param {shlex.quote(found.line.name)} tells."
            ),
            evidence=evidence,
        )
    if found.verdict == "no score":
        return check.finding(
            "inconclusive",
            f"{subject} cannot be judged: nothing is left to compare",
            explanation="The model as it stands, or all that it is compared with, gave no score.",
            evidence=evidence,
        )
    return check.finding(
        "inconclusive",
        f"Cannot tell yet whether {subject} would help",
        explanation=what_would_settle_it(found),
        evidence=evidence,
    )


def what_would_settle_it(found: MeasuredLine) -> str:
    """How much is still possible, and how many repeats or rows would tell."""
    comparisons = found.comparisons
    if not comparisons.determined:
        return unknown_noise(found.scores.shape[1])
    best = found.best
    looks = (
        f"{found.line.shown(best)} looks best: {gain(found.metric, comparisons.intervals[best])}."
    )
    most = max(found.high(int(index)) for index in comparisons.candidates)
    limit = (
        f" A gain above {amount(found.metric, most)} is unlikely." if math.isfinite(most) else ""
    )
    difference = max(float(comparisons.difference[best]), found.worth)
    if found.on_fixed_rows or not comparisons.noise_sd > 0:
        error = float(comparisons.standard_error[best])
        return f"{looks}{limit} {rows_needed(rows_to_settle(difference, error))}"
    needed = repeats_to_settle(
        difference,
        math.sqrt(2) * comparisons.noise_sd,
        valid_to_train=found.valid_to_train,
        comparisons=len(comparisons.candidates),
        error=comparisons.error,
        limit=MOST_REPEATS,
    )
    if needed is None or needed <= int(np.max(comparisons.repeats)):
        return (
            f"{looks}{limit} The noise of one score is {number(comparisons.noise_sd)}: no number of repeats "
            f"up to {MOST_REPEATS} would settle it on these rows; a larger --gain can be judged."
        )
    return f"{looks}{limit} About {plural(needed, 'repeat')} would settle it: --repeats {needed}."
