"""Faults that lie between train and test: shifts, new categories, missing cells, labels, relations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from audit_problems.common import (
    Fault,
    Injected,
    NotHere,
    Tables,
    cells,
    named,
    one_of,
    some_rows,
    with_cells,
)

Rng = np.random.Generator


def _test_with(tables: Tables, column: str, values: np.ndarray) -> Tables:
    test = tables.test.copy()
    test[column] = values
    return replace(tables, test=test)


def _rounded(values: np.ndarray, like: pd.Series) -> np.ndarray:
    return (
        np.round(values).astype(like.dtype) if pd.api.types.is_integer_dtype(like.dtype) else values
    )


def shift(tables: Tables, size: float, rng: Rng) -> Injected:
    """A feature that lies higher or lower in test."""
    column = one_of(rng, tables.continuous, "no column of numbers")
    spread = float(tables.train[column].std()) * float(rng.choice([-1, 1]))
    values = tables.test[column].to_numpy(dtype=float) + size * spread
    changed = _test_with(tables, column, _rounded(values, tables.test[column]))
    return Injected(changed, "feature-drift", named(column))


def wider(tables: Tables, factor: float, rng: Rng) -> Injected:
    """A feature that spreads more widely in test around the same middle."""
    column = one_of(rng, tables.continuous, "no column of numbers")
    values = tables.test[column].to_numpy(dtype=float)
    middle = float(tables.train[column].mean())
    moved = middle + factor * (values - middle)
    changed = _test_with(tables, column, _rounded(moved, tables.test[column]))
    return Injected(changed, "feature-drift", named(column))


def category_share(tables: Tables, share: float, rng: Rng) -> Injected:
    """A category that is more common in test, at the cost of the others."""
    common = [c for c in tables.words if tables.train[c].nunique() <= 30]
    column = one_of(rng, common, "no column of categories")
    shares = tables.train[column].value_counts(normalize=True)
    fitting = shares[(shares < 0.85 - share) & (shares > 0.02)].index
    level = one_of(rng, fitting, "no category that could become more common")
    others = np.flatnonzero((tables.test[column] != level).to_numpy())
    count = min(len(others), round(share * len(tables.test)))
    taken = dict.fromkeys(rng.choice(others, size=count, replace=False).tolist(), level)
    return Injected(with_cells(tables, column, test=taken), "feature-drift", named(column))


def joint(tables: Tables, share: float, rng: Rng) -> Injected:
    """Two features that go together in train and not in test; each by itself is as it was."""
    ranks = tables.train[tables.continuous].rank().corr().abs().to_numpy()
    pairs = [
        (a, b) for i, a in enumerate(tables.continuous)
        for j, b in enumerate(tables.continuous) if i < j and ranks[i, j] > 0.7
    ]  # fmt: skip
    if not pairs:
        raise NotHere("no two columns that go together")
    if len(tables.test) < 100:
        raise NotHere("under 100 test rows")
    first, second = pairs[int(rng.integers(0, len(pairs)))]
    values = tables.test[first].to_numpy().copy()
    places = some_rows(rng, len(values), share)
    values[places] = values[rng.permutation(places)]
    return Injected(_test_with(tables, first, values), "joint-drift", ((first, second),))


def new_categories(tables: Tables, share: float, rng: Rng) -> Injected:
    """A category that train does not know."""
    column = one_of(rng, tables.words, "no column of categories")
    places = some_rows(rng, len(tables.test), share)
    taken = dict.fromkeys(places.tolist(), "Novaya")
    changed = with_cells(tables, column, test=taken)
    return Injected(changed, "new-categories", named(column), rows=cells("test", places))


def missing_share(tables: Tables, share: float, rng: Rng) -> Injected:
    """A column whole in train that misses cells in test."""
    whole = [c for c in tables.continuous + tables.words if tables.train[c].notna().all()]
    column = one_of(rng, whole, "no whole column")
    places = some_rows(rng, len(tables.test), share)
    changed = with_cells(tables, column, test=dict.fromkeys(places.tolist(), np.nan))
    return Injected(changed, "missing-share-changed", named(column))


def label_shift(tables: Tables, size: float, rng: Rng) -> Injected:
    """Test rows left out until a class is more common by so much, or the mean is so many sd higher."""
    if tables.time is not None:
        raise NotHere("the labels drift by themselves")
    if tables.task == "classification":
        kept = _more_of_a_class(tables, size, rng)
    else:
        kept = _higher(tables, size, rng)
    test = tables.test.iloc[np.sort(kept)].reset_index(drop=True)
    return Injected(replace(tables, test=test), "label-drift")


def _more_of_a_class(tables: Tables, size: float, rng: Rng) -> np.ndarray:
    shares = tables.test[tables.target].value_counts(normalize=True)
    fitting = shares[(shares <= 0.9 - size) & (shares * len(tables.test) >= 15)]
    if fitting.empty:
        raise NotHere("no class that could become more common")
    level = fitting.index[int(rng.integers(0, len(fitting)))]
    own = (tables.test[tables.target] == level).to_numpy()
    aim = float(shares[level]) + size
    count = round(own.sum() * (1 - aim) / aim)
    return np.r_[np.flatnonzero(own), rng.choice(np.flatnonzero(~own), count, replace=False)]


def _higher(tables: Tables, size: float, rng: Rng) -> np.ndarray:
    """Half the rows, drawn with weights that grow with the target until its mean has moved enough."""
    values = tables.test[tables.target].to_numpy(dtype=float)
    ranks = pd.Series(values).rank(pct=True).to_numpy()
    aim = values.mean() + size * tables.train[tables.target].std()
    for pull in np.arange(0.25, 30, 0.25):
        weights = np.exp(pull * ranks)
        kept = rng.choice(
            len(values), size=len(values) // 2, replace=False, p=weights / weights.sum()
        )
        if values[kept].mean() >= aim:
            return kept
    raise NotHere("half the rows cannot move the mean so far")


def relation(tables: Tables, share: float, rng: Rng) -> Injected:
    """The feature that goes best with the target turned round in test: its own values, in reverse."""
    answers = pd.Series(tables.labels())
    best, strength = "", 0.4
    for column in tables.continuous:
        for level in _answers(answers, tables.task):
            found = abs(tables.train[column].corr(level, method="spearman"))
            if found > strength:
                best, strength = column, found
    if not best:
        raise NotHere("no feature goes with the target by itself")
    values = tables.test[best].to_numpy(dtype=float)
    order = np.argsort(values, kind="stable")
    turned = np.empty_like(values)
    turned[order] = values[order[::-1]]
    places = some_rows(rng, len(values), share)
    new = values.copy()
    new[places] = turned[places]
    changed = _test_with(tables, best, _rounded(new, tables.test[best]))
    return Injected(changed, "relation-drift", named(best))


def _answers(answers: pd.Series, task: str) -> list[pd.Series]:
    if task == "regression" or answers.nunique() == 2:
        return [answers]
    return [(answers == level).astype(float) for level in answers.unique()]


FAULTS = (
    Fault("shift", shift, (0.5, 1.0), 1.0, "standard deviations"),
    Fault("wider", wider, (1.5, 2.0), 2.0, "factor on the spread"),
    Fault("category_share", category_share, (0.15, 0.3), 0.3, "share of test rows moved"),
    Fault("joint", joint, (0.5, 1.0), 1.0, "share of test rows"),
    Fault("new_category", new_categories, (0.02, 0.05), 0.05, "share of test rows"),
    Fault("missing_in_test", missing_share, (0.1, 0.2, 0.4), 0.2, "share of test rows"),
    Fault("label_shift", label_shift, (0.15, 0.3), 0.3, "share of rows, or sd of the target"),
    Fault("relation_turned", relation, (0.5, 1.0), 1.0, "share of test rows"),
)
