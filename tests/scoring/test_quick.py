"""The quick scores are those of scikit-learn, ties and empty classes included."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from mldiag.scoring.names import measured_by
from mldiag.scoring.quick import OF_QUANTITIES, OF_TWO_CLASSES

LABELS = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.integers(0, 4)), min_size=2, max_size=30
)


@given(rows=LABELS)
@pytest.mark.filterwarnings("ignore")
def test_of_two_classes(rows):
    truth, predicted, values = (np.array(column, dtype=int) for column in zip(*rows, strict=True))
    for name, quick in OF_TWO_CLASSES.items():
        given_values = values if name == "roc_auc_score" else predicted
        expected = getattr(sklearn.metrics, name)(truth, given_values)
        assert quick(truth, given_values) == pytest.approx(expected, nan_ok=True)


@given(rows=st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=2, max_size=30))
def test_of_quantities(rows):
    truth, predicted = np.round(np.array(rows).T, 3)
    for name, quick in OF_QUANTITIES.items():
        if name == "r2_score" and np.ptp(truth) == 0:
            assert np.isnan(quick(truth, predicted))
        else:
            expected = getattr(sklearn.metrics, name)(truth, predicted)
            assert quick(truth, predicted) == pytest.approx(expected)


@pytest.mark.parametrize(
    "name", ["roc_auc", "f1", "precision", "recall", "f1_macro", "neg_log_loss"]
)
@pytest.mark.parametrize("classes", [(0, 1), (1, 2)])
def test_a_rule_resamples_the_number_that_it_scores(name, classes):
    rng = np.random.default_rng(0)
    truth = rng.choice(classes, 60)
    _, rule = measured_by(name, truth, classes=classes)
    column = rng.random(60)
    values = np.column_stack([column, 1 - column])
    if rule.responses[0] == "predict":
        values = rng.choice(classes, 60)
    assert rule.resampled_score(truth, values) == pytest.approx(rule.score(truth, values))
