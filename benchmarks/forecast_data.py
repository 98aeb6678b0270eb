"""Learning curves of LCDB 1.0 as examples for the forecast: cuts, seeds and size grids of every curve."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mldiag.steps.learning_curve.forecasting.features import read_features
from mldiag.steps.learning_curve.forecasting.units import unit_of

Floats = NDArray[np.float64]

GRID = np.array([round(2 ** (k / 2)) for k in range(8, 48)])
"""Sizes of the curves: a factor of sqrt(2) apart."""

HALF_DOUBLINGS = np.arange(9) / 2
"""Targets of every example, in doublings."""

REPEATS_DRAWN = np.array([1, 2, 3, 5, 10, 25])
REPEATS_SHARE = np.array([0.2, 0.15, 0.2, 0.2, 0.15, 0.1])
LOGARITHM_SHARE = 0.3
"""Of the plain designs that are also read as a loss: the logarithm of the error rate."""

OUTER_SEEDS = 3
"""Of the five, drawn anew for every cut: they share their truth, so that all five teach little more."""

FIRST_CUT = 2
"""No curve is cut before its third size."""


@dataclass(frozen=True)
class StoredCurve:
    """A curve with up to 25 repeats: five outer seeds with five inner ones each.

    Args:
        data_set: OpenML id.
        valid: Validation accuracy, shape (S, 25).
        train: Train accuracy, shape (S, 25).
        truth: Mean of validation and test accuracy over all repeats, shape (S,).
    """

    data_set: int
    valid: Floats
    train: Floats
    truth: Floats


@dataclass(frozen=True)
class Examples:
    """What the networks are trained on, one line an observed curve.

    Args:
        scale_free: Features, shape (N, F).
        levels: Features of the level, shape (N, L).
        truth: Truth at `HALF_DOUBLINGS`, less the level and over the spread; NaN where the curve has ended.
        spread: Spread of every curve, in accuracy.
        weight: Weight in training.
        data_set: OpenML id.
        as_scored: Share of a scored task (five repeats, all sizes, 91 rows or more) that a line stands for.
        logarithm: Whether the curve is the logarithm of the error rate.
    """

    scale_free: Floats
    levels: Floats
    truth: Floats
    spread: Floats
    weight: Floats
    data_set: NDArray[np.int_]
    as_scored: Floats
    logarithm: NDArray[np.bool_]


def stored_curves(
    file: Path, *, fewest_repeats: int = 15, fewest_sizes: int = 8
) -> list[StoredCurve]:
    """Read the curves; a curve ends before the first size that too few repeats reached."""
    table = pd.read_parquet(file)
    place = pd.Series(range(len(GRID)), index=GRID)
    table["place"] = table["size_train"].map(place)
    table = table[table["place"].notna()]
    curves = []
    for (data_set, _), lines in table.groupby(["openmlid", "learner"], observed=True, sort=True):
        rows = lines["place"].to_numpy().astype(int)
        columns = (lines["outer_seed"].astype(int) * 5 + lines["inner_seed"].astype(int)).to_numpy()
        parts = []
        for name in ("score_valid", "score_test", "score_train"):
            part = np.full((rows.max() + 1, 25), np.nan)
            part[rows, columns] = lines[name].to_numpy(dtype=float) / 1e4
            parts.append(part)
        covered = np.isfinite(parts[0]).sum(axis=1) >= fewest_repeats
        length = len(covered) if covered.all() else int(np.argmin(covered))
        if length >= fewest_sizes:
            valid, test, train = (part[:length] for part in parts)
            truth = np.nanmean((valid + test) / 2, axis=1)
            curves.append(StoredCurve(int(data_set), valid, train, truth))
    return curves


def examples(curves: list[StoredCurve], *, seed: int = 0) -> Examples:
    """Cut every curve at every size, as some outer seeds and three other designs would see it."""
    random = np.random.default_rng(seed)
    lines: list[tuple[Floats, Floats, Floats, float, float, int, float, bool]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # sizes without a train score
        for curve in curves:
            cuts = len(curve.truth) - FIRST_CUT - 2
            scored = max(len(curve.truth) - 7, 1)
            for cut in range(FIRST_CUT, len(curve.truth) - 2):
                for rows, columns, plain in _designs(cut, random):
                    share = 1 / scored / OUTER_SEEDS if plain and cut >= 5 else 0.0
                    weight = cuts**-0.5 * (1.0 if plain else 0.6) * (0.4 if cut < 5 else 1.0)
                    for logarithm in (False, True):
                        if logarithm and plain and random.random() > LOGARITHM_SHARE:
                            continue
                        made = _example(curve, cut, rows, columns, logarithm)
                        if made is not None:
                            lines.append((*made, weight, curve.data_set, share, logarithm))
    columns_of = [np.array(column) for column in zip(*lines, strict=True)]
    return Examples(*columns_of)


def _designs(
    cut: int, random: np.random.Generator
) -> Iterator[tuple[NDArray[np.int_], NDArray[np.int_], bool]]:
    """Places of the sizes, columns of the repeats, and whether it is the design that is scored."""
    every = np.arange(cut + 1)
    for outer in random.permutation(5)[:OUTER_SEEDS]:
        yield every, outer * 5 + np.arange(5), True
    for _ in range(3):
        repeats = random.choice(REPEATS_DRAWN, p=REPEATS_SHARE)
        columns = random.permutation(25)[:repeats]
        if repeats <= 5:
            columns = random.integers(5) * 5 + random.permutation(5)[:repeats]
        halves = np.arange(cut % 2, cut + 1, 2)
        kind = random.integers(4)
        if kind == 1:
            yield (halves if len(halves) > 1 else every), columns, False
        elif kind == 2:  # halves of the largest size, one size between
            yield np.unique(np.r_[halves[-random.integers(2, 8) :], cut - 1]), columns, False
        elif kind == 3:
            some = random.permutation(cut)[: random.integers(1, 7)]
            yield np.unique(np.r_[some, cut]), columns, False
        else:
            yield every, columns, False


def _example(
    curve: StoredCurve,
    cut: int,
    rows: NDArray[np.int_],
    columns: NDArray[np.int_],
    logarithm: bool,
) -> tuple[Floats, Floats, Floats, float] | None:
    seen, train = curve.valid[rows][:, columns], curve.train[rows][:, columns]
    found = np.isfinite(seen).any(axis=1)
    if not found[-1] or found.sum() < 2:
        return None
    seen, train, sizes = seen[found], train[found], GRID[rows[found]].astype(float)
    places = cut + np.arange(len(HALF_DOUBLINGS))
    truth = np.full(len(places), np.nan)
    there = places < len(curve.truth)
    truth[there] = curve.truth[places[there]]
    if logarithm:
        unit = unit_of(1 - seen[np.isfinite(seen)], maximize=False, bounds=(0, None))
        seen, train = unit.to_unit(1 - seen), unit.to_unit(1 - train)
        truth = unit.to_unit(1 - truth[:, None])[:, 0]
    features = read_features(sizes, seen, train)
    return (
        features.scale_free.astype(np.float32),
        features.levels.astype(np.float32),
        (truth - features.level) / features.spread,
        features.spread,
    )
