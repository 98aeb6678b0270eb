"""A watched trial of a scikit-learn estimator: stepped where it can be, its predictions in any case."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Perceptron, Ridge, SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import mldiag
from mldiag.recording import predicted_rows
from mldiag.recording.bounded import bounded
from mldiag.run.worker import run_trial
from mldiag.trial import WATCH
from mldiag.trial_spec import Intervention

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(250, 5))
NAMES = np.array(["no", "maybe", "yes"])[np.digitize(X[:, 0] + 0.3 * X[:, 1], [-0.5, 0.5])]
AMOUNTS = 2 * X[:, 0] - X[:, 1] + RANDOM.normal(0, 0.1, 250)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def both(estimator, y, features=X):
    """The usual trial and the watched one."""
    experiment = mldiag.Experiment.from_estimator(estimator, features, y)
    spec = replace(experiment.spec(), interventions=(Intervention(WATCH),))
    return run_trial(experiment, experiment.spec(), threads=1), run_trial(
        experiment, spec, threads=1
    )


def check_same(usual, seen):
    assert seen.status == "ok", seen.error
    assert seen.metrics == usual.metrics
    assert seen.predictions == usual.predictions


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_a_perceptron_of_layers_is_seen_step_by_step(solver):
    network = MLPClassifier((12, 8), solver=solver, max_iter=6, batch_size=50)
    usual, seen = both(make_pipeline(StandardScaler(), network), NAMES)
    check_same(usual, seen)
    recording = seen.recording
    assert recording.steps == 6 * 4
    assert recording.task == "classification"
    assert recording.facts["networks"][0]["class"] == "MLPClassifier"
    assert recording.facts["batch"] == 50
    assert [tuple(p["shape"]) for p in recording.parameters][:3] == [(12, 5), (8, 12), (3, 8)]
    for name in ("gradient/norm", "update/norm", "weight/norm"):
        assert recording.series(name).shape[1] == 6
        assert (recording.series(name)[1:] > 0).all()
    assert recording.series("output/dead").shape[1] == 2
    assert [layer["kind"] for layer in recording.layers] == ["relu", "relu"]
    assert len(recording.series("eval/score")) == len(recording.series("eval/train_score")) == 6
    assert np.allclose(recording.series("lr"), 0.001)
    assert (recording.series("batch/true").sum(1) == recording.series("batch/rows")).all()
    assert (recording.series("batch/right") <= recording.series("batch/rows")).all()
    fitted = recording.series("eval/probabilities")
    assert fitted.shape == (len(seen.predictions.rows), 3)
    assert 0.34 < fitted.max() < 1  # more than the class that the metric asks for
    assert recording.facts["classes"] == ["maybe", "no", "yes"]


def test_scores_of_the_epochs_are_those_of_the_model():
    usual, seen = both(MLPRegressor(hidden_layer_sizes=(20,), max_iter=30), AMOUNTS)
    check_same(usual, seen)
    scores = seen.recording.series("eval/score")
    assert scores[-1] == pytest.approx(usual.metrics["r2"])
    assert seen.recording.series("eval/train_score")[-1] == pytest.approx(usual.metrics["train_r2"])
    assert seen.recording.series("eval/outputs").shape == (len(seen.predictions.rows), 1)
    errors = seen.recording.series("batch/error")
    assert errors[-5:].mean() < errors[:5].mean()


def test_a_network_of_the_user_s_own_function_is_seen_too():
    @mldiag.experiment(data=(X, NAMES), metric="accuracy")
    def own(trial):
        network = MLPClassifier((6,), max_iter=5, random_state=trial.seed)
        network.fit(trial.X_train, trial.y_train)
        return float(network.score(trial.X_valid, trial.y_valid))

    spec = replace(own.spec(), interventions=(Intervention(WATCH),))
    recording = run_trial(own, spec, threads=1).recording
    assert recording.steps == 5
    assert not recording.has("eval/score")


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss")), NAMES),
        (Perceptron(max_iter=8), NAMES),
        (SGDRegressor(max_iter=8), AMOUNTS),
    ],
)
def test_linear_learners_are_stepped_beside_the_training(estimator, y):
    usual, seen = both(estimator, y)
    check_same(usual, seen)
    recording = seen.recording
    assert recording.steps >= 35
    assert any("second fit" in told for told in recording.facts["notices"])
    losses = recording.series("loss/mean")
    assert losses[-10:].mean() < losses[:5].mean()
    assert recording.series("update/norm").shape[1] == 2
    assert recording.series("eval/score").size >= 5


def test_any_other_estimator_leaves_its_predictions():
    usual, seen = both(RandomForestClassifier(10), NAMES)
    check_same(usual, seen)
    recording = seen.recording
    assert recording.steps == 0
    assert "not fitted step by step" in recording.facts["not_seen"][0]
    rows = len(seen.predictions.rows)
    assert recording.series("eval/probabilities").shape == (rows, 3)
    assert recording.series("eval/inputs").shape == (rows, 5)
    assert recording.series("eval/valid/accuracy")[0] == pytest.approx(usual.metrics["accuracy"])
    picked = recording.series("eval/probabilities").argmax(1)
    right = picked == recording.series("eval/targets")
    assert right.mean() == pytest.approx(usual.metrics["accuracy"])


def test_a_class_without_a_degree_says_so():
    class Named(SVC):
        decision_function = property()

    _, seen = both(Named(), NAMES)
    assert seen.recording.facts["graded"] is False
    assert set(np.unique(seen.recording.series("eval/probabilities"))) == {0.0, 1.0}


def test_columns_of_frames_keep_their_names_and_text_is_left_out():
    frame = pd.DataFrame(X, columns=list("abcde")).assign(city="x")
    estimator = make_pipeline(_Numbers(), Ridge())
    usual, seen = both(estimator, AMOUNTS, frame)
    check_same(usual, seen)
    assert seen.recording.facts["columns"] == list("abcde")
    assert seen.recording.series("eval/inputs").shape[1] == 5
    assert seen.recording.task == "regression"


class _Numbers(StandardScaler):
    """Scales the columns that are numbers."""

    def fit(self, X, y=None):
        return super().fit(X.select_dtypes("number"), y)

    def transform(self, X):
        return super().transform(X.select_dtypes("number"))


def test_features_that_are_too_many_are_kept_of_the_worst_rows(monkeypatch):
    monkeypatch.setattr(predicted_rows, "INPUT_BYTES", 10 * 5 * 4)
    _, seen = both(Ridge(), AMOUNTS)
    recording = seen.recording
    errors = np.abs(recording.series("eval/outputs") - recording.series("eval/targets"))[:, 0]
    rows = recording.series("eval/input_rows")
    assert sorted(rows) == sorted(np.argsort(-errors)[:10])
    kept = X[seen.predictions.rows[rows]].astype("float32")
    assert np.array_equal(recording.series("eval/inputs"), kept)


def test_the_bound_drops_what_is_largest_and_says_so():
    _, seen = both(RandomForestClassifier(5), NAMES)
    small = bounded(seen.recording, limit=1000)
    assert "eval/inputs" not in small.arrays
    assert "eval/input_rows" not in small.arrays
    assert "eval/valid/accuracy" in small.arrays
    assert any("eval/inputs is not kept" in told for told in small.facts["notices"])
