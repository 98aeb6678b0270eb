"""Values that look like all others of their column once they are divided by the factor between two units."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit, sampled_rows
from mldiag.stats.tails import tail_index
from mldiag.stats.two_samples import number_shift
from mldiag.steps.audit.tables.other_columns import is_another_kind, left_over

Floats = NDArray[np.float64]

FACTORS: tuple[tuple[float, str], ...] = (
    (1_000_000.0, "a million"),
    (3600.0, "hours and seconds"),
    (1000.0, "a thousand, such as grams and kilograms"),
    (100.0, "a hundred, such as metres and centimetres, or shares and percent"),
    (60.0, "minutes and seconds"),
    (25.4, "inches and millimetres"),
    (24.0, "days and hours"),
    (12.0, "years and months, or feet and inches"),
    (10.0, "ten, such as millimetres and centimetres"),
    (4.184, "kilocalories and kilojoules"),
    (1 / 0.3048, "metres and feet"),
    (2.54, "inches and centimetres"),
    (1 / 0.45359, "kilograms and pounds"),
    (1.609344, "miles and kilometres"),
)
"""Factors between units in common use."""

LOOKED_AT = 20_000
"""Rows of a long column that are looked at first; all of them where these hold a cluster."""

FAHRENHEIT = "degrees Celsius and Fahrenheit"


@dataclass(frozen=True)
class Limits:
    """When a cluster of values counts as another unit.

    Args:
        separation: Distance of the two clusters in robust standard deviations.
        least_share: Share of the values in the smaller cluster.
        most_share: Share above which the column simply has two kinds of values.
        least_rows: Values in the smaller cluster.
        rows: Values of the column.
        alike: P-value of the shape of the shifted cluster against the rest, from which it is the same.
        off: Standard errors that the medians may differ after the shift.
        chance: Probability at most of such a gap in the tail of the rest.
        near_chance: The same for the factors below `near`, which a column's own values reach more easily.
        near: Where these end.
        near_rows: Values in the smaller cluster for these factors.
        near_share: Share of the values there.
        far: Separation from which no tail reaches so far, and fewer values do for these factors too.
    """

    separation: float = 5.0
    least_share: float = 0.003
    most_share: float = 0.25
    least_rows: int = 4
    rows: int = 40
    alike: float = 0.02
    off: float = 2.5
    chance: float = 1e-5
    near_chance: float = 1e-6
    near: float = 6.0
    near_rows: int = 10
    near_share: float = 0.03
    far: float = 12.0


LIMITS = Limits()


@dataclass(frozen=True)
class Mixed:
    """A column in two units.

    Args:
        rows: Positions of the values in the other unit.
        factor: They are this many times what they would be in the unit of the rest; NaN for temperatures.
        units: Which units differ so.
        separation: Of the two clusters, in robust standard deviations.
        by_others: Whether it shows only against the other columns.
    """

    rows: NDArray[np.int64]
    factor: float
    units: str
    separation: float
    by_others: bool


def mixed_units(subject: TableAudit, column: Column) -> Mixed | None:
    """Look for a cluster of other units in one column of the training rows.

    Both the values on a logarithmic scale and what a regression on the other columns leaves of them are
    looked at: in the second the clusters lie farther apart where columns are related.
    """
    values = column.values
    rows = np.flatnonzero(np.isfinite(values) & (values != 0))
    if len(rows) < LIMITS.rows:
        return None
    if len(rows) > LOOKED_AT:
        some = rows[sampled_rows(len(rows), LOOKED_AT, subject.seed)]
        if _mixed(subject, column, some) is None:
            return None
    return _mixed(subject, column, rows)


def _mixed(subject: TableAudit, column: Column, rows: NDArray[np.int64]) -> Mixed | None:
    """The same for some rows, whose values are finite and not zero."""
    values = column.values
    found: Mixed | None = None
    same = np.sign(values[rows]) == np.sign(np.median(values[rows]))
    if same.mean() >= 0.98:
        logs = np.log(np.abs(values[rows[same]]))
        found = _cluster(rows[same], logs, by_others=False)
        if found is None:
            rest = left_over(subject, column.name, rows[same], logs)
            found = None if rest is None else _cluster(rows[same], rest, by_others=True)
    if found is None:
        found = _warmer(rows, values)
    if found is None or is_another_kind(subject, column.name, found.rows):
        return None
    return found


def _cluster(rows: NDArray[np.int64], places: Floats, *, by_others: bool) -> Mixed | None:
    """The cluster one factor away on a logarithmic scale that fits best."""
    middle, spread = _middle_and_spread(places)
    if spread <= 0:
        return None
    best: tuple[float, Mixed] | None = None
    for factor, units in FACTORS:
        for shift in (math.log(factor), -math.log(factor)):
            outward = (places - middle) * math.copysign(1.0, shift) / spread
            apart = abs(shift) / spread
            beyond = outward > apart / 2
            if apart < LIMITS.separation or not beyond.any():
                continue
            distance = _distance(places[~beyond], places[beyond] - shift, spread)
            if distance is None or (best is not None and best[0] <= distance):
                continue
            count = int(beyond.sum())
            few = count < max(LIMITS.near_rows, LIMITS.near_share * len(places))
            if (
                factor < LIMITS.near and few and apart < LIMITS.far
            ):  # the end of a tail, more likely than another unit
                continue
            limit = LIMITS.near_chance if factor < LIMITS.near else LIMITS.chance
            if _chance(outward[~beyond], outward[beyond]) < limit:
                mixed = Mixed(rows[beyond], math.exp(shift), units, apart, by_others)
                best = distance, mixed
    return None if best is None else best[1]


def _chance(rest: Floats, cluster: Floats) -> float:
    """How probable the gap in front of the cluster is in the tail of the rest (see `stats.tails`)."""
    count = len(cluster)
    near = float(np.quantile(cluster, 0.1))
    far = float(np.quantile(rest, max(1 - 0.1 * count / len(rest), 0.9)))
    if far <= 0 or near <= far:
        return 1.0
    return math.exp(-0.9 * count * tail_index(rest) * math.log(near / far))


def _distance(rest: Floats, moved: Floats, spread: float) -> float | None:
    """How far the moved cluster lies from the rest in standard errors; None where it is not like the rest."""
    count, n = len(moved), len(rest) + len(moved)
    if count < LIMITS.least_rows or not LIMITS.least_share <= count / n <= LIMITS.most_share:
        return None
    error = 1.2533 * spread * math.sqrt(1 / count + 1 / len(rest))
    distance = abs(float(np.median(moved) - np.median(rest))) / error
    if distance > LIMITS.off:
        return None
    widths = [float(np.subtract(*np.quantile(one, (0.8, 0.2)))) for one in (moved, rest)]
    if count >= 8 and not 0.4 < widths[0] / widths[1] < 2.5:
        return None
    alike = number_shift(rest, moved).p_value
    return distance if alike >= LIMITS.alike else None


def _warmer(rows: NDArray[np.int64], values: Floats) -> Mixed | None:
    """Temperatures in degrees Fahrenheit among degrees Celsius, or the other way round."""
    places = values[rows]
    middle, spread = _middle_and_spread(places)
    if spread <= 0:
        return None
    for slope, offset in ((1.8, 32.0), (1 / 1.8, -32 / 1.8)):
        target, width = slope * middle + offset, slope * spread
        apart = 2 * abs(target - middle) / (spread + width)
        if apart < LIMITS.separation:
            continue
        border = middle + (target - middle) * spread / (spread + width)
        beyond = places > border if target > middle else places < border
        back = (places[beyond] - offset) / slope
        if not len(back) or _distance(places[~beyond], back, spread) is None:
            continue
        outward = (places - middle) * math.copysign(1.0, target - middle) / spread
        if _chance(outward[~beyond], outward[beyond]) < LIMITS.chance:
            return Mixed(rows[beyond], math.nan, FAHRENHEIT, apart, False)
    return None


def _middle_and_spread(places: Floats) -> tuple[float, float]:
    low, middle, high = np.quantile(places, (0.1587, 0.5, 0.8413))
    return float(middle), float(high - low) / 2
