"""MD333: are some values of a column in another unit?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.steps.audit.tables.units import Limits, Mixed, mixed_units
from mldiag.wording import listed, number, plural


@dataclass(frozen=True)
class Thresholds(Limits):
    """Thresholds of MD333.

    Args:
        levels: Different values that a column has at least.
        problem_share: Share of the values in another unit from which it is a problem.
    """

    levels: int = 20
    problem_share: float = 0.01


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD333",
    slug="unit-mix-up",
    title="Are some values of a column in another unit?",
    detects=(
        "A cluster of {least_share:.1%} to {most_share:.0%} of a column's values, {separation:g} robust "
        "standard deviations or more from the rest on a logarithmic scale (or after a regression on the "
        "other columns), which a factor between two units in use (10, 12, 24, 60, 100, 1000, 2.54, 25.4, "
        ".3048, .4536, 1.609, and Celsius to Fahrenheit) moves onto the rest: the same place within {off:g} "
        "standard errors, the same shape (p at least {alike:g}); not where a gap so wide is likely in the "
        "column's own tail, or where the cluster differs from the rest in other columns too. A problem "
        "from {problem_share:.0%} on."
    ),
    why="Such values are wrong by a factor, and the few of them move every mean and scale.",
    fix="Find the source of these rows and convert them.",
    source="The factors are those of the International System of Units and of customary units.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Look at every column of numbers with many values; None where there is none."""
    names = [
        name
        for name in subject.features
        if subject.train[name].kind == "number"
        and subject.train[name].n_unique >= THRESHOLDS.levels
        and len(subject.train[name].present) >= THRESHOLDS.rows
    ]
    if not names:
        return None
    looked = {name: mixed_units(subject, subject.train[name]) for name in names}
    found = {name: mixed for name, mixed in looked.items() if mixed is not None}
    n = len(subject.train)
    evidence: dict[str, Any] = {"n": n, "columns": list(found), "compared": len(names)}
    if not found:
        return CHECK.finding(
            "passed",
            f"{plural(len(names), 'column')} of numbers: no cluster of values in another unit",
            evidence=evidence,
        )
    rows = np.unique(np.concatenate([mixed.rows for mixed in found.values()]))
    evidence |= {
        "factors": {name: mixed.factor for name, mixed in found.items()},
        "values": {name: len(mixed.rows) for name, mixed in found.items()},
        "separations": {name: mixed.separation for name, mixed in found.items()},
        **named_rows(train=rows),
    }
    ordered = sorted(found, key=lambda name: -len(found[name].rows))
    first = ordered[0]
    count = len(found[first].rows)
    share = count / len(subject.train[first].present)
    others = [f"{name} {_times(found[name])}" for name in ordered[1:]]
    more = f"; {listed(others)}" if others else ""
    return CHECK.finding(
        "problem" if share >= THRESHOLDS.problem_share else "advice",
        f"{plural(count, 'value')} of {first!r} ({share:.1%}) look{'s' * (count == 1)} "
        f"{_times(found[first])}{more}",
        explanation=(
            f"The factor fits {found[first].units}. "
            + ("It shows against the other columns. " if found[first].by_others else "")
            + "Converted, these values lie like all others of the column."
        ),
        evidence=evidence,
        action=Action("clean_data", "Find where these rows come from and convert them."),
    )


def _times(mixed: Mixed) -> str:
    if math.isnan(mixed.factor):
        return "converted between degrees Celsius and Fahrenheit"
    if mixed.factor > 1:
        return f"{number(mixed.factor)} times too large"
    return f"{number(1 / mixed.factor)} times too small"
