"""MD310: which columns repeat others?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import stands
from mldiag.wording import listed


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD310.

    Args:
        correlation: Absolute correlation from which two columns of numbers say the same.
        explained: Share of a column's variance that the others explain, from which it is their sum.
        rows: Rows looked at for correlations.
        repeats: Rows a value that columns have at least, to stand for one another by equal codes alone.
        columns: With more columns of numbers than this, sums of several are not looked for.
    """

    correlation: float = 0.9995
    explained: float = 0.999999
    rows: int = 5_000
    columns: int = 200
    repeats: int = 3


THRESHOLDS = Thresholds()

LEFT_OUT_FIRST = ("date", "text", "id")
"""Kinds of columns that are left out rather than others that say the same."""

CHECK = Check(
    code="MD310",
    slug="redundant-columns",
    title="Which columns repeat others?",
    detects=(
        "Columns whose values stand for one another one to one; numbers that correlate at {correlation:g} "
        "or more (also negatively, on {rows:,} rows at most); a column that others add up to "
        "({explained:.4%} of its variance)."
    ),
    why="It adds nothing, splits what a model makes of it among copies, and makes coefficients meaningless.",
    fix="Keep one of them.",
    source="Correlation, as in deepchecks 0.19, ydata-profiling 4.18 and skrub 0.11; negated copies count.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for copies, recodings, linear copies and sums."""
    usable = [
        c
        for c in subject.features
        if subject.train[c].n_unique > 1 and subject.train[c].kind != "other"
    ]
    # Of a date and the number made of it, the number is kept: a model can use it as it is.
    pairs = _recoded(subject, sorted(usable, key=lambda c: subject.train[c].kind in LEFT_OUT_FIRST))
    taken = {second for _, second in pairs}
    rest = [c for c in usable if c not in taken and subject.train[c].is_numeric]
    pairs += _correlated(subject, rest)
    taken = {second for _, second in pairs}
    sums = _sums(subject, [c for c in rest if c not in taken])
    n = len(subject.train)
    if not pairs and not sums:
        return CHECK.finding("passed", "No column repeats what others say", evidence={"n": n})
    redundant = list(dict.fromkeys([*(second for _, second in pairs), *sums]))
    shown = [f"{second} (= {first})" for first, second in pairs] + [
        f"{c} (others add up to it)" for c in sums
    ]
    firsts = [first for first, _ in pairs]
    return CHECK.finding(
        "advice",
        f"{stands(redundant, 'repeats', 'repeat')} what others say: {listed(shown, 2)}",
        explanation=f"{listed(shown, 8)}.",
        evidence={
            "n": n,
            "columns": list(dict.fromkeys([*redundant, *firsts])),
            "redundant": redundant,
            "pairs": pairs,
            "sums": sums,
        },
        action=Action("clean_data", f"Leave out {listed(redundant, 8)}."),
    )


def _recoded(subject: TableAudit, names: list[str]) -> list[tuple[str, str]]:
    """(first, later) of columns whose values stand for one another; their codes by appearance are equal."""
    first_with: dict[bytes, str] = {}
    pairs = []
    few_levels: dict[str, int] = {}
    for name in names:
        column = subject.train[name]
        few_levels[name] = column.n_unique
        key = column.codes.tobytes() if len(column) < 50_000 else _hashed(column.codes)
        if key in first_with and not _by_rank_only(subject, first_with[key], name):
            pairs.append((first_with[key], name))
        first_with.setdefault(key, name)
    return pairs


def _hashed(codes: NDArray[np.int32]) -> bytes:
    import hashlib

    return hashlib.blake2b(codes.tobytes(), digest_size=16).digest()


def _by_rank_only(subject: TableAudit, first: str, second: str) -> bool:
    """Whether equal codes say nothing: columns whose values hardly repeat all have them."""
    a, b = subject.train[first], subject.train[second]
    if a.n_unique * THRESHOLDS.repeats < int((~a.missing).sum()):
        return False
    if a.is_numeric and b.is_numeric:
        return not _monotone(a.values, b.values)
    return True


def _monotone(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    known = np.isfinite(a) & np.isfinite(b)
    steps = np.diff(b[known][np.argsort(a[known], kind="stable")])
    return bool(len(steps)) and bool(np.all(steps >= 0) or np.all(steps <= 0))


def _matrix(subject: TableAudit, names: list[str]) -> NDArray[np.float64]:
    """Standardised values of a sample of rows, missing ones at the mean, shape (rows, columns)."""
    rows = subject.sampled(THRESHOLDS.rows)
    table = np.column_stack([subject.train[c].values[rows] for c in names]).astype(np.float64)
    table[~np.isfinite(table)] = np.nan
    with np.errstate(all="ignore"):
        mean, spread = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
    table = (table - mean) / np.where(spread > 0, spread, 1.0)
    return np.asarray(np.nan_to_num(table), dtype=np.float64)


def _correlated(subject: TableAudit, names: list[str]) -> list[tuple[str, str]]:
    if len(names) < 2 or len(subject.train) < 10:
        return []
    table = _matrix(subject, names)
    strength = np.abs(table.T @ table) / len(table)
    first, second = np.nonzero(np.triu(strength >= THRESHOLDS.correlation, k=1))
    pairs: dict[str, str] = {}
    for i, j in zip(first.tolist(), second.tolist(), strict=True):
        if names[i] not in pairs:
            pairs.setdefault(names[j], names[i])
    return [(kept, repeated) for repeated, kept in pairs.items()]


def _sums(subject: TableAudit, names: list[str]) -> list[str]:
    """Columns that are linear in the others: by their residual after the columns before them."""
    if not 2 < len(names) <= THRESHOLDS.columns or len(subject.train) < 5 * len(names) + 20:
        return []
    from scipy.linalg import qr

    table = _matrix(subject, names)
    spread = np.sqrt((table**2).mean(axis=0))
    upper = qr(table / np.sqrt(len(table)), mode="r")[0][: len(names)]
    left = np.abs(np.diag(upper)) / np.where(spread > 0, spread, 1.0)
    return [c for c, share in zip(names, left, strict=True) if share**2 < 1 - THRESHOLDS.explained]
