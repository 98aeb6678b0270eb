"""Experiments on estimators: any estimator, data and weights, with every mistake told at declaration."""

import warnings

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from mldiag import Categorical, Experiment, Float, Int, MldiagError
from mldiag.run.worker import run_trial

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


def run(exp, params=None, **where):
    return run_trial(exp, exp.spec(params, **where), threads=1)


def scores(exp, params=None, **where):
    result = run(exp, params, **where)
    assert result.status == "ok", result.error
    return result


def test_a_trial_scores_both_sides_and_keeps_predictions():
    exp = Experiment.from_estimator(LogisticRegression(max_iter=1000), *IRIS)
    result = scores(exp)
    assert set(result.metrics) == {"accuracy", "train_accuracy"}
    kept = result.predictions
    assert accuracy_score(kept.truth, kept.values) == result.metrics["accuracy"]
    assert len(kept.rows) == result.valid_rows


def test_the_default_metric_follows_the_estimator():
    assert Experiment.from_estimator(GaussianNB(), *IRIS).metric.name == "accuracy"
    assert Experiment.from_estimator(Ridge(), *DIABETES).metric.name == "r2"


def test_string_labels_frames_and_sparse_matrices_give_the_same_score():
    X, y = IRIS
    named = np.array(["setosa", "versicolor", "virginica"])[y]
    frame = pd.DataFrame(X, columns=list("abcd"))
    whole = frame.assign(kind=named)
    made = [
        Experiment.from_estimator(KNeighborsClassifier(), X, y),
        Experiment.from_estimator(KNeighborsClassifier(), frame, pd.Series(named)),
        Experiment.from_estimator(KNeighborsClassifier(), X, named.astype(object)),
        Experiment.from_estimator(KNeighborsClassifier(), sparse.csr_matrix(X), list(named)),
        Experiment.from_estimator(KNeighborsClassifier(), whole, "kind"),
        Experiment.from_estimator(KNeighborsClassifier(), X, y[:, None]),
    ]
    results = [scores(exp).metrics for exp in made]
    assert all(result == results[0] for result in results)


def test_lists_of_text():
    texts = ["good film", "bad film", "good play", "bad play"] * 10
    exp = Experiment.from_estimator(
        make_pipeline(CountVectorizer(), LogisticRegression()), texts, ["+", "-", "+", "-"] * 10
    )
    assert scores(exp).metrics["accuracy"] == 1


def test_several_outputs_and_several_labels():
    X, y = DIABETES
    exp = Experiment.from_estimator(LinearRegression(), X, np.column_stack([y, -y]), metric="rmse")
    assert scores(exp).predictions.values.shape[1] == 2
    labels = np.column_stack([y > 100, y > 200]).astype(int)
    exp = Experiment.from_estimator(KNeighborsClassifier(), X, labels, metric="roc_auc")
    assert 0.5 < scores(exp).metrics["roc_auc"] < 1


def test_declared_validation_rows_are_scored_as_the_estimator_scores_them():
    X, y = IRIS
    order = np.random.default_rng(0).permutation(150)
    train, valid = order[:100], order[100:]
    model = make_pipeline(StandardScaler(), SVC())
    exp = Experiment.from_estimator(
        model,
        X[train],
        y[train],
        valid=(X[valid], y[valid]),
        params={"svc__C": Float(0.1, 10, default=1)},
    )
    expected = model.fit(X[train], y[train]).score(X[valid], y[valid])
    assert scores(exp).metrics["accuracy"] == expected
    assert exp.deterministic
    assert scores(exp, seed=5).metrics == scores(exp, seed=6).metrics


def test_every_free_seed_is_set_and_a_fixed_one_is_kept():
    model = make_pipeline(StandardScaler(), GridSearchCV(
        SGDClassifier(), {"alpha": [1e-4, 1e-3]}, cv=KFold(3, shuffle=True)))  # fmt: skip
    exp = Experiment.from_estimator(model, *IRIS)
    built = exp.train.build({}, 7)
    parameters = built.get_params()
    assert parameters["gridsearchcv__estimator__random_state"] == 7
    assert parameters["gridsearchcv__cv"].random_state == 7
    assert model.get_params()["gridsearchcv__cv"].random_state is None
    assert scores(exp, seed=3).metrics == scores(exp, seed=3).metrics
    fixed = Experiment.from_estimator(RandomForestClassifier(5, random_state=1), *IRIS)
    assert fixed.train.build({}, 7).random_state == 1
    assert any("random_state=1 is kept" in notice for notice in fixed.notices)
    assert fixed.deterministic


def test_seeds_differ_and_repeat():
    exp = Experiment.from_estimator(
        DecisionTreeClassifier(max_features=1), *load_digits(return_X_y=True)
    )
    first, again, other = (scores(exp, repeat=0, seed=seed) for seed in (1, 1, 2))
    assert first.predictions == again.predictions
    assert first.predictions != other.predictions
    assert not exp.deterministic


def test_what_is_known_to_be_deterministic():
    made = {
        SVC(): True, SVC(kernel="linear"): True, GaussianNB(): True,
        LogisticRegression(): True, LogisticRegression(solver="saga"): False,
        MLPClassifier(): False,
    }  # fmt: skip
    for estimator, expected in made.items():
        exp = Experiment.from_estimator(estimator, *IRIS)
        assert exp.deterministic is expected, estimator
    solver = {"solver": Categorical(["lbfgs", "saga"], default="lbfgs")}
    exp = Experiment.from_estimator(LogisticRegression(), *IRIS, params=solver)
    assert not exp.deterministic


def test_a_factory_is_called_for_every_trial():
    def network(params, seed):
        return MLPClassifier((params["width"],), max_iter=5, random_state=seed)

    exp = Experiment.from_estimator(
        network, *IRIS, params={"width": Int(2, 64, default=8, role="capacity")}
    )
    assert exp.name == "network"
    result = scores(exp, {"width": 4})
    assert any("ConvergenceWarning" in notice for notice in result.notices)
    assert not exp.in_process
    assert exp.train.digest_roots() == [network]


@pytest.mark.parametrize(
    ("factory", "told"),
    [
        (lambda params: SVC(), "cannot be called with the parameters and the seed"),
        (lambda params, seed: SVC(C=params["C"]), "raised KeyError"),
        (lambda params, seed: "SVC", "returned a str"),
        (SVC, "SVC is a class"),
        (42, "without fit"),
    ],
)
def test_a_wrong_factory_is_told(factory, told):
    with pytest.raises(MldiagError, match=told):
        Experiment.from_estimator(factory, *IRIS)


def test_an_unknown_parameter_names_the_nearest():
    model = make_pipeline(StandardScaler(), SVC())
    with pytest.raises(MldiagError, match=r"(?s)unknown parameter 'C' of SVC.*nearest: svc__C"):
        Experiment.from_estimator(model, *IRIS, params={"C": Float(0.1, 10, default=1)})
    with pytest.raises(MldiagError, match="nearest: svc__gamma"):
        Experiment.from_estimator(model, *IRIS, params={"svc__gama": Float(0.1, 10, default=1)})


def test_a_value_outside_what_the_estimator_accepts_fails_with_its_own_words():
    exp = Experiment.from_estimator(SVC(), *IRIS, params={"C": Float(-1, 10, default=1)})
    result = run(exp, {"C": -1.0})
    assert result.status == "failed"
    assert "The 'C' parameter of SVC must be a float in the range (0.0, inf" in result.error


def test_a_declared_default_that_differs_from_the_estimators_is_said():
    exp = Experiment.from_estimator(SVC(C=5), *IRIS, params={"C": Float(0.1, 10, default=1)})
    assert any("declared default 1.0" in notice and "given 5" in notice for notice in exp.notices)
    same = Experiment.from_estimator(SVC(C=5), *IRIS, params={"C": Float(0.1, 10, default=5)})
    assert not same.notices


@pytest.mark.parametrize(("rows", "pinned"), [(13_000, False), (20_000, True)])
def test_early_stopping_is_pinned_by_the_full_training_size(rows, pinned):
    X, y = np.zeros((rows, 1)), np.arange(float(rows))
    exp = Experiment.from_estimator(HistGradientBoostingRegressor(), X, y)
    assert exp.splits.train_size() == rows * 0.64
    assert exp.train.build({}, 0).early_stopping is pinned
    assert any("early_stopping='auto' is fixed at" in notice for notice in exp.notices)
    kept = Experiment.from_estimator(HistGradientBoostingRegressor(early_stopping=True), X, y)
    assert kept.train.build({}, 0).early_stopping is True
    assert not kept.notices


def test_weights_reach_the_final_step_and_the_score():
    X, y = IRIS
    weights = np.where(y == 0, 5.0, 1.0)
    model = make_pipeline(StandardScaler(), GaussianNB())
    exp = Experiment.from_estimator(model, X, y, sample_weight=weights)
    result = scores(exp)
    train, valid = exp.splits.rows(exp.spec().rows)
    model.fit(X[train], y[train], gaussiannb__sample_weight=weights[train])
    expected = model.score(X[valid], y[valid], sample_weight=weights[valid])
    assert result.metrics["accuracy"] == pytest.approx(expected)
    plain = scores(Experiment.from_estimator(model, X, y))
    assert result.metrics["train_accuracy"] != plain.metrics["train_accuracy"]


def test_weights_that_would_be_ignored_are_refused():
    weights = np.ones(150)
    with pytest.raises(MldiagError, match=r"KNeighborsClassifier.fit takes no sample_weight"):
        Experiment.from_estimator(KNeighborsClassifier(), *IRIS, sample_weight=weights)

    def own(y_true, y_pred):
        return 1.0

    with pytest.raises(MldiagError, match="metric 'own' takes no sample_weight"):
        Experiment.from_estimator(GaussianNB(), *IRIS, metric=own, sample_weight=weights)


def test_warnings_become_one_line_each():
    class Noisy(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.classes_ = np.unique(y)
            for _ in range(50):
                warnings.warn("still\nnot there", RuntimeWarning, stacklevel=2)
            return self

        def predict(self, X):
            return np.full(len(X), self.classes_[0])

    exp = Experiment.from_estimator(Noisy(), *IRIS)
    assert scores(exp).notices == ("RuntimeWarning: still (50 times)",)
    assert not exp.in_process
    assert not exp.deterministic  # the class may draw from a global generator
    assert Noisy in exp.train.digest_roots()


def test_only_scikit_learns_own_run_in_process():
    def bounded(y_true, y_pred):
        return 1 - float(np.mean(y_true != y_pred))

    assert Experiment.from_estimator(GradientBoostingClassifier(), *IRIS).in_process
    assert not Experiment.from_estimator(GaussianNB(), *IRIS, metric=bounded).in_process
    assert (
        bounded
        in Experiment.from_estimator(GaussianNB(), *IRIS, metric=bounded).train.digest_roots()
    )


@pytest.mark.parametrize(
    ("y", "told"),
    [
        (None, "y is missing"),
        (np.arange(149), "150 rows of X but 149 of y"),
        (np.zeros(150, dtype=int), "one class only"),
        ([None, *["a"] * 149], "missing in 1 of 150 rows, first in row 0"),
        ([1, *["a"] * 149], "mix text and numbers"),
        (np.linspace(0, 1, 150), "predicts classes, but the targets are quantities"),
    ],
)
def test_wrong_targets_are_told(y, told):
    with pytest.raises(MldiagError, match=told):
        Experiment.from_estimator(LogisticRegression(), IRIS[0], y)


def test_names_for_a_regressor_are_told():
    with pytest.raises(MldiagError, match="predicts quantities, but the targets are names"):
        Experiment.from_estimator(Ridge(), IRIS[0], ["a", "b"] * 75)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"metrc": "accuracy"}, "nearest: metric"),
        ({"metric": "acuracy"}, "nearest: accuracy"),
        ({"valid": np.zeros(3)}, r"valid=\(X, y\)"),
        ({"metric": "roc_auc"}, "nearest: roc_auc_ovr"),
        ({"groups": "subject"}, "unknown groups column"),
    ],
)
def test_wrong_options_are_told(options, told):
    with pytest.raises(MldiagError, match=told):
        Experiment.from_estimator(LogisticRegression(), *IRIS, **options)


def test_a_metric_that_the_estimator_cannot_serve_is_told():
    with pytest.raises(MldiagError, match="needs predict_proba"):
        Experiment.from_estimator(SGDClassifier(), *IRIS, metric="neg_log_loss")


def test_many_classes_are_stratified_for_a_classifier():
    y = np.repeat(np.arange(60), 5)
    exp = Experiment.from_estimator(GaussianNB(), np.random.default_rng(0).random((300, 2)), y)
    train, _ = exp.splits.rows(exp.spec(size=60).rows)
    assert len(np.unique(y[train])) == 60


def test_a_subset_without_a_class_is_still_scored():
    X, y = IRIS
    exp = Experiment.from_estimator(
        KNeighborsClassifier(1), X, y, metric="neg_log_loss", stratify=False
    )
    sizes = [scores(exp, repeat=repeat, size=3) for repeat in range(3)]
    assert all(result.predictions.values.shape[1] == 3 for result in sizes)


SWEPT = {"C": Float(0.1, 10, default=1)}


class TestDigest:
    def parts(self, estimator, **options):
        return Experiment.from_estimator(estimator, *IRIS, **options).train.digest_parts()

    def test_swept_values_stay_out_and_others_count(self):
        base = self.parts(SVC(), params=SWEPT)
        assert base == self.parts(SVC(C=7), params=SWEPT)
        assert base != self.parts(SVC(kernel="linear"), params=SWEPT)
        assert base != self.parts(SVC(), params=SWEPT, metric="f1_macro")
        assert self.parts(SVC()) != self.parts(SVC(C=7))

    def test_it_holds_no_addresses_and_names_versions(self):
        search = GridSearchCV(SVC(), {"C": [1, 2]}, cv=KFold(3), scoring="accuracy")
        text = str(self.parts(make_pipeline(StandardScaler(), search)))
        assert "0x" not in text
        assert "package scikit-learn" in text

    def test_a_seed_set_by_the_user_counts(self):
        assert self.parts(RandomForestClassifier()) != self.parts(
            RandomForestClassifier(random_state=1)
        )


def test_an_experiment_travels():
    exp = Experiment.from_estimator(RandomForestRegressor(5), *DIABETES, metric="mae")
    there = cloudpickle.loads(cloudpickle.dumps(exp))
    assert scores(there).metrics == scores(exp).metrics
