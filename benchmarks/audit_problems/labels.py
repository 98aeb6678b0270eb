"""Faults of labels: flipped, missing, rare, new in test, spelled differently in test."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from audit_problems.common import (
    Fault,
    Injected,
    NotHere,
    Tables,
    cells,
    named,
    some_rows,
    with_cells,
)

Rng = np.random.Generator


def _classes(tables: Tables) -> None:
    if tables.task != "classification":
        raise NotHere("no classes")


def flips(tables: Tables, share: float, rng: Rng) -> Injected:
    """Training labels that are wrong: each class is taken for the next one, or for any other."""
    _classes(tables)
    if not tables.separable:
        raise NotHere("classes overlap too much for wrong labels to be told")
    labels = tables.train[tables.target]
    levels = np.sort(labels.unique())
    places = some_rows(rng, len(labels), share, least=3)
    codes = np.searchsorted(levels, labels.to_numpy()[places])
    steps = rng.integers(1, len(levels), size=len(places))
    wrong = levels[(codes + steps) % len(levels)]
    changed = with_cells(
        tables, tables.target, train=dict(zip(places.tolist(), wrong, strict=True))
    )
    return Injected(changed, "label-errors", rows=cells("train", places))


def missing_labels(tables: Tables, share: float, rng: Rng) -> Injected:
    """Training rows without a label."""
    places = some_rows(rng, len(tables.train), share)
    lost = pd.Series(np.isin(np.arange(len(tables.train)), places))
    train = tables.train.copy()
    train[tables.target] = train[tables.target].mask(lost)
    changed = replace(tables, train=train)
    return Injected(changed, "missing-labels", named(tables.target), rows=cells("train", places))


def imbalance(tables: Tables, share: float, rng: Rng) -> Injected:
    """One class made rare in train and test by leaving its rows out."""
    _classes(tables)
    shares = tables.train[tables.target].value_counts(normalize=True)
    if shares.min() < 0.1:
        raise NotHere("a class is rare by itself")
    rare = shares.index[int(rng.integers(0, len(shares)))]
    sides = []
    for frame in (tables.train, tables.test):
        own = np.flatnonzero((frame[tables.target] == rare).to_numpy())
        others = len(frame) - len(own)
        kept = round(share * others / (1 - share))
        if kept < 2:
            raise NotHere("too few rows for such a share")
        left = np.sort(rng.choice(own, size=kept, replace=False))
        rows = np.sort(np.r_[left, np.flatnonzero((frame[tables.target] != rare).to_numpy())])
        sides.append(frame.iloc[rows].reset_index(drop=True))
    return Injected(replace(tables, train=sides[0], test=sides[1]), "class-imbalance")


def new_labels(kind: str, tables: Tables, share: float, rng: Rng) -> Injected:
    """Test rows of a class that train does not know: a new one, or one whose training rows are gone."""
    _classes(tables)
    labels = tables.test[tables.target]
    if kind == "lost":
        counts = tables.test[tables.target].value_counts()
        if len(counts) < 3:
            raise NotHere("two classes")
        fitting = counts[counts <= max(share, 0.5) * len(labels)].index
        lost = rng.choice(fitting.to_numpy())
        train = tables.train[tables.train[tables.target] != lost].reset_index(drop=True)
        places = np.flatnonzero((labels == lost).to_numpy())
        return Injected(replace(tables, train=train), "new-labels", rows=cells("test", places))
    places = some_rows(rng, len(labels), share)
    words = not pd.api.types.is_numeric_dtype(labels.dtype)
    new = "other" if words else int(tables.train[tables.target].max()) + 1
    changed = with_cells(tables, tables.target, test=dict.fromkeys(places.tolist(), new))
    return Injected(changed, "new-labels", rows=cells("test", places))


def label_variants(kind: str, tables: Tables, share: float, rng: Rng) -> Injected:
    """Labels of the test rows written in another case or with a blank behind."""
    _classes(tables)
    labels = tables.test[tables.target]
    if pd.api.types.is_numeric_dtype(labels.dtype):
        raise NotHere("labels are numbers")
    places = some_rows(rng, len(labels), share, least=2)
    written = [_other(str(word), kind) for word in labels.iloc[places]]
    changed = with_cells(
        tables, tables.target, test=dict(zip(places.tolist(), written, strict=True))
    )
    return Injected(changed, "label-variants", rows=cells("test", places))


def _other(word: str, kind: str) -> str:
    if kind == "blank":
        return word + " "
    return word.upper() if word.upper() != word else word.lower()


FAULTS = (
    Fault("label_flips", flips, (0.02, 0.05, 0.1), 0.05),
    Fault("missing_labels", missing_labels, (0.005, 0.02), 0.02),
    Fault("imbalance", imbalance, (0.05, 0.02, 0.01), 0.02, "share of the rare class"),
    Fault("new_label", partial(new_labels, "new"), (0.01, 0.05), 0.05, "share of test rows"),
    Fault("lost_class", partial(new_labels, "lost"), (0.3, 0.5), 0.5, "largest share of the class"),
    Fault("label_case", partial(label_variants, "case"), (0.1, 1.0), 0.1, "share of test rows"),
    Fault("label_blank", partial(label_variants, "blank"), (0.1, 1.0), 0.1, "share of test rows"),
)  # fmt: skip
