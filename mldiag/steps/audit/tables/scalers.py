"""Which rows a scaler was fitted on: those in which a column has mean 0 and spread 1 to the last digit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit

Floats = NDArray[np.float64]
FittedOn = Literal["train", "all", "train or all", "each", "same"]

EXACT = 1e-6
"""Distance from 0 and 1 that rounding of float64 leaves."""

EXACT_FLOAT32 = 2e-5

COARSEST = 1e-3
"""Columns that are rounded to coarser steps than this cannot tell."""

LEAST_ROWS = 10

CHANCE = 2e-3
"""Chance at most that columns look fitted on the test rows by accident."""

MANY_TIES = 0.3
"""Share of repeated values from which those of another table are expected to be found again."""

LEAST_COLUMNS = 2
"""Columns that must agree on a scaler of which a natural bound, such as 0 to 1, looks the same."""

PREVIEW = 2000


@dataclass(frozen=True)
class Scaler:
    """A way to scale a column.

    Args:
        name: Of it.
        told: What a column is like afterwards.
        distance: Of a sample from being like that.
        smooth: Whether the statistic takes every row in, so that no tie can hit it by accident.
    """

    name: str
    told: str
    distance: Callable[[Floats], float]
    smooth: bool


@dataclass(frozen=True)
class Scaled:
    """What the columns say of one scaler.

    Args:
        scaler: The scaler.
        each: Columns that are exact in both tables by themselves.
        everything: Columns that are exact in all rows together, and not in the training rows.
        shifts: Largest distance of a training column from 0 and 1, for those in `everything`.
    """

    scaler: Scaler
    each: tuple[str, ...] = ()
    everything: tuple[str, ...] = ()
    shifts: dict[str, float] = field(default_factory=dict)


def _standard(values: Floats) -> float:
    spread = float(values.std())
    by_n = abs(spread - 1)
    by_n_less_one = abs(spread * math.sqrt(len(values) / (len(values) - 1)) - 1)
    return max(abs(float(values.mean())), min(by_n, by_n_less_one))


def _between_0_and_1(values: Floats) -> float:
    return max(abs(float(values.min())), abs(float(values.max()) - 1))


def _between_ends(values: Floats) -> float:
    return max(abs(float(values.min()) + 1), abs(float(values.max()) - 1))


def _robust(values: Floats) -> float:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    return max(abs(float(middle)), abs(float(high - low) - 1))


def _largest(values: Floats) -> float:
    return abs(float(np.abs(values).max()) - 1)


SCALERS = (
    Scaler("standardised", "mean 0 and standard deviation 1", _standard, smooth=True),
    Scaler("scaled to 0 to 1", "least value 0 and largest value 1", _between_0_and_1, smooth=False),
    Scaler("scaled to -1 to 1", "least value -1 and largest value 1", _between_ends, smooth=False),
    Scaler("scaled by quartiles", "median 0 and interquartile range 1", _robust, smooth=False),
    Scaler("scaled by the largest value", "largest absolute value 1", _largest, smooth=False),
)

_FOUND: WeakKeyDictionary[TableAudit, tuple[Scaled, ...]] = WeakKeyDictionary()


def scaled(subject: TableAudit) -> tuple[Scaled, ...]:
    """What every scaler looks fitted on; computed once for a subject with a test table."""
    if subject not in _FOUND:
        _FOUND[subject] = tuple(_scaled(subject, scaler) for scaler in SCALERS)
    return _FOUND[subject]


def _scaled(subject: TableAudit, scaler: Scaler) -> Scaled:
    assert subject.test is not None
    found: dict[FittedOn, list[str]] = {one: [] for one in get_args(FittedOn)}
    shifts: dict[str, float] = {}
    accident = 1.0
    for name in subject.shared:
        own, other = subject.train[name], subject.test[name]
        if own.kind != "number" or not other.is_numeric:
            continue
        values = own.present, other.present
        if min(map(len, values)) < LEAST_ROWS or not _may_be(scaler, values[0]):
            continue
        if np.ptp(values[1]) == 0:
            continue
        step = _step(values[0])
        if step > COARSEST or own.n_unique < 3:
            continue
        exact = _exact(scaler, step, str(own.raw.dtype), min(map(len, values)))
        fitted_on, shifts[name] = _fitted_on(scaler, values, exact)
        if fitted_on is None:
            continue
        chance = _accident(scaler, values, own.n_unique) if fitted_on == "each" else 1.0
        if chance == 1.0 and fitted_on == "each":
            fitted_on = "same"  # ties make the two scales equal: a refit changed nothing
        found[fitted_on].append(name)
        accident *= chance
    against = len(found["train"]) + len(found["train or all"])
    each = tuple(found["each"] + found["same"]) if found["each"] else ()
    everything = tuple(found["all"])
    if not scaler.smooth and (accident > CHANCE or against > len(each)):
        each = ()
    agreeing = len(everything) + len(found["train or all"]) + len(found["same"])
    if not scaler.smooth and (agreeing < LEAST_COLUMNS or found["train"] or each):
        everything = ()
    return Scaled(scaler, each, everything, {name: shifts[name] for name in everything})


def _may_be(scaler: Scaler, values: Floats) -> bool:
    """Whether a few of the rows leave it open; saves looking at all of them."""
    preview = values[:: max(1, len(values) // PREVIEW)]
    if scaler.smooth or scaler.name == "scaled by quartiles":
        return scaler.distance(preview) < 0.6
    return float(np.abs(preview).max()) <= 1 + EXACT


def _fitted_on(
    scaler: Scaler, values: tuple[Floats, Floats], exact: float
) -> tuple[FittedOn | None, float]:
    """The rows in which it is exact, and the distance in the training rows."""
    own = scaler.distance(values[0])
    if own <= exact and scaler.distance(values[1]) <= exact:
        return "each", own
    everything = scaler.distance(np.concatenate(values)) <= exact
    if own <= exact:
        return ("train or all" if everything else "train"), own
    return ("all" if everything and own > 10 * exact else None), own


def _accident(scaler: Scaler, values: tuple[Floats, Floats], n_unique: int) -> float:
    """About how often a column looks fitted on the test rows by accident; 1 where the scales are the same.

    Where values repeat, those of the test rows are found again in the training rows, unless the two
    tables are on different scales.
    """
    if scaler.smooth:
        return 0.0
    n, m = len(values[0]), len(values[1])
    ties = 1 - n_unique / n
    if ties >= MANY_TIES:
        again = np.isin(np.round(values[1], 9), np.round(values[0], 9)).mean()
        return 1e-3 if again < ties / 2 else 1.0
    if scaler.name == "scaled by quartiles":
        return max(ties, 1e-2) ** 2
    low, high = float(values[0].min()), float(values[0].max())
    ends = [float((values[0] == end).sum()) for end in (low, high)]
    hit = [min(0.9, max((count - 1 + ties) * m / n, 1e-2)) for count in ends]
    return hit[1] if scaler.name == "scaled by the largest value" else hit[0] * hit[1]


def _exact(scaler: Scaler, step: float, kind: str, n: int) -> float:
    """Distance that rounding leaves, of the values and of the arithmetic."""
    least = EXACT_FLOAT32 if kind in ("float32", "float16") else EXACT
    if scaler.smooth:
        return max(least, 2 * step / math.sqrt(n))
    return max(least, step) if scaler.name == "scaled by quartiles" else least


def _step(values: Floats) -> float:
    """The step to which values are rounded; 0 where none is seen down to eight digits."""
    preview = values[:: max(1, len(values) // PREVIEW)]
    for digits in range(9):
        scale = 10.0**digits
        if np.allclose(np.round(preview * scale), preview * scale, rtol=0, atol=1e-6 * scale**0.25):
            return 1 / scale
    return 0.0
