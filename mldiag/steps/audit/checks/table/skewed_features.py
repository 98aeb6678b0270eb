"""MD334: are columns so skewed that a model which adds up numbers follows only a few rows?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit, sampled_rows
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.drift import SAMPLED_ROWS
from mldiag.steps.audit.tables.scale_sensitivity import sensitivity
from mldiag.wording import listed, number, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD334.

    Args:
        ratio: Distance of the 99th percentile from the median over that of the first, from which a column is
            strongly skewed (the exponential distribution has 5.7).
        unknown_ratio: The same where no estimator is given.
        less: Share of the skew that a logarithm leaves at most, or it is no remedy.
        levels: Different values that a column has at least.
        rows: Values that it has at least.
    """

    ratio: float = 12.0
    unknown_ratio: float = 20.0
    less: float = 0.3
    levels: int = 20
    rows: int = 100


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD334",
    slug="skewed-features",
    title="Are columns so skewed that a model follows only a few rows?",
    detects=(
        "Columns of {levels} different values or more whose 99th percentile lies {ratio:g} times as far from "
        "the median as the first (or the other way round), and which a logarithm makes much more symmetric, "
        "before an estimator that measures distances, trains by gradients or is linear; without an estimator "
        "from {unknown_ratio:g} times on. Trees do not mind. Advice, never a problem."
    ),
    why="In sums and distances the few large values drown the differences among all others.",
    fix="Take the logarithm, or use a PowerTransformer or QuantileTransformer.",
    source="Box and Cox (1964), JRSS B 26: transformations towards symmetry.",
    thresholds=THRESHOLDS,
)

_LINEAR = ("LinearRegression", "LinearDiscriminant", "QuadraticDiscriminant", "GaussianNB")


def judge(subject: TableAudit) -> Finding | None:
    """Look at every column of numbers with many values; None where there is none."""
    columns = [subject.train[name] for name in subject.features]
    columns = [
        column
        for column in columns
        if column.kind == "number"
        and column.n_unique >= THRESHOLDS.levels
        and len(column.present) >= THRESHOLDS.rows
    ]
    if not columns:
        return None
    limit = THRESHOLDS.unknown_ratio
    if subject.estimator is not None:
        sensitive = sensitivity(subject.estimator, subject.features)
        linear = sensitive.name.startswith(_LINEAR)
        if sensitive.kind == "none" and not linear:
            return CHECK.finding("passed", f"{sensitive.name} does not mind skewed columns")
        limit = limit if sensitive.kind == "unknown" else THRESHOLDS.ratio
    skews = {column.name: _skew(column) for column in columns}
    names = sorted((name for name in skews if skews[name] >= limit), key=lambda name: -skews[name])
    evidence: dict[str, Any] = {
        "n": len(subject.train),
        "columns": names,
        "skews": {name: skews[name] for name in names},
    }
    if not names:
        return CHECK.finding(
            "passed",
            f"{plural(len(columns), 'column')} of numbers: none is strongly skewed",
            evidence=evidence,
        )
    return CHECK.finding(
        "advice",
        f"{listed(names)} {'is' if len(names) == 1 else 'are'} strongly skewed: one tail reaches "
        f"{number(skews[names[0]])} times as far as the other",
        explanation=(
            "A linear model, or one that measures distances, follows the few large values; trees do not mind."
        ),
        evidence=evidence,
        action=Action(
            "scale_features", "Take the logarithm of these columns, or use a PowerTransformer."
        ),
    )


def _skew(column: Column) -> float:
    """How many times farther the longer tail reaches; 1 where a logarithm does not help."""
    values = column.present[sampled_rows(len(column.present), SAMPLED_ROWS)]
    plain = _reach(values)
    if plain < 1:
        plain, values = 1 / plain, -values
    low = float(values.min())
    spread = float(np.median(values)) - float(np.quantile(values, 0.01))
    if plain < THRESHOLDS.ratio or spread <= 0:
        return 1.0
    after = _reach(np.log(values - low + spread))
    return plain if max(after, 1 / after) < max(THRESHOLDS.less * plain, 4.0) else 1.0


def _reach(values: NDArray[np.float64]) -> float:
    low, middle, high = np.quantile(values, (0.01, 0.5, 0.99))
    if high <= middle or middle <= low:
        return 1.0
    return float((high - middle) / (middle - low))
