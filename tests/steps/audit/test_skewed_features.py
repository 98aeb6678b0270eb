import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from mldiag.steps.audit.checks.table import skewed_features
from tests.steps.audit.tables import healthy, judged


def skewed(sigma):
    values = np.exp(sigma * np.random.default_rng(0).normal(size=400))
    return healthy(400).assign(income=values)


def test_a_linear_model_hears_large_values_alone():
    found = judged(skewed_features, skewed(1.8), estimator=LogisticRegression())
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["income"])


def test_trees_do_not_mind():
    found = judged(skewed_features, skewed(3), estimator=RandomForestClassifier())
    assert found.outcome == "passed"


def test_without_a_model_only_the_strongest_is_told():
    assert judged(skewed_features, skewed(1.0)).outcome == "passed"
    assert judged(skewed_features, skewed(3)).outcome == "advice"


def test_symmetric_and_exponential_columns_and_few_rows():
    values = np.random.default_rng(0).exponential(size=400)
    frame = healthy(400).assign(wait=values)
    assert judged(skewed_features, frame, estimator=LogisticRegression()).outcome == "passed"
    assert judged(skewed_features, healthy(60)) is None


def test_a_column_of_even_spread_on_the_scale_of_its_exponential_is_told_without_a_model():
    values = np.exp(2.2 * np.random.default_rng(0).uniform(-1.7, 1.7, 400))
    found = judged(skewed_features, healthy(400).assign(dose=values))
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["dose"])
