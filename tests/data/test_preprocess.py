"""The default preprocessing: everything learned from the training rows, everything a number."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from mldiag.data.preprocess import (
    MANY_VALUES,
    ColumnKinds,
    TablePreprocessor,
    column_kinds,
    describe_preprocessing,
)
from mldiag.errors import MldiagError


def made(frame, y=None, **options):
    return TablePreprocessor(column_kinds(frame), **options).fit(frame, y)


def test_columns_are_sorted_by_what_they_hold():
    frame = pd.DataFrame(
        {
            "number": [1, 2],
            "flag": [True, False],
            "maybe": pd.array([True, None], dtype="boolean"),
            "duration": pd.to_timedelta([1, 2], unit="h"),
            "text": ["a", None],
            "kind": pd.Categorical(["x", "y"]),
            "mixed": [1, "a"],
            "day": pd.to_datetime(["2024-01-01", "2024-01-02"]),
            "iso": ["2024-01-01", None],
            "stamp": ["2024-01-01 10:00", "2024-01-01T11:30:00"],
            "empty": [None, None],
        }
    )
    kinds = column_kinds(frame)
    assert kinds.numbers == ("number", "flag", "maybe", "duration")
    assert kinds.categories == ("text", "kind", "mixed", "empty")
    assert kinds.dates == ("day", "iso", "stamp")
    values = made(frame).transform(frame)
    assert values.dtype == np.float64
    assert np.isfinite(values).all()


def test_lists_in_a_column_are_refused():
    with pytest.raises(MldiagError, match="column 'tags' holds list values"):
        column_kinds(pd.DataFrame({"tags": [["a"], ["b"]]}))


def test_numbers_are_filled_marked_and_standardised():
    frame = pd.DataFrame({"a": [0.0, 10.0, np.nan, np.inf, 20.0]})
    values = made(frame).transform(frame)
    assert values.shape == (5, 2)  # the number and its marker
    filled = values[:, 0]
    assert filled.mean() == pytest.approx(0)
    assert filled.std() == pytest.approx(1)
    assert filled[2] == filled[3] == pytest.approx(filled[1])  # the median, 10
    assert (values[2:4, 1] > values[:2, 1]).all()


def test_what_is_learned_comes_from_the_training_rows():
    train = pd.DataFrame({"a": [0.0, 2.0], "city": ["Rome", "Oslo"]})
    later = pd.DataFrame({"a": [1000.0, np.nan], "city": ["Bern", None]})
    step = made(train)
    alone, together = step.transform(later.iloc[:1]), step.transform(later)
    assert together[0].tolist() == alone[0].tolist()
    assert together[1, 0] == 0  # the training median is its mean here
    assert np.isfinite(together).all()


def test_rare_values_share_a_column():
    city = ["Rome"] * 10 + ["Oslo"] * 10 + ["Bern", "Bonn"]
    step = made(pd.DataFrame({"city": city}))
    values = step.transform(pd.DataFrame({"city": ["Bern", "Bonn", "never seen", "Rome"]}))
    assert values.shape[1] == 3
    assert values[0].tolist() == values[1].tolist() == values[2].tolist() != values[3].tolist()


def test_many_values_are_encoded_by_the_target():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, MANY_VALUES + 20, 2000)
    frame = pd.DataFrame({"zip": [f"z{code}" for code in codes]})
    y = (codes % 2).astype(int)
    step = made(frame, y)
    values = step.transform(frame)
    assert values.shape == (2000, 1)
    assert np.corrcoef(values[:, 0], y)[0, 1] > 0.9
    # a column without meaning must not learn the targets of its own rows
    noise = pd.DataFrame({"zip": [f"z{code}" for code in rng.integers(0, 400, 2000)]})
    crossed = TablePreprocessor(column_kinds(noise)).fit_transform(noise, y)
    assert abs(np.corrcoef(crossed[:, 0], y)[0, 1]) < 0.1


def test_quantities_with_few_values_are_no_classes():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"zip": [f"z{code}" for code in rng.integers(0, 60, 400)]})
    y = rng.integers(0, 9, 400).astype(float)
    assert made(frame, y, classes=False).transform(frame).shape[1] == 1


@pytest.mark.parametrize("y", [None, ["a"] * 198 + ["b"] * 2, list(range(20)) * 10])
def test_too_few_rows_of_a_class_group_the_values_instead(y):
    frame = pd.DataFrame({"zip": [f"z{code % 40}" for code in range(200)]})
    values = made(frame, y).transform(frame)
    assert values.shape[1] == MANY_VALUES


def test_columns_that_do_not_vary_are_dropped():
    frame = pd.DataFrame(
        {"same": [1, 1, 1], "empty": [np.nan] * 3, "text": ["a"] * 3, "a": [1, 2, 3]}
    )
    assert made(frame).transform(frame).shape == (3, 1)
    nothing = frame[["same", "text"]]
    assert made(nothing).transform(nothing).tolist() == [[0.0], [0.0], [0.0]]


def test_a_column_that_an_intervention_took_away_is_passed_over():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"], "c": [3.0, 1.0, 2.0]})
    step = TablePreprocessor(column_kinds(frame))
    less = frame.drop(columns="b")
    assert clone(step).fit(less).transform(less).shape == (3, 2)


def test_dates_become_numbers_that_order_and_recur():
    days = pd.date_range("2024-01-01", periods=400, freq="D")
    frame = pd.DataFrame(
        {"day": days, "zoned": days.tz_localize("Europe/Rome"), "iso": days.astype(str)}
    )
    values = made(frame).transform(frame)
    assert np.isfinite(values).all()
    assert (np.diff(values[:, 0]) > 0).all()
    late = made(frame).transform(frame.assign(iso="not a date"))
    assert np.isfinite(late).all()


def test_fitting_and_transforming_agree_where_nothing_is_cross_fitted():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=50), "b": rng.choice(["x", "y", None], 50)})
    step = TablePreprocessor(column_kinds(frame))
    assert (step.fit_transform(frame, np.arange(50)) == step.transform(frame)).all()


def test_the_sentence_names_every_kind_present():
    sentence = describe_preprocessing(ColumnKinds(("a", "b"), ("c",), ("d",)))
    assert "2 numeric columns" in sentence
    assert "1 text column " in sentence
    assert "1 date column" in sentence
    assert "text" not in describe_preprocessing(ColumnKinds(("a",)))
