"""Reference learners: every family on every kind of features, scored as the experiment is scored."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import SVC

import mldiag
from mldiag.reference.families import NAMES, family_named
from mldiag.reference.features import Unsuited
from mldiag.reference.neighbours import ChosenNeighbours, least_error
from mldiag.reference.question import question_of
from mldiag.run.identity import identify
from mldiag.run.worker import run_trial
from mldiag.trial_spec import Intervention

LEARNERS = [name for name in NAMES if name != "dummy"]


def trained(experiment, family, **options):
    named = Intervention("reference", (("family", family),))
    spec = experiment.spec(interventions=(named, *options.pop("further", ())), **options)
    return run_trial(experiment, spec, threads=1)


def iris(metric="accuracy"):
    return mldiag.Experiment.from_estimator(SVC(), *load_iris(return_X_y=True), metric=metric)


def declared(X, y, metric="accuracy", **options):
    @mldiag.experiment(data=(X, y), metric=metric, **options)
    def guess(trial):
        return 0.0

    return guess


@pytest.mark.parametrize("family", LEARNERS)
def test_every_family_learns_classes_and_quantities(family):
    result = trained(iris(), family)
    assert result.status == "ok", result.error
    assert result.metrics["accuracy"] > 0.85
    assert len(result.predictions.values) == result.valid_rows
    regression = mldiag.Experiment.from_estimator(
        Ridge(), *load_diabetes(return_X_y=True), metric="rmse"
    )
    result = trained(regression, family)
    assert result.metrics["rmse"] < 0.9 * trained(regression, "dummy").metrics["rmse"]


def awkward_frame(rows=120):
    random = np.random.default_rng(0)
    kind = random.choice(["a", "b", "c"], rows)
    frame = pd.DataFrame({"kind": kind, "size": random.normal(size=rows), "empty": np.nan})
    frame.loc[::7, "size"] = np.nan
    frame.loc[3, "size"] = np.inf
    return frame, (kind == "a").astype(int)


@pytest.mark.parametrize("family", NAMES)
@pytest.mark.parametrize("kind", ["frame", "images", "gaps", "sparse"])
def test_every_kind_of_features_is_prepared(family, kind):
    frame, y = awkward_frame()
    random = np.random.default_rng(1)
    images = random.normal(size=(120, 4, 4)) + 3.0 * y[:, None, None]
    gaps = images.reshape(120, 16).copy()
    gaps[::5, 0] = np.nan
    features = {
        "frame": frame,
        "images": images,
        "gaps": gaps,
        "sparse": sparse.csr_matrix(np.where(images.reshape(120, 16) > 2, 1.0, 0.0)),
    }[kind]
    result = trained(declared(features, y), family)
    assert result.status == "ok", result.error
    if family != "dummy":
        assert result.metrics["accuracy"] > 0.9


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "average_precision", "f1"])
def test_metrics_of_probabilities_and_ranks(metric):
    experiment = mldiag.Experiment.from_estimator(
        LogisticRegression(max_iter=5000), *load_breast_cancer(return_X_y=True), metric=metric
    )
    for family in ("linear", "boosting", "neighbours"):
        result = trained(experiment, family)
        assert result.status == "ok", result.error
    svm = mldiag.Experiment.from_estimator(
        SVC(), *load_breast_cancer(return_X_y=True), metric="roc_auc"
    )
    assert trained(svm, "forest").metrics["roc_auc"] > 0.95  # which has no decision function


@pytest.mark.parametrize(
    ("X", "y", "metric", "says"),
    [
        (["red", "green", "blue", "red"] * 10, [0, 1] * 20, "accuracy", "text|no numbers"),
        (np.zeros((40, 2)), np.zeros((40, 2)), "rmse", "several columns"),
        (np.zeros((40, 2)), np.linspace(0, 1, 40), "accuracy", "quantities"),
        (np.zeros((40, 2)), [0, 1, 2, 3] * 10, "f1", "several ways"),
        (np.zeros((40, 2)), [0, 1] * 20, "perplexity", "cannot be computed"),
    ],
)
def test_what_does_not_suit_is_said(X, y, metric, says):
    experiment = declared(X, y, metric=metric)
    with pytest.raises(Unsuited, match=says):
        question_of(experiment.train, experiment.metric, experiment.loaded)


def test_rows_alone_do_not_suit():
    @mldiag.experiment(rows=100, metric="accuracy")
    def train(trial):
        return 0.5

    with pytest.raises(Unsuited, match="does not hold"):
        question_of(train.train, train.metric, train.loaded)


def test_the_rows_of_slow_families_are_capped(monkeypatch):
    from mldiag.reference import training

    few = family_named("forest")
    monkeypatch.setattr(training, "family_named", lambda name: type(few)(name, "", "", 100))
    experiment = mldiag.Experiment.from_estimator(
        SVC(), *load_breast_cancer(return_X_y=True), metric="accuracy"
    )
    result = trained(experiment, "neighbours")
    assert 0.8 < result.metrics["accuracy"] < 1.0


def test_a_reference_repeats_itself():
    for family in ("forest", "network"):
        first, second = (trained(iris(), family).metrics for _ in range(2))
        assert first == second


def keys(estimator, **options):
    X, y = load_iris(return_X_y=True)
    experiment = mldiag.Experiment.from_estimator(estimator, X, y, name="same", **options)
    named = Intervention("reference", (("family", "linear"),))
    identity = identify(experiment)
    return identity.key(experiment.spec()), identity.key(experiment.spec(interventions=(named,)))


def test_a_reference_does_not_depend_on_the_model():
    plain, reference = keys(SVC(), metric="accuracy")
    other, same = keys(SVC(C=7), metric="accuracy")
    assert plain != other
    assert reference == same
    assert keys(SVC(), metric="balanced_accuracy")[1] != reference


def test_a_metric_of_the_users_own_is_part_of_a_reference():
    def share(y_true, y_pred):
        return float(np.mean(y_true == y_pred))

    first = keys(SVC(), metric=share)[1]
    assert first != keys(SVC(C=7), metric=share)[1]


def test_a_table_of_the_rows_says_what_can_be_memorised():
    X = np.repeat(np.arange(60.0), 2)[:, None]
    y = np.tile([0, 1, 0, 0], 30)  # every second pair contradicts itself
    result = trained(declared(X, y), "lookup", further=(Intervention("score_training_rows"),))
    assert result.valid_rows == result.train_rows
    assert 0.7 < result.metrics["accuracy"] < 0.9


def test_one_neighbour_tells_the_noise():
    random = np.random.default_rng(0)
    X = random.normal(size=(3000, 2))
    y = (X[:, 0] > 0).astype(int)
    flipped = np.where(random.random(3000) < 0.2, 1 - y, y)
    noise = ChosenNeighbours().fit(X, flipped).noise_
    assert least_error(noise["one_neighbour_error"], 2) == pytest.approx(0.2, abs=0.03)
    assert noise["conflicting_rows"] == 0
    doubled = ChosenNeighbours().fit(np.vstack([X, X]), np.concatenate([y, 1 - y])).noise_
    assert doubled["conflicting_rows"] == 1.0
