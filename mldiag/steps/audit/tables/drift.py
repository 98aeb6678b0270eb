"""What the checks of drift share: the two sides of a column, how a shift is graded, how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import AuditedTable, TableAudit, sampled_rows
from mldiag.stats.two_samples import Codes, Shift, adjusted, category_shift, number_shift
from mldiag.wording import plural

Grade = Literal["problem", "advice", "inconclusive", "passed"]

SAMPLED_ROWS = 20_000
"""Rows of each side that a shift is measured on: its noise is then about .01."""

LEAST_ROWS = 20
"""A side with fewer rows says nothing of drift."""

RARE_ROWS = 5
"""A category in so few rows of both sides together is left out where categories are compared."""

SHOWN_COLUMNS = 3


@dataclass(frozen=True)
class Limits:
    """When a shift is told.

    Args:
        advice_effect: Share of the rows that would have to move, from which it is advice.
        problem_low: Lower end of its interval, from which it is a problem.
        advice_error: Error of an advice over all columns (Holm).
        problem_error: Error of a problem over all columns.
        problem_rows: Rows on each side that a problem needs.
        problem_groups: Groups on each side that a problem needs where rows come in groups.
        least_groups: With fewer groups than this on a side nothing is claimed.
    """

    advice_effect: float = 0.1
    problem_low: float = 0.25
    advice_error: float = 0.05
    problem_error: float = 0.002
    problem_rows: int = 30
    problem_groups: int = 10
    least_groups: int = 5


@dataclass(frozen=True)
class Side:
    """The rows of one table that a comparison looks at.

    Args:
        rows: Positions, in order.
        groups: Codes of their groups, or None.
    """

    rows: NDArray[np.int64]
    groups: Codes | None

    @property
    def n_groups(self) -> int:
        """How many groups there are; 0 where rows do not come in groups."""
        return 0 if self.groups is None else len(np.unique(self.groups))

    def of(self, kept: NDArray[np.bool_]) -> Codes | None:
        """The groups of some of the rows."""
        return None if self.groups is None else self.groups[kept]


def both_sides(subject: TableAudit, limit: int = SAMPLED_ROWS) -> tuple[Side, Side] | None:
    """The rows of train and test that are compared; None without a test table, or with hardly a row."""
    if subject.test is None or min(len(subject.train), len(subject.test)) < LEAST_ROWS:
        return None
    return _side(subject, subject.train, limit), _side(subject, subject.test, limit)


def _side(subject: TableAudit, table: AuditedTable, limit: int) -> Side:
    rows = sampled_rows(len(table), limit, subject.seed)
    if subject.group is None or subject.group not in table.columns:
        return Side(rows, None)
    codes = table[subject.group].codes[rows].astype(np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return Side(rows, codes)


def too_little(subject: TableAudit) -> str:
    """Why there is nothing to compare, as a title."""
    if subject.test is None:
        return "Drift is judged between two tables: give the test rows with --test test.csv"
    smaller = min(len(subject.train), len(subject.test))
    return f"{plural(smaller, 'row')} on one side are too few to tell drift from chance"


def compared(
    subject: TableAudit, name: str, sides: tuple[Side, Side], *, as_classes: bool = False
) -> Shift | None:
    """How a column of the test table differs from that of the training table.

    Missing cells, and categories that only the test table has, are left to checks of their own.

    Args:
        subject: The tables.
        name: Of the column.
        sides: The rows that are compared.
        as_classes: Whether numbers are names of classes.

    Returns:
        None where a side has too few values, or the column is no number, date or category.
    """
    assert subject.test is not None
    own, other = subject.train[name], subject.test[name]
    values: tuple[NDArray[Any], NDArray[Any]]
    if own.is_numeric and other.is_numeric and own.kind != "boolean" and not as_classes:
        values = own.values[sides[0].rows], other.values[sides[1].rows]
        kept = np.isfinite(values[0]), np.isfinite(values[1])
        measure: Any = number_shift
    elif own.kind in ("category", "boolean") or as_classes:
        values = own.codes[sides[0].rows], _codes_of_train(own, other)[sides[1].rows]
        kept = _of_frequent_levels(*values)
        measure = category_shift
    else:
        return None
    if min(int(kept[0].sum()), int(kept[1].sum())) < LEAST_ROWS:
        return None
    shift: Shift = measure(
        values[0][kept[0]],
        values[1][kept[1]],
        first_groups=sides[0].of(kept[0]),
        second_groups=sides[1].of(kept[1]),
    )
    return shift


def _of_frequent_levels(
    first: NDArray[Any], second: NDArray[Any]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows whose category is known from training and not rare: of rare ones too many are on one side only."""
    width = int(max(first.max(initial=-1), second.max(initial=-1))) + 2
    counts = [np.bincount(codes + 1, minlength=width) for codes in (first, second)]
    kept = (counts[0] > 0) & (counts[0] + counts[1] > RARE_ROWS)
    kept[0] = False
    return kept[first + 1], kept[second + 1]


def _codes_of_train(own: Column, other: Column) -> NDArray[np.int64]:
    """The codes of the test column's cells in the numbering of the training column; -1 where it has none."""
    places = {_plain(level): code for code, level in enumerate(own.levels)}
    known = np.array(
        [places.get(_plain(level), -1) for level in other.levels] + [-1], dtype=np.int64
    )
    return known[other.codes]


def _plain(level: Any) -> Any:
    """Levels that are equal on both sides: 1 and True and 1.0 are, text is stripped of nothing."""
    return (
        float(level) if isinstance(level, (bool, int, float, np.number, np.bool_)) else str(level)
    )


def train_codes(subject: TableAudit, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Codes of a column on both sides in the training column's numbering, -1 for missing or unknown."""
    assert subject.test is not None
    own = subject.train[name]
    return own.codes.astype(np.int64), _codes_of_train(own, subject.test[name])


def grades(
    shifts: Mapping[str, Shift], sides: tuple[Side, Side], limits: Limits
) -> dict[str, Grade]:
    """Grade the shifts of a family of columns together."""
    if not shifts:
        return {}
    p_values = adjusted(np.array([shift.p_value for shift in shifts.values()]))
    enough = all(len(side.rows) >= limits.problem_rows for side in sides)
    groups = min(side.n_groups for side in sides) if sides[0].groups is not None else None
    found: dict[str, Grade] = {}
    for (name, shift), p_value in zip(shifts.items(), p_values, strict=True):
        if shift.effect < limits.advice_effect:
            found[name] = "passed"
        elif groups is not None and groups < limits.least_groups:
            found[name] = "inconclusive"
        elif p_value >= limits.advice_error:
            found[name] = "passed"
        else:
            sure = p_value < limits.problem_error and shift.low >= limits.problem_low and enough
            sure = sure and (groups is None or groups >= limits.problem_groups)
            found[name] = "problem" if sure else "advice"
    return found


def splits_by_time(subject: TableAudit) -> bool:
    """Whether the test rows lie behind the training rows in time, where drift is to be expected."""
    if subject.time is None or subject.test is None or subject.time not in subject.test.columns:
        return False
    own, other = subject.train[subject.time], subject.test[subject.time]
    if not (own.is_numeric and other.is_numeric and len(own.present) and len(other.present)):
        return False
    return bool(np.median(other.present) > np.quantile(own.present, 0.9))


def worst(found: Mapping[str, Grade]) -> Grade:
    """The most severe grade."""
    order: tuple[Grade, ...] = ("problem", "advice", "inconclusive", "passed")
    return next((grade for grade in order if grade in found.values()), "passed")


def shown_level(level: Any) -> str:
    """A value of a column as people write it.

    Example:
        >>> shown_level(19.0), shown_level("yes")
        ('19', 'yes')
    """
    whole = isinstance(level, float) and level.is_integer()
    return str(int(level)) if whole else str(level)[:60]


def numbers(shift: Shift) -> dict[str, float]:
    """A shift as plain data."""
    return {
        "effect": shift.effect,
        "low": shift.low,
        "high": shift.high,
        "p_value": shift.p_value,
        "direction": shift.direction,
    }
