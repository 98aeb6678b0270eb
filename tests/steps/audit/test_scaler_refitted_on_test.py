import pytest
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from mldiag.steps.audit.checks.table import scaler_fitted_on_all, scaler_refitted_on_test
from tests.steps.audit.tables import judged
from tests.steps.audit.test_scaler_fitted_on_all import NUMBERS, scaled


@pytest.mark.parametrize("scaler", [StandardScaler, MinMaxScaler, RobustScaler, MaxAbsScaler])
def test_a_second_scaler_is_named(scaler):
    for seed in range(3):
        tables = scaled(scaler, "each", seed=seed)
        found = judged(scaler_refitted_on_test, *tables)
        assert found.outcome == "problem"
        assert sorted(found.evidence["columns"]) == NUMBERS
        assert judged(scaler_fitted_on_all, *tables).outcome == "passed"


def test_columns_of_few_values_tell_by_values_that_are_not_found_again():
    train, test = scaled(MinMaxScaler, "train")
    coarse = [frame.assign(x0=(frame["x0"] * 12).round() / 12) for frame in (train, test)]
    for frame in coarse:
        for name in NUMBERS[1:]:
            frame[name] = frame["x0"]
    assert judged(scaler_refitted_on_test, *coarse).outcome == "passed"
    for name in NUMBERS:
        low, high = coarse[1][name].min(), coarse[1][name].max()
        coarse[1][name] = (coarse[1][name] - low) / (high - low)
    changed = (low, high) != (0.0, 1.0)
    assert changed
    assert judged(scaler_refitted_on_test, *coarse).outcome == "problem"


def test_too_few_test_rows_say_nothing():
    tables = scaled(StandardScaler, "each", train_rows=40, test_rows=6)
    assert judged(scaler_refitted_on_test, *tables).outcome == "passed"
    assert judged(scaler_refitted_on_test, tables[0]) is None
