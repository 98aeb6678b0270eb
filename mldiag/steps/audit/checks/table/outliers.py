"""MD332: are there values that no tail of their column explains?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit, sampled_rows
from mldiag.findings import Action, Check, Finding
from mldiag.stats.tails import extremes
from mldiag.steps.audit.evidence import named_rows
from mldiag.wording import listed, number, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD332.

    Args:
        error: Chance that the most extreme value of a column without outliers is called one.
        least_distance: Robust standard deviations from the median that an outlier has at least.
        most_share: Values of a column that outliers are at most: more of them are a tail.
        problem_distance: Distance from which a few outliers take a scaler or a squared loss over.
        problem_variance: Share of the column's variance that they hold then.
        levels: Different values that a column has at least.
        rows: Values that it has at least.
        related: Rank correlation with another column from which an extreme row there explains one here.
        fitted_on: Rows of a long column that are looked at first.
    """

    error: float = 0.005
    least_distance: float = 6.0
    most_share: float = 0.03
    problem_distance: float = 50.0
    problem_variance: float = 0.9
    levels: int = 20
    rows: int = 40
    related: float = 0.6
    fitted_on: int = 20_000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD332",
    slug="outliers",
    title="Are there values that no tail of their column explains?",
    detects=(
        "On the scale (as they are, log, signed log) on which a column is most symmetric, values at least "
        "{least_distance:g} robust standard deviations outside that the t distribution fitted to the "
        "quantiles up to .975 does not explain (error {error:.1%} a column), in at most {most_share:.0%} of "
        "the rows, and not where a related column is as extreme in the same row. Advice; a problem where "
        "they lie {problem_distance:g} or more outside and hold {problem_variance:.0%} of the variance."
    ),
    why="A few wrong values move means, scalers and squared losses more than all others together.",
    fix="Look at the rows: mend what is wrong; clip, or use a robust scaler, where they are right.",
    source="Hubert and Vandervieren (2008), CSDA 52: outliers of skewed distributions.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Look at every column of numbers with many different values; None where there is none."""
    own = [subject.train[name] for name in subject.features]
    columns = [column for column in own if _is_judged(column)]
    if not columns:
        return None
    found: dict[str, NDArray[np.int64]] = {}
    distances: dict[str, NDArray[np.float64]] = {}
    for column in columns:
        rows, outside = _outliers(column)
        if len(rows) and not _explained(column, rows, columns):
            found[column.name], distances[column.name] = rows, outside
    n = len(subject.train)
    evidence: dict[str, Any] = {"n": n, "columns": list(found), "compared": len(columns)}
    if not found:
        return CHECK.finding(
            "passed",
            f"{plural(len(columns), 'column')} of numbers: no value lies outside its column's own tail",
            evidence=evidence,
        )
    names = sorted(found, key=lambda name: -float(np.abs(distances[name]).max()))
    every = np.unique(np.concatenate(list(found.values())))
    evidence |= {
        "columns": names,
        "outliers": {name: len(found[name]) for name in names},
        "distances": {name: float(np.abs(distances[name]).max()) for name in names},
        **named_rows(train=every),
    }
    bad = any(_takes_over(subject.train[name], found[name], distances[name]) for name in names)
    first = names[0]
    farthest = found[first][int(np.argmax(np.abs(distances[first])))]
    value = number(float(subject.train[first].values[farthest]))
    middle = number(float(np.median(subject.train[first].present)))
    more = f"; {listed(names[1:])} likewise" if len(names) > 1 else ""
    return CHECK.finding(
        "problem" if bad else "advice",
        f"{plural(len(found[first]), 'value')} of {first!r} lie{'s' * (len(found[first]) == 1)} far outside "
        f"the tail of that column, such as {value} against a median of {middle}{more}",
        explanation=(
            f"{plural(len(every), 'row')} of {n:,}. "
            + ("They hold nearly all of the variance: " if bad else "If they are wrong, ")
            + "means, scalers and squared losses follow them instead of the rest."
        ),
        evidence=evidence,
        action=Action(
            "clean_data",
            "Look at these rows: mend what is wrong; clip, or scale robustly, what is right.",
        ),
    )


def _is_judged(column: Column) -> bool:
    return (
        column.kind == "number"
        and column.n_unique >= THRESHOLDS.levels
        and len(column.present) >= THRESHOLDS.rows
    )


def _outliers(column: Column) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows of the values outside, and how far outside they are."""
    rows = np.flatnonzero(np.isfinite(column.values))
    values = column.values[rows]
    common = int(np.argmax(column.counts))
    if column.counts[common] > 0.05 * len(rows):  # a value on its own, such as 0 for "none"
        kept = values != column.levels[common]
        rows, values = rows[kept], values[kept]
    nothing = np.empty(0, dtype=np.int64), np.empty(0)
    if len(rows) < THRESHOLDS.rows:
        return nothing
    if not _may_hold_outliers(values):
        return nothing
    judged = extremes(values, least_distance=THRESHOLDS.least_distance)
    if judged is None:
        return nothing
    outside = judged.p_values < THRESHOLDS.error
    if not outside.any() or outside.mean() > THRESHOLDS.most_share:
        return nothing
    return rows[outside].astype(np.int64), judged.distances[outside]


def _may_hold_outliers(values: NDArray[np.float64]) -> bool:
    """Whether a sample of a long column holds outliers, or the others reach far beyond it."""
    if len(values) <= THRESHOLDS.fitted_on:
        return True
    some = values[sampled_rows(len(values), THRESHOLDS.fitted_on)]
    low, middle, high = (float(one) for one in (some.min(), np.median(some), some.max()))
    if values.max() > 2 * high - middle or values.min() < 2 * low - middle:
        return True
    judged = extremes(some, least_distance=THRESHOLDS.least_distance)
    return judged is not None and bool((judged.p_values < THRESHOLDS.error).any())


def _explained(column: Column, rows: NDArray[np.int64], columns: list[Column]) -> bool:
    """Whether most of these rows are as extreme in a related column: a large case, and no wrong value."""
    looked = sampled_rows(len(column), 2000)
    own = _ranks(column.values[looked])
    for other in columns:
        if other.name == column.name:
            continue
        there = _ranks(other.values[looked])
        related = float(np.corrcoef(own, there)[0, 1])
        if abs(related) < THRESHOLDS.related:
            continue
        low, high = np.nanquantile(other.values[looked], (0.01, 0.99))
        values = other.values[rows]
        if np.mean((values <= low) | (values >= high)) >= 0.5:
            return True
    return False


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    filled = np.where(np.isfinite(values), values, np.nanmedian(values))
    return np.argsort(np.argsort(filled, kind="stable"), kind="stable").astype(float)


def _takes_over(column: Column, rows: NDArray[np.int64], distances: NDArray[np.float64]) -> bool:
    if float(np.abs(distances).max()) < THRESHOLDS.problem_distance:
        return False
    present = np.isfinite(column.values)
    values = column.values - float(np.median(column.present))
    held = float(np.square(values[rows]).sum())
    return held >= THRESHOLDS.problem_variance * float(np.square(values[present]).sum())
