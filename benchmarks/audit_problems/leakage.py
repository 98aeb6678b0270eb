"""Faults that tell the answer: copies of the target, ids and dates in its order, missingness, scalers."""

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
    named,
    one_of,
    some_rows,
    with_column,
)

Rng = np.random.Generator


def _ranked(tables: Tables, strength: float, rng: Rng) -> np.ndarray:
    """A place for every row that goes with the target, train first, shape (n,): 1 is its order itself."""
    answers = np.concatenate([tables.codes(tables.train), tables.codes(tables.test)])
    order = pd.Series(answers).rank().to_numpy()
    score = (order - order.mean()) / order.std()
    noise = np.sqrt(1 - strength**2) * rng.standard_normal(len(score))
    score = strength * score + noise + 1e-6 * rng.standard_normal(len(score))
    return np.argsort(np.argsort(score))


def _wrong(codes: np.ndarray, share: float, rng: Rng) -> np.ndarray:
    """Class codes, a share of them drawn anew."""
    places = some_rows(rng, len(codes), share, least=0)
    drawn = codes.copy()
    drawn[places] = rng.choice(np.unique(codes), size=len(places))
    return drawn


def leak(kind: str, tables: Tables, noise: float, rng: Rng) -> Injected:
    """A feature that is the target: as it is, with noise, or under other names.

    The noise is in standard deviations of the target, or the share of rows with a class drawn anew.
    """
    answers = np.concatenate([tables.codes(tables.train), tables.codes(tables.test)])
    if tables.task == "regression":
        values = answers + noise * answers.std() * rng.standard_normal(len(answers))
        column = pd.Series(np.cbrt(values - values.mean()) if kind == "recode" else values)
    else:
        drawn = _wrong(answers, noise, rng)
        column = pd.Series(drawn.astype(int))
        if kind == "recode":
            letters = rng.permutation(
                [f"{chr(65 + i)}{i * 7 % 10}" for i in range(int(drawn.max()) + 1)]
            )
            column = pd.Series(letters[drawn.astype(int)], dtype="str")
    name = {"copy": "outcome_code", "noisy": "score_2", "recode": "billing_code"}[kind]
    cut = len(tables.train)
    changed = with_column(tables, name, column[:cut].to_numpy(), column[cut:].to_numpy(), rng)
    return Injected(changed, "target-leakage", named(name))


def sorted_rows(tables: Tables, strength: float, rng: Rng) -> Injected:
    """Training rows in the order of the target."""
    if tables.time is not None or tables.group is not None:
        raise NotHere("the rows have an order of their own")
    places = _ranked(tables, strength, rng)[: len(tables.train)]
    train = tables.train.iloc[np.argsort(places)].reset_index(drop=True)
    changed = replace(tables, train=train)
    return Injected(changed, "order-predicts-target", also=("row-order",))


def id_in_order(tables: Tables, strength: float, rng: Rng) -> Injected:
    """Ids given in the order of the target, as where the cases were collected one class after the other."""
    places = _ranked(tables, strength, rng) * 3 + 1000
    cut = len(tables.train)
    changed = with_column(tables, "record_id", places[:cut], places[cut:], rng)
    return Injected(changed, "order-predicts-target", named("record_id"), also=("target-leakage",))


def date_in_order(tables: Tables, strength: float, rng: Rng) -> Injected:
    """Dates that go with the target, as where one class was collected later."""
    places = _ranked(tables, strength, rng)
    dates = pd.Timestamp("2019-01-07") + pd.to_timedelta(places * 700 // len(places), unit="D")
    text = pd.Series(dates.strftime("%Y-%m-%d"), dtype="str").to_numpy()
    cut = len(tables.train)
    changed = with_column(tables, "collected_on", text[:cut], text[cut:], rng)
    return Injected(
        changed, "order-predicts-target", named("collected_on"), also=("target-leakage",)
    )


def missingness(tables: Tables, gap: float, rng: Rng) -> Injected:
    """A column that is missing more often, by the gap, where the target is of one class or high."""
    whole = [c for c in tables.continuous + tables.words if tables.train[c].notna().all()]
    column = one_of(rng, whole, "no whole column")
    answers = tables.labels()
    if tables.task == "regression":
        cut = float(np.median(answers))
    else:
        classes, counts = np.unique(answers, return_counts=True)
        common = classes[(counts >= 20) & (counts <= 0.8 * len(answers))]
        if not len(common):
            raise NotHere("no class is neither rare nor nearly all rows")
        cut = float(rng.choice(common))
    sides = []
    for frame in (tables.train, tables.test):
        codes = tables.codes(frame)
        marked = codes > cut if tables.task == "regression" else codes == cut
        lost = rng.random(len(frame)) < np.where(marked, gap + 0.05, 0.05)
        changed = frame.copy()
        changed[column] = frame[column].mask(pd.Series(lost))
        sides.append(changed)
    return Injected(
        replace(tables, train=sides[0], test=sides[1]), "missingness-predicts-target", named(column)
    )


def _scalable(tables: Tables) -> list[str]:
    found = [c for c in tables.numbers if tables.train[c].nunique() > 2]
    if len(found) < 2:
        raise NotHere("fewer than two columns to scale")
    return found


def _some_columns(columns: list[str], share: float, rng: Rng) -> list[str]:
    count = max(2, round(share * len(columns)))
    return sorted(rng.choice(np.array(columns, dtype=object), size=count, replace=False).tolist())


def scaler_on_all(kind: str, tables: Tables, share: float, rng: Rng) -> Injected:
    """Columns scaled with the mean and spread, or the ends, of train and test together."""
    columns = _some_columns(_scalable(tables), share, rng)
    train, test = tables.train.copy(), tables.test.copy()
    proven = []
    for column in columns:
        both = pd.concat([tables.train[column], tables.test[column]]).astype(float)
        low, high = both.min(), both.max()
        middle, width = (both.mean(), both.std(ddof=0)) if kind == "standard" else (low, high - low)
        train[column] = (tables.train[column] - middle) / width
        test[column] = (tables.test[column] - middle) / width
        if kind == "standard" or train[column].min() > 0 or train[column].max() < 1:
            proven.append(column)
    if not proven:
        raise NotHere("train reaches both ends of every column, so nothing leaked")
    changed = replace(tables, train=train, test=test)
    return Injected(changed, "scaler-fitted-on-all", named(*proven), share=0.5)


def scaler_on_test(kind: str, tables: Tables, share: float, rng: Rng) -> Injected:
    """Train and test scaled each with numbers of its own."""
    columns = _some_columns(_scalable(tables), share, rng)
    sides = []
    for frame in (tables.train, tables.test):
        scaled = frame.copy()
        for column in columns:
            values = frame[column].astype(float)
            low, width = values.min(), values.max() - values.min()
            if kind == "standard":
                low, width = values.mean(), values.std(ddof=0)
            scaled[column] = (values - low) / (width if width > 0 else 1.0)
        sides.append(scaled)
    changed = replace(tables, train=sides[0], test=sides[1])
    return Injected(changed, "scaler-refitted-on-test", named(*columns), share=0.5)


NOISE = "noise: sd of the target, or share of classes drawn anew"
ORDER = "correlation of the order with the target"

FAULTS = (
    Fault("leak_copy", partial(leak, "copy"), (0.0, 0.01), 0.0, NOISE),
    Fault("leak_noisy", partial(leak, "noisy"), (0.03, 0.1), 0.03, NOISE),
    Fault("leak_recode", partial(leak, "recode"), (0.0, 0.03), 0.0, NOISE),
    Fault("sorted_rows", sorted_rows, (1.0, 0.7), 1.0, ORDER),
    Fault("id_in_order", id_in_order, (1.0, 0.7), 1.0, ORDER),
    Fault("date_in_order", date_in_order, (1.0, 0.7), 1.0, ORDER),
    Fault("missingness", missingness, (0.3, 0.6), 0.6, "gap between the shares missing"),
    Fault("scaler_on_all", partial(scaler_on_all, "standard"), (0.5, 1.0), 1.0, "share of columns"),
    Fault("minmax_on_all", partial(scaler_on_all, "minmax"), (0.5, 1.0), 1.0, "share of columns"),
    Fault("scaler_on_test", partial(scaler_on_test, "standard"), (0.5, 1.0), 1.0, "share of columns"),
    Fault("minmax_on_test", partial(scaler_on_test, "minmax"), (0.5, 1.0), 1.0, "share of columns"),
)  # fmt: skip
