"""What columns are taken for, from their cells alone."""

import numpy as np
import pandas as pd
import pytest

from mldiag.data.audited.guess import guessed_column
from mldiag.data.audited.table import AuditedTable, audited, task_of

N = 60
RANDOM = np.random.default_rng(0)
LONG = [f"a sentence of several words, number {i} of many" for i in range(N)]

CASES = {
    "numbers": (RANDOM.normal(size=N), "number"),
    "whole numbers": (np.resize([3, 1, 2], N), "number"),
    "numbers as text": ([f"{v:.2f}" for v in RANDOM.normal(size=N)], "number"),
    "thousands": ([f"{v:,}" for v in RANDOM.integers(1000, 99999, N)], "number"),
    "money": ([f"${v:.2f}" for v in RANDOM.random(N) * 50], "number"),
    "percent": ([f"{v} %" for v in RANDOM.integers(0, 100, N)], "number"),
    "decimal comma": ([f"{v:.1f}".replace(".", ",") for v in RANDOM.random(N) * 9], "number"),
    "booleans": (np.resize([True, False], N), "boolean"),
    "true and false as text": (np.resize(["TRUE", "FALSE"], N), "boolean"),
    "dates": (pd.date_range("2024-01-01", periods=N), "date"),
    "ISO dates": (pd.date_range("2024-01-01", periods=N).strftime("%Y-%m-%d"), "date"),
    "American dates": (pd.date_range("2024-01-01", periods=N).strftime("%m/%d/%Y"), "date"),
    "written dates": (pd.date_range("2024-01-01", periods=N).strftime("%d %b %Y"), "date"),
    "words": (np.resize(["Rome", "Bonn"], N), "category"),
    "yes and no": (np.resize(["yes", "no"], N), "category"),
    "versions": (np.resize(["1.2.3", "1.2.4"], N), "category"),
    "codes": ([f"AB-{i:05d}" for i in range(N)], "id"),
    "a named id": (RANDOM.choice(10**6, N, replace=False), "number"),
    "sentences": (LONG, "text"),
    "nothing": ([None] * N, "empty"),
    "lists": ([[1, 2]] * N, "other"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_column_is_taken_for_what_it_looks_like(case):
    cells, kind = CASES[case]
    assert guessed_column("column", pd.Series(cells)).kind == kind


def test_the_name_tells_an_id_from_a_count():
    cells = pd.Series(RANDOM.choice(10**6, N, replace=False))
    assert guessed_column("patient_id", cells).kind == "id"
    assert guessed_column("inhabitants", cells).kind == "number"


def test_values_missing_cells_and_strays_add_up():
    column = guessed_column(
        "age", pd.Series(["41", "?", None, "n/a", "nine", *map(str, range(20))])
    )
    assert column.kind == "number"
    assert column.spellings == {"?": 1, "n/a": 1}
    assert column.strays.tolist() == [4]
    assert column.missing.tolist() == [False, True, True, True, False] + [False] * 20
    assert column.values[0] == 41
    assert np.isnan(column.values[4])
    assert column.n_unique == 21
    assert column.counts.sum() == 21


def test_thousands_and_decimal_commas_are_read_as_meant():
    assert guessed_column("a", pd.Series(["1,234", "5,678", "12"])).values.tolist() == [
        1234,
        5678,
        12,
    ]
    assert guessed_column("b", pd.Series(["1,5", "2,25", "1.000,5"])).values.tolist() == [
        1.5,
        2.25,
        1000.5,
    ]


def test_levels_and_codes_give_the_values_back():
    column = guessed_column("city", pd.Series(["Rome", "Bonn", None, "-", "Rome"]))
    assert column.codes.tolist() == [0, 1, -1, -1, 0]
    assert column.levels.tolist() == ["Rome", "Bonn"]
    assert column.values.tolist() == ["Rome", "Bonn", None, None, "Rome"]


def test_a_declared_kind_overrides_the_guess():
    frame = pd.DataFrame({"zip": [10115, 80331, 50667], "year": ["2001", "2002", "n/a"]})
    table = AuditedTable.of(frame, {"zip": "category", "year": "date"})
    assert (table["zip"].kind, table["year"].kind) == ("category", "date")
    assert table["zip"].values.tolist() == ["10115", "80331", "50667"]
    assert np.isnan(table["year"].values[2])


def test_the_test_table_is_taken_for_what_the_training_table_has():
    train = pd.DataFrame({"age": [1.0, 2.0, 3.0] * 9, "y": [0, 1, 1] * 9})
    test = pd.DataFrame({"age": ["1", "many", "2"], "y": [0, 1, 0]})
    subject = audited(train, test, target="y")
    assert subject.test["age"].kind == "number"
    assert subject.test["age"].strays.tolist() == [1]
    assert subject.shared == ("age",)


def test_the_task_follows_from_the_target():
    for cells, task in (
        (["a", "b", "a"], "classification"),
        ([0, 1, 1], "classification"),
        ([0.5, 1.5, 2.5], "regression"),
        (np.arange(400), "regression"),
    ):
        assert task_of(guessed_column("y", pd.Series(cells))) == task


def test_a_sample_of_rows_is_the_same_again_and_in_order():
    frame = pd.DataFrame({"x": np.arange(1000)})
    rows = audited(frame).sampled(50)
    assert rows.tolist() == sorted(rows.tolist()) == audited(frame).sampled(50).tolist()
    assert len(audited(frame).sampled(5000)) == 1000
