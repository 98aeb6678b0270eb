"""Faults of how the rows are divided and ordered, and a segment in which nothing can be learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from audit_problems.common import Fault, Injected, NotHere, Tables, one_of, some_rows

Rng = np.random.Generator


def tiny_test(tables: Tables, rows: float, rng: Rng) -> Injected:
    """So few test rows that no score says anything."""
    kept = np.sort(rng.choice(len(tables.test), size=int(rows), replace=False))
    test = tables.test.iloc[kept].reset_index(drop=True)
    return Injected(replace(tables, test=test), "split-sizes")


def large_test(tables: Tables, ratio: float, rng: Rng) -> Injected:
    """Several times as many test rows as training rows."""
    if tables.time is not None or tables.group is not None:
        raise NotHere("the split is bound to time or groups")
    both = pd.concat([tables.train, tables.test], ignore_index=True)
    count = round(len(both) / (1 + ratio))
    order = rng.permutation(len(both))
    train, test = both.iloc[order[:count]], both.iloc[order[count:]]
    changed = replace(tables, train=train.reset_index(drop=True), test=test.reset_index(drop=True))
    return Injected(changed, "split-sizes")


def in_order(tables: Tables, strength: float, rng: Rng) -> Injected:
    """Training rows in the order of a feature, wholly or nearly."""
    if tables.time is not None or tables.group is not None:
        raise NotHere("the rows have an order of their own")
    column = one_of(rng, tables.continuous, "no column of numbers")
    ranks = tables.train[column].rank(na_option="bottom").to_numpy()
    score = strength * (ranks - ranks.mean()) / ranks.std()
    score += np.sqrt(1 - strength**2) * rng.standard_normal(len(score))
    train = tables.train.iloc[np.argsort(score, kind="stable")].reset_index(drop=True)
    changed = replace(tables, train=train)
    return Injected(changed, "row-order", also=("order-predicts-target",))


def weak_segment(tables: Tables, share: float, rng: Rng) -> Injected:
    """Rows of one category, or of one end of a feature, whose labels say nothing."""
    if not tables.separable:
        raise NotHere("the model is weak everywhere")
    if len(tables.train) < 200:
        raise NotHere("under 200 training rows")
    column = one_of(rng, tables.continuous or tables.numbers, "no column of numbers")
    edge = float(tables.train[column].quantile(1 - share))
    sides = []
    for frame in (tables.train, tables.test):
        inside = np.flatnonzero((frame[column] >= edge).to_numpy())
        if len(inside) > 2 * share * len(frame) + 5:
            raise NotHere("the end of the feature holds too many rows")
        changed = frame.copy()
        labels = frame[tables.target].to_numpy().copy()
        labels[inside] = rng.choice(labels, size=len(inside), replace=True)
        changed[tables.target] = pd.Series(labels).astype(frame[tables.target].dtype)
        sides.append(changed)
    changed_tables = replace(tables, train=sides[0], test=sides[1])
    return Injected(changed_tables, "weak-segments", ((column,),))


def weak_category(tables: Tables, share: float, rng: Rng) -> Injected:
    """A category, held by so large a share of rows, for which the labels are random."""
    if not tables.separable or len(tables.train) < 200:
        raise NotHere("the model is weak everywhere, or under 200 training rows")
    name, sides = "branch", []
    for frame in (tables.train, tables.test):
        inside = some_rows(rng, len(frame), share)
        column = rng.choice(["north", "west", "south"], size=len(frame)).astype(object)
        column[inside] = "east"
        labels = frame[tables.target].to_numpy().copy()
        labels[inside] = rng.choice(labels, size=len(inside), replace=True)
        changed = frame.copy()
        changed[name] = pd.Series(column).astype("str")
        changed[tables.target] = pd.Series(labels).astype(frame[tables.target].dtype)
        sides.append(changed)
    return Injected(replace(tables, train=sides[0], test=sides[1]), "weak-segments", ((name,),))


FAULTS = (
    Fault("tiny_test", tiny_test, (10, 20), 10, "test rows"),
    Fault("large_test", large_test, (3, 6), 6, "test rows a training row"),
    Fault("rows_in_order", in_order, (0.9, 1.0), 1.0, "correlation of the order with a feature"),
    Fault("weak_segment", weak_segment, (0.1, 0.2), 0.2, "share of rows"),
    Fault("weak_category", weak_category, (0.1, 0.2), 0.2, "share of rows"),
)
