"""Scores from kept predictions: whole, row by row, and only where they explain what was reported."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss

from mldiag import Experiment, experiment
from mldiag.metrics import named_metric
from mldiag.run.worker import run_trial
from mldiag.scoring.scorer import row_scores, score_predictions, scorer_of


@pytest.mark.parametrize("name", ["accuracy", "error_rate", "mse", "mae", "mape"])
def test_rows_average_to_the_metric(name):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 50) if name in ("accuracy", "error_rate") else rng.normal(size=50)
    values = np.roll(truth, 3)
    metric = named_metric(name)
    assert row_scores(metric, truth, values).mean() == pytest.approx(
        score_predictions(metric, truth, values)
    )


def test_rows_of_several_outputs_average_to_the_metric():
    rng = np.random.default_rng(0)
    truth, values = rng.normal(size=(30, 2)), rng.normal(size=(30, 2))
    metric = named_metric("mse")
    assert row_scores(metric, truth, values).mean() == pytest.approx(
        score_predictions(metric, truth, values)
    )


def test_no_rows_for_a_metric_that_is_no_mean():
    assert row_scores(named_metric("f1"), [0, 1], [0, 1]) is None
    assert row_scores(named_metric("rmse"), [0.0, 1.0], [0.0, 1.0]) is None


def test_columns_stand_for_classes():
    truth = np.array(["b", "a", "c"])
    values = np.array([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.5, 0.4, 0.1]])
    assert row_scores(named_metric("accuracy"), truth, values).tolist() == [1.0, 1.0, 0.0]
    assert score_predictions(named_metric("log_loss"), truth, values) == pytest.approx(
        log_loss(truth, values)
    )


def test_one_column_of_a_network_is_no_matrix():
    metric = named_metric("mse")
    assert row_scores(metric, np.zeros(3), np.ones((3, 1))).tolist() == [1.0, 1.0, 1.0]


def test_a_score_of_two_classes_is_read_from_one_column():
    truth, values = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
    assert score_predictions(named_metric("roc_auc"), truth, values) == 0.75


def test_an_unknown_class_is_an_error_and_not_a_guess():
    with pytest.raises(ValueError, match="columns of predictions for"):
        score_predictions(named_metric("log_loss"), ["a", "b"], np.full((2, 3), 1 / 3))


def _labelled(metric, function):
    truth = np.tile([0, 1], 30)

    @experiment(data=(np.arange(60.0)[:, None], truth), metric=metric)
    def train(trial):
        predicted = (trial.X_valid[:, 0] > 20).astype(int)
        trial.predictions(predicted)
        return function(trial.y_valid, predicted)

    return train


def test_a_scorer_explains_the_score_it_reproduces_and_no_other():
    same = _labelled("f1", f1_score)
    result = run_trial(same, same.spec(), threads=1)
    assert scorer_of(same).explains(result)
    other = _labelled("f1", lambda truth, predicted: f1_score(truth, predicted, average="macro"))
    result = run_trial(other, other.spec(), threads=1)
    assert not scorer_of(other).explains(result)
    assert not scorer_of(same).explains(replace(result, predictions=None))


def test_a_metric_that_cannot_be_computed_has_no_scorer():
    assert scorer_of(_labelled("perplexity", lambda truth, predicted: 3.0)) is None


def test_an_estimators_own_metric_scores_resampled_rows():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    y = np.where(X[:, 0] + rng.normal(size=90) > 0, "yes", "no")

    def share_of_yes_found(y_true, y_pred):
        return float((y_pred[y_true == "yes"] == "yes").mean())

    for metric in (share_of_yes_found, "roc_auc", "accuracy", "neg_log_loss"):
        exp = Experiment.from_estimator(LogisticRegression(), X, y, metric=metric)
        result = run_trial(exp, exp.spec(), threads=1)
        scorer = scorer_of(exp)
        assert scorer.explains(result)
        kept = result.predictions
        rows = np.arange(len(kept.truth)).repeat(2)
        again = scorer(kept.truth[rows], kept.values[rows])
        assert again == pytest.approx(result.score(exp.metric.name))
        by_row = scorer.rows(kept.truth, kept.values)
        assert (by_row is None) == (metric != "accuracy")
