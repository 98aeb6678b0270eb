"""How many equal rows are different cases, told from rows that are equal in part."""

import numpy as np
import pandas as pd
import pytest

from mldiag.data.audited.rows import repeats_between, repeats_within
from mldiag.data.audited.table import AuditedTable


def streets(rows, seed=0):
    """Customers: eight columns known of the street, ten of policies in pairs, which few have."""
    random = np.random.default_rng(seed)
    street = random.integers(0, 120, rows)
    known = np.random.default_rng(99).integers(0, 10, (120, 8))
    made = {f"street_{k}": known[street, k] for k in range(8)}
    for k in range(5):
        has = random.random(rows) < 0.08 * (k + 1)
        made[f"amount_{k}"] = has * random.integers(1, 4, rows)
        made[f"number_{k}"] = has * 1
    return pd.DataFrame(made)


def within(frame):
    return repeats_within(AuditedTable.of(frame), list(frame.columns))


def test_customers_of_one_street_are_equal_by_chance():
    for seed in range(5):
        found = within(streets(1500, seed))
        assert found.count > 100
        assert found.mostly_chance


def test_copies_among_them_are_not_taken_for_chance():
    for seed in range(5):
        frame = streets(300, seed)
        clean = within(frame)
        copied = within(pd.concat([frame, frame.iloc[:60]], ignore_index=True))
        assert not copied.mostly_chance
        assert copied.copies > clean.copies + 40


def test_between_two_tables_likewise():
    frame = streets(2000)
    train, test = AuditedTable.of(frame.iloc[:1500]), AuditedTable.of(frame.iloc[1500:])
    assert repeats_between(train, test, list(frame.columns))[0].mostly_chance
    fine = frame.assign(weight=np.random.default_rng(1).normal(size=2000))
    train = AuditedTable.of(fine.iloc[:1500])
    test = AuditedTable.of(fine.iloc[1400:])
    found, partners = repeats_between(train, test, list(fine.columns))
    assert (found.count, found.by_chance) == (100, 0)
    assert partners.tolist() == list(range(1400, 1500))


def test_a_sample_of_the_cells_tells_the_same(monkeypatch):
    from mldiag.data.audited import chance

    whole = within(streets(6000)).by_chance
    monkeypatch.setattr(chance, "LIMITS", chance.Limits(cells=18 * 3000, least_rows=100))
    assert within(streets(6000)).by_chance == pytest.approx(whole, rel=0.35)


def test_more_columns_than_are_looked_at_one_by_one(monkeypatch):
    from mldiag.data.audited import chance

    monkeypatch.setattr(chance, "LIMITS", chance.Limits(bundles=6))
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 20)))
    found = within(pd.concat([frame, frame.iloc[:5]], ignore_index=True).rename(columns=str))
    assert (found.count, found.by_chance) == (5, 0)


@pytest.mark.parametrize("frame", [pd.DataFrame({"a": [1] * 9}), pd.DataFrame({"a": [1, 2] * 5})])
def test_a_column_or_none_that_varies_says_nothing_of_chance(frame):
    assert within(frame).by_chance == 0


def test_rows_that_all_differ():
    assert within(pd.DataFrame({"a": range(9), "b": range(9)})).count == 0
