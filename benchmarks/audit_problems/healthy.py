"""Harmless traits that a careless rule takes for faults: the checks named must stay silent about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from audit_problems.common import Injected, NotHere, Tables, named, with_column
from audit_problems.scale import LEARNERS, estimator_of, units_apart

Rng = np.random.Generator


@dataclass(frozen=True)
class Twin:
    """A harmless change.

    Args:
        name: What it is called here.
        change: Makes it; `slug` and `also` of what it returns must say nothing of its columns.
    """

    name: str
    change: Callable[[Tables, Rng], Injected]


def _beside(tables: Tables, name: str, values: np.ndarray, rng: Rng) -> Tables:
    cut = len(tables.train)
    return with_column(tables, name, values[:cut], values[cut:], rng)


def _size(tables: Tables) -> int:
    return len(tables.train) + len(tables.test)


def many_zeros(tables: Tables, rng: Rng) -> Injected:
    """Amounts of which most are zero, the others log-normal: nothing bought is no missing value."""
    amounts = np.exp(rng.normal(3, 0.8, _size(tables)))
    values = np.where(rng.random(len(amounts)) < 0.6, 0.0, np.round(amounts, 2))
    changed = _beside(tables, "amount", values, rng)
    return Injected(
        changed, "numeric-sentinel", named("amount"), also=("unit-mix-up", "mixed-types")
    )


def signed_flag(tables: Tables, rng: Rng) -> Injected:
    """Yes and no as 1 and -1."""
    values = rng.choice([-1, 1], size=_size(tables), p=[0.2, 0.8])
    changed = _beside(tables, "direction", values, rng)
    return Injected(changed, "numeric-sentinel", named("direction"), also=("outliers",))


def postal_codes(tables: Tables, rng: Rng) -> Injected:
    """Codes of places as whole numbers, 99999 and 9999 among them."""
    places = np.r_[rng.integers(1000, 99_950, size=58), 9999, 99_999]
    values = rng.choice(places, size=_size(tables))
    changed = _beside(tables, "zip", values, rng)
    return Injected(changed, "numeric-sentinel", named("zip"), also=("unit-mix-up",))


def heavy_tail(tables: Tables, rng: Rng) -> Injected:
    """Incomes: log-normal, with the long tail that such data have."""
    values = np.round(np.exp(rng.normal(10, 0.6, _size(tables))), 0)
    changed = _beside(tables, "income_eur", values, rng)
    return Injected(changed, "unit-mix-up", named("income_eur"), also=("numeric-sentinel",))


def two_modes(tables: Tables, rng: Rng) -> Injected:
    """Heights of mice and horses: two clusters far apart, a third and two thirds of the rows."""
    horse = rng.random(_size(tables)) < 0.35
    values = np.where(horse, rng.normal(160, 8, len(horse)), rng.normal(5, 0.5, len(horse)))
    changed = _beside(tables, "height_cm", values, rng)
    return Injected(changed, "outliers", named("height_cm"), also=("numeric-sentinel",))


def country_codes(tables: Tables, rng: Rng) -> Injected:
    """Two-letter codes of countries, Namibia's NA among them."""
    codes = np.array(["NA", "DE", "FR", "US", "ZA", "NO", "IN", "PE"])
    values = pd.Series(rng.choice(codes, size=_size(tables)), dtype="str").to_numpy()
    changed = _beside(tables, "country_code", values, rng)
    return Injected(
        changed,
        "missing-spellings",
        named("country_code"),
        also=("category-variants", "missing-values"),
    )


def alike_words(tables: Tables, rng: Rng) -> Injected:
    """Categories whose names differ in a letter or two and mean different things."""
    words = [
        "male",
        "female",
        "XL",
        "L",
        "XXL",
        "type 1",
        "type 2",
        "north-east",
        "north-west",
        "grade A",
    ]
    values = pd.Series(rng.choice(words, size=_size(tables)), dtype="str").to_numpy()
    changed = _beside(tables, "label_text", values, rng)
    return Injected(changed, "category-variants", named("label_text"))


def none_is_an_answer(tables: Tables, rng: Rng) -> Injected:
    """Kind of pension, `none` for those who have none."""
    words = ["none", "state", "private", "both"]
    values = pd.Series(rng.choice(words, size=_size(tables)), dtype="str").to_numpy()
    changed = _beside(tables, "pension", values, rng)
    return Injected(changed, "missing-spellings", named("pension"), also=("missing-values",))


def honest_feature(tables: Tables, rng: Rng) -> Injected:
    """A feature that goes well with the target without telling it: r = .85, or one class in four wrong."""
    answers = np.r_[tables.codes(tables.train), tables.codes(tables.test)]
    if tables.task == "regression":
        values = answers + 0.62 * answers.std() * rng.standard_normal(len(answers))
    else:
        wrong = rng.random(len(answers)) < 0.25
        values = np.where(wrong, rng.choice(np.unique(answers), len(answers)), answers)
        values = values + 0.3 * rng.standard_normal(len(values))
    changed = _beside(tables, "expert_score", values, rng)
    return Injected(
        changed, "target-leakage", named("expert_score"), also=("order-predicts-target",)
    )


def correlated_feature(tables: Tables, rng: Rng) -> Injected:
    """A second measurement of the same thing, r = .9: both are of use."""
    if not tables.continuous:
        raise NotHere("no column of numbers")
    column = str(rng.choice(np.array(tables.continuous, dtype=object)))
    values = pd.concat([tables.train[column], tables.test[column]]).to_numpy(dtype=float)
    noisy = values + 0.48 * np.nanstd(values) * rng.standard_normal(len(values))
    changed = _beside(tables, "second_reading", noisy, rng)
    return Injected(changed, "redundant-columns", (("second_reading",),))


def few_missing(tables: Tables, rng: Rng) -> Injected:
    """A column that misses one cell in fifty at random, on both sides."""
    values = rng.normal(50, 10, _size(tables))
    values[rng.random(len(values)) < 0.02] = np.nan
    changed = _beside(tables, "pulse", values, rng)
    slugs = ("missing-share-changed", "feature-drift")
    return Injected(changed, "missingness-predicts-target", named("pulse"), also=slugs)


def ids_in_no_order(tables: Tables, rng: Rng) -> Injected:
    """Ids that tell nothing of the target."""
    changed = _beside(tables, "record_id", rng.permutation(_size(tables)) + 5000, rng)
    slugs = ("target-leakage", "id-overlap", "outliers", "feature-drift")
    return Injected(changed, "order-predicts-target", named("record_id"), also=slugs)


def scaled_by_train(tables: Tables, rng: Rng) -> Injected:
    """Columns scaled as it should be: with the mean and spread of the training rows."""
    columns = [c for c in tables.numbers if tables.train[c].nunique() > 2]
    if len(columns) < 2:
        raise NotHere("fewer than two columns to scale")
    train, test = tables.train.copy(), tables.test.copy()
    for column in columns:
        values = tables.train[column].astype(float)
        middle, width = values.mean(), values.std(ddof=0)
        train[column] = (values - middle) / width
        test[column] = (tables.test[column] - middle) / width
    changed = replace(tables, train=train, test=test)
    return Injected(changed, "scaler-fitted-on-all", also=("scaler-refitted-on-test",))


def pipeline_scales(tables: Tables, rng: Rng) -> Injected:
    """Features of very different width before a learner whose pipeline scales them."""
    kind = str(rng.choice([k for k in LEARNERS if k != "tree"]))
    changed = units_apart(tables, 1000, rng)
    return Injected(
        changed, "unscaled-features", estimator=estimator_of(kind, changed, scaled=True)
    )


def tree_needs_no_scale(tables: Tables, rng: Rng) -> Injected:
    """Features of very different width before a tree."""
    changed = units_apart(tables, 1000, rng)
    return Injected(
        changed, "unscaled-features", estimator=estimator_of("tree", changed, scaled=False)
    )


def smaller_test(tables: Tables, rng: Rng) -> Injected:
    """Forty of the test rows: as like the training rows as all of them, only fewer."""
    if tables.time is not None or tables.group is not None:
        raise NotHere("few rows of a time or of groups do differ")
    kept = np.sort(rng.choice(len(tables.test), size=40, replace=False))
    changed = replace(tables, test=tables.test.iloc[kept].reset_index(drop=True))
    slugs = ("joint-drift", "label-drift", "relation-drift", "missing-share-changed")
    return Injected(changed, "feature-drift", also=slugs)


def renamed_and_shuffled(tables: Tables, rng: Rng) -> Injected:
    """Columns in another order, under other names: nothing else may change."""
    roles = (tables.target, tables.group, tables.time)
    names = {c: c if c in roles else f"f{i}" for i, c in enumerate(tables.train.columns)}
    order = rng.permutation(np.array(list(names), dtype=object)).tolist()
    sides = [frame[order].rename(columns=names) for frame in (tables.train, tables.test)]
    changed = replace(tables, train=sides[0], test=sides[1])
    return Injected(changed, "target-leakage", also=("order-predicts-target", "label-errors"))


TWINS = tuple(
    Twin(function.__name__, function)
    for function in (
        many_zeros, signed_flag, postal_codes, heavy_tail, two_modes, country_codes, alike_words,
        none_is_an_answer, honest_feature, correlated_feature, few_missing, ids_in_no_order,
        scaled_by_train, pipeline_scales, tree_needs_no_scale, smaller_test, renamed_and_shuffled,
    )
)  # fmt: skip
