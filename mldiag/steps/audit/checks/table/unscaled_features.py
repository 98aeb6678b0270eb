"""MD331: do features of unequal scale meet an estimator that minds it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.scale_sensitivity import sensitivity
from mldiag.wording import listed, number, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD331.

    Args:
        ratio: Spread of a column over the lower quartile of all spreads, from which it dominates.
        dummy_spread: Spread that a category counts with, as that of its indicator columns.
        variance: Share of all variance that the dominating columns hold.
    """

    ratio: float = 10.0
    dummy_spread: float = 0.4
    variance: float = 0.9


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD331",
    slug="unscaled-features",
    title="Do features of unequal scale meet an estimator that minds it?",
    detects=(
        "An estimator that measures distances, trains by gradients or penalises coefficients, with no scaler "
        "before it, and columns whose standard deviation is {ratio:g} times or more that which a quarter of "
        "the columns stays below, and which hold {variance:.0%} of all variance. Trees, naive Bayes and "
        "least squares do not mind."
    ),
    why="The columns with the largest numbers decide alone, whatever they mean.",
    fix="Put a StandardScaler before the estimator, in a Pipeline.",
    source="Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, 13.3 and 3.4.1.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Compare the spreads of the columns with what the estimator minds."""
    if subject.estimator is None:
        return CHECK.finding(
            "not_applicable",
            "Whether features need scaling depends on the model: name it with --estimator module:Class",
        )
    sensitive = sensitivity(subject.estimator, subject.features)
    n = len(subject.train)
    if sensitive.kind == "unknown":
        return CHECK.finding(
            "not_applicable",
            f"Whether {sensitive.name} minds the scale of its features is not known",
        )
    if sensitive.kind == "none" or sensitive.scaled is None:
        told = "does not mind the scale" if sensitive.kind == "none" else "gets its features scaled"
        return CHECK.finding("passed", f"{sensitive.name} {told}", evidence={"n": n})
    spreads = _spreads(subject, sensitive.scaled)
    evidence: dict[str, Any] = {"n": n, "estimator": sensitive.name, "columns": []}
    names = _dominating(spreads)
    if not names:
        return CHECK.finding(
            "passed",
            f"The features that {sensitive.name} gets are on similar scales",
            evidence=evidence,
        )
    typical = _narrow(np.array(list(spreads.values())))
    evidence |= {
        "columns": names,
        "spreads": {name: spreads[name] for name in names},
        "narrow_spread": typical,
    }
    times = spreads[names[0]] / typical if typical > 0 else float("inf")
    bad = sensitive.kind == "distance"
    return CHECK.finding(
        "problem" if bad else "advice",
        f"{sensitive.name} gets unscaled features: {listed(names)} dominate{'s' * (len(names) == 1)} "
        f"the other {plural(len(spreads) - len(names), 'column')} "
        f"(spread {number(times)} times theirs)",
        explanation=(
            "Its distances or gradients follow these columns alone."
            if bad
            else "Its penalty falls on the columns of small numbers, and fitting takes longer."
        ),
        evidence=evidence,
        action=Action(
            "scale_features", "Put a StandardScaler before the estimator, in a Pipeline."
        ),
    )


def _spreads(subject: TableAudit, scaled: frozenset[str]) -> dict[str, float]:
    """Standard deviation of every feature as the estimator would get it."""
    found: dict[str, float] = {}
    for name in subject.features:
        column = subject.train[name]
        if column.kind in ("number", "boolean"):
            spread = float(column.present.std()) if len(column.present) > 1 else 0.0
            if spread > 0:
                found[name] = 1.0 if name in scaled else spread
        elif column.kind == "category" and 1 < column.n_unique <= 50:
            found[name] = THRESHOLDS.dummy_spread
    return found


def _narrow(spreads: NDArray[np.float64]) -> float:
    """The spread that a quarter of the columns stays below; one of theirs, so that two columns differ."""
    return float(np.quantile(spreads, 0.25, method="lower"))


def _dominating(spreads: dict[str, float]) -> list[str]:
    """The columns that hold nearly all variance, the widest first; none where no column stands out."""
    if len(spreads) < 2:
        return []
    names = sorted(spreads, key=lambda name: -spreads[name])
    widths = np.array([spreads[name] for name in names])
    wide = widths >= THRESHOLDS.ratio * _narrow(widths)
    held = float(np.square(widths[wide]).sum() / np.square(widths).sum())
    return (
        [name for name, flag in zip(names, wide, strict=True) if flag]
        if held >= THRESHOLDS.variance
        else []
    )
