"""MD305: does a number such as -999 stand for "missing"?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.wording import listed, number

STRANGE = (
    *(
        sign * value
        for digit in (9, 8, 7)
        for length in (2, 3, 4, 5, 6)
        for value in (float(str(digit) * length), float("9" * (length - 1) + str(digit)))
        for sign in (-1.0, 1.0)
    ),
    *(-9.0, -32768.0, 32767.0, -2147483648.0, 2147483647.0, 1e10, -1e10),
)
"""Numbers that people write for "missing" and that hardly anything measures."""

QUIET = (0.0, -1.0)
"""Numbers that stand for "missing" in some columns and are a value in most."""


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD305.

    Args:
        share: Least share of the rows that hold the number.
        least_rows: Least rows that hold it.
        gap: Distance to the nearest other value, over the spread of the others (5 % to 95 %).
        spike: Inside the range: how many times more frequent than any other value.
        quiet_share: 0 and -1 are no codes where more than this share of the rows holds them.
        different: Other values there must be at least, unless the number is unmistakable.
        unmistakable: Distance to the nearest other value, over the range of all others, from which on few
            rows and few other values are enough.
    """

    share: float = 0.005
    least_rows: int = 3
    gap: float = 0.5
    spike: float = 8.0
    quiet_share: float = 0.6
    different: int = 8
    unmistakable: float = 20.0


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD305",
    slug="numeric-sentinel",
    title='Does a number such as -999 stand for "missing"?',
    detects=(
        "A number that people write for missing values (-9, 99, -999, 9999, ...) in at least {share:.1%} "
        "of the rows, farther from all others than {gap:g} times their spread, or {spike:g} times as "
        "frequent as any; in {least_rows} rows, where it is farther than {unmistakable:g} times their whole "
        "range, however few values the column has; likewise 0 or -1, where every other value is well above "
        "it (told as advice)."
    ),
    why="A learner takes it for a measurement: means, scales and distances are wrong for every row.",
    fix="Make it missing when the file is read.",
    source="Values apart from all others that repeat; none of six audit tools found an injected -999.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for codes among the numbers of features and of a target that is a quantity."""
    found: dict[str, list[float]] = {}
    names = [*subject.features, *([subject.target] if subject.task == "regression" else [])]
    for name in names:
        column = subject.train[str(name)]
        codes = codes_in(column) if column.kind == "number" else []
        if codes:
            found[str(name)] = codes
    n = len(subject.train)
    if not found:
        return CHECK.finding(
            "passed", "No number stands out as a code for missing values", evidence={"n": n}
        )
    edits = [
        _edit(subject.train[name], code, codes) for name, codes in found.items() for code in codes
    ]
    rows = sorted({row for edit in edits for row in edit["rows"]})
    sure = any(code not in QUIET for codes in found.values() for code in codes)
    shown = [f"{number(code, 6)} in {name}" for name, codes in found.items() for code in codes]
    return CHECK.finding(
        "problem" if sure else "advice",
        f"{listed(shown)} {'stands' if len(shown) == 1 else 'stand'} for a missing value, it seems "
        f"({len(rows):,} rows)",
        explanation="It lies far from every other value of its column, and is far too frequent for chance.",
        evidence={
            "n": n,
            "columns": list(found),
            "codes": found,
            "edits": edits,
            **named_rows(train=rows),
        },
        action=Action("clean_data", f"Make {listed(shown)} missing when the file is read."),
    )


def _edit(column: Column, code: float, codes: list[float]) -> dict[str, Any]:
    """The cells with a code, and what may stand in for them: the median of the others."""
    others = column.present[~np.isin(column.present, codes)]
    return {
        "column": column.name,
        "value": code,
        "rows": np.flatnonzero(column.values == code).tolist(),
        "fill": float(np.median(others)),
    }


def codes_in(column: Column) -> list[float]:
    """The numbers of a column that stand for "missing".

    Example:
        >>> import pandas as pd
        >>> from mldiag.data.audited.guess import guessed_column
        >>> codes_in(guessed_column("age", pd.Series([*range(20, 60), -999, -999, -999])))
        [-999.0]
    """
    values, counts = column.levels, column.counts
    repeated = np.sort(values[(counts >= THRESHOLDS.least_rows) & np.isfinite(values)])
    strange = [float(v) for v in repeated if v in STRANGE]
    unmistakable = [code for code in strange if _is_unmistakable(column, code, strange)]
    if column.n_unique < THRESHOLDS.different:
        return unmistakable
    frequent = values[counts >= THRESHOLDS.share * len(column)]
    codes = [float(v) for v in repeated if v in frequent and (v in STRANGE or v in QUIET)]
    return sorted({*unmistakable, *(c for c in codes if _stands_apart(column, c, codes))})


def _is_unmistakable(column: Column, code: float, codes: list[float]) -> bool:
    """Whether a number of two digits or more lies so far outside that it needs no statistics."""
    values, counts = column.levels, column.counts
    others = ~np.isin(values, codes) & np.isfinite(values)
    if int(others.sum()) < 2 or abs(code) < 99 or 2 * counts[values == code][0] > counts.sum():
        return False
    rest = values[others]
    return bool(np.min(np.abs(rest - code)) > THRESHOLDS.unmistakable * np.ptp(rest))


def _stands_apart(column: Column, code: float, codes: list[float]) -> bool:
    values, counts = column.levels, column.counts
    others = ~np.isin(values, codes) & np.isfinite(values)
    if int(others.sum()) < THRESHOLDS.different:
        return False
    rest, weights = values[others], counts[others]
    count = int(counts[values == code][0])
    if code in QUIET:
        return _quiet(code, count / len(column), rest, weights)
    low, high = weighted_quantiles(rest, weights, (0.05, 0.95))
    nearest = float(np.min(np.abs(rest - code)))
    outside = code < rest.min() or code > rest.max()
    far = nearest > THRESHOLDS.gap * max(high - low, 1e-300)
    other_sign = code < 0 <= float(rest.min()) and nearest > 0.1 * max(high - low, 1e-300)
    spike = count >= THRESHOLDS.spike * int(weights.max()) and int(others.sum()) >= 30
    return bool((outside and (far or other_sign)) or (spike and abs(code) >= 99))


def _quiet(
    code: float, share: float, rest: NDArray[np.float64], weights: NDArray[np.int64]
) -> bool:
    """Whether 0 or -1 is a code: every other value is positive and none is near."""
    if share > THRESHOLDS.quiet_share or rest.min() <= max(0.0, code):
        return False
    low, middle = weighted_quantiles(rest, weights, (0.02, 0.5))
    if code == -1.0:
        far = rest.min() - code > THRESHOLDS.gap * np.ptp(rest)
        return bool(rest.min() >= 0 and (np.ptp(rest) > 20 or far))
    return bool(rest.min() > 0.25 * middle and low > 0.4 * middle and middle > 5 * _step(rest))


def _step(values: NDArray[np.float64]) -> float:
    """The usual distance between neighbouring values."""
    return float(np.median(np.diff(np.sort(values)))) if len(values) > 1 else 0.0


def weighted_quantiles(
    values: NDArray[np.float64], weights: NDArray[np.int64], shares: tuple[float, ...]
) -> list[float]:
    """Quantiles of values that stand in `weights` rows each.

    Example:
        >>> weighted_quantiles(np.array([1.0, 2.0]), np.array([9, 1]), (0.5, 0.95))
        [1.0, 2.0]
    """
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    places = np.minimum(np.searchsorted(reached, shares), len(values) - 1)
    return [float(values[order][place]) for place in places]
