"""MD336: can a classifier tell the test rows from the training rows?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding, Outcome
from mldiag.steps.audit.tables.drift import both_sides, splits_by_time, too_little
from mldiag.steps.audit.tables.two_sample_classifier import Told, told_apart
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD336.

    Args:
        advice_low: Lower end of the 80 % interval of the area under the ROC curve, from which it is advice.
        problem_low: The same for a problem.
        error: Error of the claim.
        problem_rows: Rows on each side that a problem needs.
        groups: Groups on each side that a claim needs where rows come in groups.
        sampled: Rows of each side that are used.
        named_drop: Loss of the area without a column, as a share of the largest, from which it is named.
    """

    advice_low: float = 0.57
    problem_low: float = 0.75
    error: float = 0.005
    problem_rows: int = 50
    groups: int = 10
    sampled: int = 1200
    named_drop: float = 0.3


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD336",
    slug="joint-drift",
    title="Can a classifier tell the test rows from the training rows?",
    detects=(
        "Trees that are fitted to tell the two tables apart, judged on rows left out (at most {sampled} of "
        "each side; groups stay together). Advice where the lower end of the 80 % interval of the area under "
        "the ROC curve reaches {advice_low:g}, a problem from {problem_low:g} on; error {error:.1%}."
    ),
    why="Columns may each look alike while their combinations are new; a model then guesses there.",
    fix="Look at the columns by which the rows are told apart; find out what made them so.",
    source="Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests, ICLR.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Tell the tables apart; None without a test table."""
    if subject.test is None:
        return None
    sides = both_sides(subject, THRESHOLDS.sampled)
    if sides is None:
        return CHECK.finding("not_applicable", too_little(subject))
    told = told_apart(subject, sides, worth_naming=THRESHOLDS.advice_low)
    if told is None:
        return CHECK.finding(
            "not_applicable", "There are no two columns to tell the tables apart by"
        )
    claimed = told.low >= THRESHOLDS.advice_low and told.p_value < THRESHOLDS.error
    groups = min(side.n_groups for side in sides)
    few = sides[0].groups is not None and groups < THRESHOLDS.groups
    by_time = splits_by_time(subject)
    outcome: Outcome = "passed"
    if claimed and few:
        outcome = "inconclusive"
    elif claimed:
        enough = min(len(side.rows) for side in sides) >= THRESHOLDS.problem_rows
        bad = told.low >= THRESHOLDS.problem_low and enough and not by_time
        outcome = "problem" if bad else "advice"
    names = _drivers(told) if claimed else []
    evidence: dict[str, Any] = {
        "n": len(sides[0].rows),
        "n_test": len(sides[1].rows),
        "columns": names,
        "auc": told.auc,
        "low": told.low,
        "high": told.high,
        "p_value": told.p_value,
        "drops": {name: told.drops[name] for name in names},
    }
    if max(len(subject.train), len(subject.test)) > THRESHOLDS.sampled:
        evidence["sampled"] = THRESHOLDS.sampled
    return _finding(outcome, told, evidence, groups, by_time)


def _finding(
    outcome: Outcome, told: Told, evidence: dict[str, Any], groups: int, by_time: bool
) -> Finding:
    area = f"area under the curve {told.auc:.2f} ({told.low:.2f} to {told.high:.2f}; chance .5)"
    if outcome == "passed":
        return CHECK.finding(
            "passed",
            f"A classifier hardly tells the test rows from the training rows: {area}",
            evidence=evidence,
        )
    if outcome == "inconclusive":
        return CHECK.finding(
            "inconclusive",
            f"A classifier tells the tables apart, but with {plural(groups, 'group')} on a side that may be "
            f"chance: {area}",
            evidence=evidence,
        )
    late = " The test rows come later, so that some drift is to be expected." if by_time else ""
    return CHECK.finding(
        outcome,
        f"A classifier tells the test rows from the training rows, by {listed(evidence['columns'])}: {area}",
        explanation=f"It holds combinations of values that a model has hardly seen.{late}",
        evidence=evidence,
        action=Action(
            "fix_split", "Look at these columns together, and find out what made the rows differ."
        ),
    )


def _drivers(told: Told) -> list[str]:
    """The columns without which the tables are told apart much worse."""
    if not told.drops:
        return []
    largest = next(iter(told.drops.values()))
    return [name for name, drop in told.drops.items() if drop >= THRESHOLDS.named_drop * largest][
        :10
    ]
