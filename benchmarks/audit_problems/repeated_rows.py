"""Faults of rows that stand twice: in train, in train and test, under other labels, ids, groups, times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from audit_problems.common import (
    Cell,
    Fault,
    Injected,
    NotHere,
    Tables,
    cells,
    joined,
    named,
    row_hashes,
    some_rows,
    with_column,
)

Rng = np.random.Generator
JITTER = 1e-3
"""How far a near copy lies from its original, in standard deviations of each column."""


def _pairs(side: str, first: Iterable[int], second: Iterable[int]) -> tuple[frozenset[Cell], ...]:
    pairs = zip(first, second, strict=True)
    return tuple(frozenset({(side, int(a)), (side, int(b))}) for a, b in pairs)


def _repeated(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """Positions of rows that stand more than once."""
    hashes = pd.Series(row_hashes(frame, columns))
    return np.flatnonzero(hashes.duplicated(keep=False))


def _coarse(tables: Tables, limit: float = 0.01) -> None:
    """Refuse a table in which equal rows are common by themselves.

    Raises:
        NotHere: They are.
    """
    if len(_repeated(tables.train, tables.features)) > max(4, limit * len(tables.train)):
        raise NotHere("rows repeat by themselves")


def _jittered(tables: Tables, rows: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Rows with every measured number moved by a little.

    Raises:
        NotHere: Too few columns are measured on a fine scale for near copies to be told from neighbours.
    """
    fine = [c for c in tables.continuous if _is_fine(tables.train[c])]
    if len(fine) < 2:
        raise NotHere("fewer than two columns measured on a fine scale")
    moved = rows.copy()
    for column in fine:
        spread = float(tables.train[column].std())
        values = moved[column] + JITTER * spread * rng.standard_normal(len(moved))
        whole = pd.api.types.is_integer_dtype(moved[column].dtype)
        moved[column] = values.round().astype(moved[column].dtype) if whole else values
    return moved


def _is_fine(values: pd.Series) -> bool:
    """Whether a thousandth of its spread is a step that the column can take."""
    whole = bool((values.dropna() % 1 == 0).all())
    return values.nunique() >= 30 and (not whole or float(values.std()) >= 1 / JITTER)


def duplicates(tables: Tables, share: float, rng: Rng) -> Injected:
    """Training rows that stand twice."""
    _coarse(tables)
    source = some_rows(rng, len(tables.train), share, least=2)
    changed, places = joined(tables, "train", tables.train.iloc[source], rng)
    pairs = _pairs("train", places[source], places[len(tables.train) :])
    right = _repeated(changed.train, list(changed.train.columns))
    return Injected(
        changed, "duplicate-rows", rows=pairs, right=frozenset(("train", int(i)) for i in right)
    )


def near_duplicates(tables: Tables, share: float, rng: Rng) -> Injected:
    """Training rows that stand twice, the measured numbers a little different."""
    _coarse(tables)
    source = some_rows(rng, len(tables.train), share, least=2)
    copies = _jittered(tables, tables.train.iloc[source], rng)
    changed, places = joined(tables, "train", copies, rng)
    pairs = _pairs("train", places[source], places[len(tables.train) :])
    return Injected(changed, "near-duplicate-rows", rows=pairs)


def conflicting_labels(tables: Tables, share: float, rng: Rng) -> Injected:
    """Training rows that stand twice under different labels."""
    if tables.task != "classification":
        raise NotHere("no classes")
    _coarse(tables)
    source = some_rows(rng, len(tables.train), share, least=2)
    copies = tables.train.iloc[source].copy()
    levels = tables.train[tables.target].unique()
    new = [rng.choice(levels[levels != label]) for label in copies[tables.target]]
    copies[tables.target] = pd.Series(new, index=copies.index).astype(copies[tables.target].dtype)
    changed, places = joined(tables, "train", copies, rng)
    pairs = _pairs("train", places[source], places[len(tables.train) :])
    right = _repeated(changed.train, changed.features)
    return Injected(
        changed, "conflicting-labels", rows=pairs, right=frozenset(("train", int(i)) for i in right)
    )


def _overlap(tables: Tables, share: float, near: bool, rng: Rng) -> Injected:
    _coarse(tables)
    columns = list(tables.train.columns)
    trained = row_hashes(tables.train, columns)
    if np.isin(row_hashes(tables.test, columns), trained).mean() > 0.01:
        raise NotHere("train and test share rows by themselves")
    count = max(2, round(share * len(tables.test)))
    source = np.sort(rng.choice(len(tables.train), size=count, replace=False))
    copies = tables.train.iloc[source]
    copies = _jittered(tables, copies, rng) if near else copies
    changed, places = joined(tables, "test", copies, rng)
    new = places[len(tables.test) :]
    rows = tuple(
        frozenset({("test", int(i)), ("train", int(j))}) for i, j in zip(new, source, strict=True)
    )
    tested = row_hashes(changed.test, columns)
    right = {("test", int(i)) for i in np.flatnonzero(np.isin(tested, trained))}
    right |= {("train", int(i)) for i in np.flatnonzero(np.isin(trained, tested))}
    slug = "near-train-test-overlap" if near else "train-test-overlap"
    return Injected(changed, slug, rows=rows, right=frozenset(right))


def overlap(tables: Tables, share: float, rng: Rng) -> Injected:
    """Test rows that are training rows."""
    return _overlap(tables, share, False, rng)


def near_overlap(tables: Tables, share: float, rng: Rng) -> Injected:
    """Test rows that are training rows, the measured numbers a little different."""
    return _overlap(tables, share, True, rng)


def id_overlap(tables: Tables, share: float, rng: Rng) -> Injected:
    """Customers of the test rows who are in train as well, with other rows."""
    total = len(tables.train) + len(tables.test)
    ids = rng.permutation(total * 3)[:total] + 100_000
    train, test = ids[: len(tables.train)], ids[len(tables.train) :].copy()
    places = some_rows(rng, len(test), share, least=2)
    source = rng.choice(len(train), size=len(places), replace=False)
    test[places] = train[source]
    name = str(rng.choice(["customer_id", "patient_id", "case_id"]))
    changed = with_column(tables, name, train, test, rng)
    rows = tuple(
        frozenset({("test", int(i)), ("train", int(j))})
        for i, j in zip(places, source, strict=True)
    )
    return Injected(changed, "id-overlap", named(name), rows=rows)


def group_overlap(tables: Tables, share: float, rng: Rng) -> Injected:
    """Declared groups whose rows lie on both sides."""
    if tables.time is not None:
        raise NotHere("split by time")
    if tables.group is not None:
        return _torn_groups(tables, tables.group, share, rng)
    train = rng.permutation(np.arange(len(tables.train)) // 4)
    test = rng.permutation(np.arange(len(tables.test)) // 4) + len(tables.train)
    groups = np.unique(test)
    torn = groups[some_rows(rng, len(groups), share)]
    taken = rng.choice(np.unique(train), size=len(torn), replace=False)
    new = dict(zip(torn.tolist(), taken.tolist(), strict=True))
    places = np.flatnonzero(np.isin(test, torn))
    test = np.array([new.get(int(group), int(group)) for group in test])
    changed = with_column(tables, "patient", train, test, rng)
    right = {("train", int(i)) for i in np.flatnonzero(np.isin(train, taken))}
    right |= {("test", int(i)) for i in places}
    return Injected(
        replace(changed, group="patient"), "group-overlap", named("patient"),
        rows=cells("test", places), right=frozenset(right),
    )  # fmt: skip


def _torn_groups(tables: Tables, group: str, share: float, rng: Rng) -> Injected:
    """Half the rows of some test groups put into train."""
    names = tables.test[group].value_counts()
    names = names[names >= 2].index.to_numpy()
    torn = names[some_rows(rng, len(names), share)]
    moved = [
        place for name in torn for place in np.flatnonzero(tables.test[group] == name)[::2].tolist()
    ]
    more = tables.test.iloc[moved]
    rest = tables.test.drop(index=moved).reset_index(drop=True)
    changed, _ = joined(replace(tables, test=rest), "train", more, rng)
    rows = np.flatnonzero(rest[group].isin(torn))
    trained = np.flatnonzero(changed.train[group].isin(torn))
    right = frozenset(("train", int(i)) for i in trained)
    return Injected(changed, "group-overlap", named(group), rows=cells("test", rows), right=right)


def time_overlap(tables: Tables, share: float, rng: Rng) -> Injected:
    """Test rows from the time of the training rows, where the times are declared."""
    if tables.group is not None:
        raise NotHere("split by groups")
    if tables.time is None:
        tables = _dated(tables, rng)
    places = some_rows(rng, len(tables.test), share, least=2)
    source = np.sort(rng.choice(len(tables.train), size=len(places), replace=False))
    back, forth = tables.train.iloc[source], tables.test.iloc[places]
    train = pd.concat([tables.train.drop(index=source), forth], ignore_index=True)
    test = pd.concat([tables.test.drop(index=places), back], ignore_index=True)
    time = str(tables.time)
    parts = [part.sort_values(time, kind="stable", ignore_index=True) for part in (train, test)]
    early = np.flatnonzero((parts[1][time] <= parts[0][time].max()).to_numpy())
    sure = np.flatnonzero((parts[1][time] < tables.train[time].max()).to_numpy())
    changed = replace(tables, train=parts[0], test=parts[1])
    right = frozenset(("test", int(i)) for i in early)
    return Injected(changed, "time-overlap", named(time), rows=cells("test", sure), right=right)


def _dated(tables: Tables, rng: Rng) -> Tables:
    """A date in every row, those of the test rows after those of the training rows."""
    total = len(tables.train) + len(tables.test)
    days = np.sort(rng.integers(0, 900, size=total))
    dates = pd.Timestamp("2021-03-01") + pd.to_timedelta(days, unit="D")
    text = pd.Series(dates.strftime("%Y-%m-%d"), dtype="str").to_numpy()
    cut = len(tables.train)
    dated = with_column(tables, "visit_date", text[:cut], text[cut:], rng)
    return replace(dated, time="visit_date")


FAULTS = (
    Fault("duplicates", duplicates, (0.02, 0.05, 0.1), 0.05),
    Fault("near_duplicates", near_duplicates, (0.02, 0.05), 0.05),
    Fault("conflicting_labels", conflicting_labels, (0.01, 0.03), 0.03),
    Fault("overlap", overlap, (0.02, 0.05, 0.1), 0.05, "share of test rows"),
    Fault("near_overlap", near_overlap, (0.02, 0.05, 0.1), 0.05, "share of test rows"),
    Fault("id_overlap", id_overlap, (0.02, 0.05), 0.05, "share of test rows"),
    Fault("group_overlap", group_overlap, (0.1, 0.5), 0.1, "share of test groups"),
    Fault("time_overlap", time_overlap, (0.1, 0.5), 0.1, "share of test rows"),
)
