import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from mldiag.steps.audit.checks.table import scaler_fitted_on_all, scaler_refitted_on_test
from tests.steps.audit.tables import healthy, judged

NUMBERS = ["x0", "x1", "x2", "x3"]
SCALERS = [StandardScaler, MinMaxScaler, RobustScaler, MaxAbsScaler]


def scaled(scaler, how, train_rows=300, test_rows=100, seed=0):
    train, test = healthy(train_rows, seed), healthy(test_rows, seed + 1)
    fitted = scaler().fit((pd.concat([train, test]) if how == "all" else train)[NUMBERS])
    again = scaler().fit(test[NUMBERS]) if how == "each" else fitted
    return (
        train.assign(**pd.DataFrame(fitted.transform(train[NUMBERS]), columns=NUMBERS)),
        test.assign(**pd.DataFrame(again.transform(test[NUMBERS]), columns=NUMBERS)),
    )


@pytest.mark.parametrize("scaler", [StandardScaler, RobustScaler])
def test_a_scaler_that_saw_the_test_rows_is_named(scaler):
    found = judged(scaler_fitted_on_all, *scaled(scaler, "all"))
    assert found.outcome in ("advice", "problem")
    assert sorted(found.evidence["columns"]) == NUMBERS
    assert found.action.kind == "fix_leak"


def test_the_ends_of_the_range_tell_where_they_stand_in_the_test_rows():
    told = [judged(scaler_fitted_on_all, *scaled(MinMaxScaler, "all", seed=s)) for s in range(10)]
    assert sum(found.outcome != "passed" for found in told) >= 5


@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("check", [scaler_fitted_on_all, scaler_refitted_on_test])
def test_a_scaler_fitted_on_the_training_rows_is_as_it_should_be(scaler, check):
    for seed in range(5):
        assert judged(check, *scaled(scaler, "train", seed=seed)).outcome == "passed"


@pytest.mark.parametrize("check", [scaler_fitted_on_all, scaler_refitted_on_test])
def test_raw_columns_and_shares_are_not_scaled(check):
    train, test = healthy(300), healthy(100, 1)
    assert judged(check, train, test).outcome == "passed"
    random = np.random.default_rng(0)
    shares = [np.round(random.beta(0.5, 0.5, len(frame)), 2) for frame in (train, test)]
    flags = [random.integers(0, 2, len(frame)).astype(float) for frame in (train, test)]
    frames = [
        frame.assign(share=share, flag=flag)
        for frame, share, flag in zip((train, test), shares, flags, strict=True)
    ]
    assert judged(check, *frames).outcome == "passed"


def test_it_is_a_problem_only_where_the_test_rows_moved_the_scale():
    train, test = healthy(300), healthy(100, 1)
    assert judged(scaler_fitted_on_all, *scaled(StandardScaler, "all")).outcome == "advice"
    test["x0"] += 5
    both = pd.concat([train, test])["x0"]
    train["x0"], test["x0"] = ((one["x0"] - both.mean()) / both.std() for one in (train, test))
    found = judged(scaler_fitted_on_all, train, test)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x0"])


def test_rounded_columns_and_few_rows():
    train, test = scaled(StandardScaler, "all")
    train[NUMBERS], test[NUMBERS] = train[NUMBERS].round(5), test[NUMBERS].round(5)
    assert judged(scaler_fitted_on_all, train, test).outcome == "advice"
    few = scaled(StandardScaler, "all", train_rows=30, test_rows=5)
    assert judged(scaler_fitted_on_all, *few).outcome == "passed"
    assert judged(scaler_fitted_on_all, train) is None
