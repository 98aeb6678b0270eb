"""Every scorer of scikit-learn gives the number that scikit-learn gives, under the name that is shown."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, get_scorer, get_scorer_names, make_scorer
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from mldiag.errors import MldiagError
from mldiag.estimators.responses import response_of
from mldiag.scoring.names import measured_by

CLUSTERING = {
    "adjusted_mutual_info_score", "adjusted_rand_score", "completeness_score",
    "fowlkes_mallows_score", "homogeneity_score", "mutual_info_score",
    "normalized_mutual_info_score", "rand_score", "v_measure_score",
}  # fmt: skip
SAMPLES = {name for name in get_scorer_names() if name.endswith("_samples")}
REGRESSION = {
    name
    for name in get_scorer_names()
    if any(word in name for word in ("error", "r2", "variance", "deviance", "d2_absolute"))
}
BINARY_ONLY = {"f1", "precision", "recall", "jaccard", "roc_auc", "average_precision",
               "positive_likelihood_ratio", "neg_negative_likelihood_ratio"}  # fmt: skip
CLASSIFICATION = sorted(set(get_scorer_names()) - CLUSTERING - SAMPLES - REGRESSION)


def classes_data(count, labels=None):
    X, y = make_classification(240, 6, n_informative=5, n_redundant=0, n_classes=count, flip_y=0.2,
                               random_state=0)  # fmt: skip
    return X, y if labels is None else np.asarray(labels)[y]


def ours(name, estimator, X, y, classes):
    metric, rule = measured_by(name, y, classes=classes)
    values, _ = response_of(estimator, X, rule)
    return metric, rule.score(y, values)


@pytest.mark.filterwarnings("ignore:.*meaningless")
@pytest.mark.parametrize("name", CLASSIFICATION)
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("make", [LogisticRegression, GaussianNB])
def test_classification_scorers_agree_with_scikit_learn(name, count, make):
    if count == 3 and name in BINARY_ONLY - {"average_precision"}:
        pytest.skip("for two classes")
    X, y = classes_data(count)
    estimator = make().fit(X[:160], y[:160])
    scorer = get_scorer(name)
    metric, value = ours(name, estimator, X[160:], y[160:], tuple(range(count)))
    expected = scorer(estimator, X[160:], y[160:])
    assert value == pytest.approx(expected if metric.maximize else -expected, rel=1e-12)
    assert not metric.name.startswith("neg_")


@pytest.mark.parametrize("name", sorted(REGRESSION))
def test_regression_scorers_agree_with_scikit_learn(name):
    rng = np.random.default_rng(0)
    X = rng.random((80, 3))
    y = 5 + X.sum(axis=1) + rng.random(80)
    estimator = Ridge().fit(X, y)
    metric, value = ours(name, estimator, X, y, None)
    expected = get_scorer(name)(estimator, X, y)
    assert value == pytest.approx(expected if metric.maximize else -expected)


@pytest.mark.filterwarnings("ignore:.*ill-defined")
@pytest.mark.parametrize(
    "name", ["accuracy", "f1_macro", "f1_samples", "roc_auc", "average_precision"]
)
def test_scorers_of_several_labels_agree(name):
    X = np.random.default_rng(0).normal(size=(200, 4))
    y = (X[:, :3] + X[:, 1:] > 0).astype(int)
    estimator = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X[:150], y[:150])
    _, value = ours(name, estimator, X[150:], y[150:], None)
    assert value == pytest.approx(get_scorer(name)(estimator, X[150:], y[150:]))


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "f1", "neg_brier_score"])
def test_the_positive_class_is_the_one_of_scikit_learn(name):
    X, y = classes_data(2, [1, 2])  # pos_label = 1 is the first class here
    estimator = LogisticRegression().fit(X[:160], y[:160])
    metric, value = ours(name, estimator, X[160:], y[160:], (1, 2))
    expected = get_scorer(name)(estimator, X[160:], y[160:])
    assert value == pytest.approx(expected if metric.maximize else -expected)


@pytest.mark.parametrize(
    "name", ["neg_log_loss", "roc_auc_ovr", "top_k_accuracy", "d2_brier_score"]
)
def test_a_validation_set_without_a_class_still_has_a_score(name):
    X, y = classes_data(3)
    estimator = LogisticRegression().fit(X, y)
    _, rule = measured_by(name, y, classes=(0, 1, 2))
    rows = np.flatnonzero(y != 2)
    values, _ = response_of(estimator, X[rows], rule)
    if name == "roc_auc_ovr":
        with pytest.warns(match="Only one class|No positive|undefined"):
            rule.score(y[rows], values)
    else:
        assert np.isfinite(rule.score(y[rows], values))


def test_a_class_unseen_in_training_has_probability_zero():
    X, y = classes_data(3)
    estimator = LogisticRegression().fit(X[y != 1], y[y != 1])
    _, rule = measured_by("neg_log_loss", y, classes=(0, 1, 2))
    values, response = response_of(estimator, X, rule)
    assert response == "predict_proba"
    assert values.shape == (240, 3)
    assert (values[:, 1] == 0).all()
    assert np.allclose(values.sum(axis=1), 1)
    assert np.isfinite(rule.score(y, values))


def test_a_decision_for_an_unseen_class_is_the_lowest():
    X, y = classes_data(3)
    estimator = LogisticRegression().fit(X[y != 1], y[y != 1])
    _, rule = measured_by("top_k_accuracy", y, classes=(0, 1, 2))
    values, response = response_of(estimator, X, rule)
    assert response == "decision_function"
    assert (values[:, 1] < values[:, [0, 2]].min(axis=1)).all()


def test_short_names_and_their_direction():
    y = np.linspace(1.0, 2.0, 30)
    for name, low in (("rmse", 0), ("mse", 0), ("mae", 0), ("mape", 0)):
        metric, rule = measured_by(name, y)
        assert (metric.name, metric.maximize, metric.low) == (name, False, low)
        assert rule.score(y, y + 1) > 0
    metric, rule = measured_by("error_rate", np.array([0, 1]), classes=(0, 1))
    assert not metric.maximize
    assert rule.score([0, 1], [1, 1]) == 0.5


def test_a_function_is_better_when_higher_unless_said():
    def closeness(y_true, y_pred):
        return -float(np.abs(y_true - y_pred).max())

    y = np.arange(20.0)
    metric, rule = measured_by(closeness, y)
    assert (metric.name, metric.maximize, rule.users) == ("closeness", True, True)
    assert not measured_by(closeness, y, minimize=True)[0].maximize


def test_a_scorer_object_is_taken_as_it_is():
    scorer = make_scorer(f1_score, average="macro")
    X, y = classes_data(3)
    estimator = LogisticRegression().fit(X, y)
    metric, rule = measured_by(scorer, y, classes=(0, 1, 2))
    assert metric.name == "f1_score"
    values, _ = response_of(estimator, X, rule)
    assert rule.score(y, values) == pytest.approx(scorer(estimator, X, y))


def test_a_users_scorer_receives_what_scikit_learn_hands_it():
    def confidence(y_true, probability):
        assert set(y_true) == {"no", "yes"}
        return float(probability[y_true == "yes"].mean())

    scorer = make_scorer(confidence, response_method="predict_proba")
    X, y = classes_data(2, ["no", "yes"])
    estimator = LogisticRegression().fit(X, y)
    _, rule = measured_by(scorer, y, classes=("no", "yes"))
    values, _ = response_of(estimator, X, rule)
    assert rule.score(y, values) == pytest.approx(scorer(estimator, X, y))


@pytest.mark.parametrize(
    ("metric", "y", "classes", "expected"),
    [
        ("acuracy", [0, 1], (0, 1), "nearest: accuracy"),
        ("f1", ["no", "yes"], ("no", "yes"), "positive"),
        ("f1", [0, 1, 2], (0, 1, 2), "nearest: f1_macro"),
        ("roc_auc", [0, 1, 2], (0, 1, 2), "nearest: roc_auc_ovr"),
        ("accuracy", [0.1, 0.7, 1.3], None, "cannot score these targets"),
        ("r2", ["a", "b", "a"], ("a", "b"), "cannot score these targets"),
        (7, [0, 1], (0, 1), "metric= is a int"),
        (lambda estimator, X, y: 0.0, [0, 1], (0, 1), "takes 3 arguments"),
        (lambda t, p: "high", [0, 1], (0, 1), "cannot score these targets"),
    ],
)
def test_an_unsuitable_metric_is_told_at_declaration(metric, y, classes, expected):
    with pytest.raises(MldiagError, match=expected):
        measured_by(metric, np.asarray(y), classes=classes)


def test_a_contradicted_direction_is_refused():
    with pytest.raises(MldiagError, match="declared minimize"):
        measured_by("accuracy", np.array([0, 1]), classes=(0, 1), minimize=True)
