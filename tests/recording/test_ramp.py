"""A rising learning rate: the schedule, its end, and what it does to the trainings of libraries."""

import math
import sys

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mldiag
from mldiag.recording.mlp_steps import mlp_steps
from mldiag.recording.on_import import once_imported
from mldiag.recording.ramp import RAMP, Ramp, RampOver
from mldiag.recording.sgd_steps import mean_loss, step_sgd
from mldiag.run.worker import run_trial
from mldiag.trial_spec import Intervention

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(120, 5))
CLASSES = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(int)


def ramp(**changes):
    return Ramp(**{"low": 1e-4, "high": 1.0, "steps": 9, "reference": 1e-2} | changes)


def run(the_ramp, losses):
    try:
        for loss in losses:
            the_ramp.saw_loss(loss)
            the_ramp.end_step()
    except RampOver:
        return True
    return False


def ramp_change(param, low=1e-5, high=100.0, steps=60):
    named = (("param", param), ("low", low), ("high", high), ("steps", steps))
    return (Intervention(RAMP, named),)


def test_rates_are_even_on_the_logarithmic_scale_from_end_to_end():
    one = ramp()
    assert run(one, [1.0] * 9)
    rates = [values["lr"] for _, values in one.record]
    assert rates[0] == pytest.approx(1e-4)
    assert rates[-1] == pytest.approx(1.0)
    assert np.ptp(np.diff(np.log(rates))) < 1e-9


def test_an_optimizer_keeps_its_ratio_to_the_parameter():
    one, half = ramp(), {}
    assert one.rate_for(half, 0.005) == pytest.approx(0.5 * one.rate)
    assert one.rate_for(half, 123.0) == pytest.approx(0.5 * one.rate)  # as it was first seen
    assert one.rate_for({"warming": "up"}, 0.0) == pytest.approx(one.rate)


@pytest.mark.parametrize("end", [math.nan, math.inf, 1e6])
def test_a_loss_out_of_its_range_ends_it_and_is_told(end):
    one = ramp(steps=100)
    assert run(one, [2.0, 2.0, 1.9, 1.8, 1.7, 1.5, 1.4, end, 1.0])
    assert len(one.record) == 8
    assert one.record[-1][1]["broken"] == 1.0
    assert ("loss" in one.record[-1][1]) == math.isfinite(end)


def test_noise_alone_does_not_end_it():
    one = ramp(steps=100)
    assert not run(one, 2 + RANDOM.normal(0, 0.4, 99))


def test_code_that_goes_on_after_the_end_is_ended_at_its_next_step():
    one = ramp(steps=1)
    assert run(one, [1.0])
    with pytest.raises(RampOver):
        one.begin_step()
    assert not issubclass(RampOver, Exception)


def test_something_is_done_when_a_module_is_imported_and_never_before():
    seen = []
    with once_imported("colorsys", seen.append):
        was_there = "colorsys" in sys.modules
        assert bool(seen) == was_there
        sys.modules.pop("colorsys", None)
    with once_imported("colorsys", seen.append):
        before = len(seen)
        import colorsys

        assert len(seen) == before + 1
        assert seen[-1] is colorsys
    finders = [type(finder).__name__ for finder in sys.meta_path]
    assert "_Watcher" not in finders


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_a_perceptron_steps_at_the_rate_of_the_ramp_and_is_itself_afterwards(solver):
    network = MLPClassifier(
        (8,), solver=solver, learning_rate_init=1e-2, max_iter=3, random_state=0
    )
    before = MLPClassifier._backprop, MLPClassifier._fit_stochastic
    one = ramp(steps=60)
    with mlp_steps(one), pytest.raises(RampOver):
        network.fit(ROWS, CLASSES)
    assert len(one.record) == 60  # three epochs would have been three steps
    assert all({"lr", "loss", "gradient_norm"} <= set(values) for _, values in one.record)
    assert (MLPClassifier._backprop, MLPClassifier._fit_stochastic) == before
    assert network._optimizer.learning_rate_init == 1e-2
    with pytest.warns(ConvergenceWarning, match=r"\(3\)"):
        network.fit(ROWS, CLASSES)
    assert network.n_iter_ == 3


def test_a_perceptron_with_early_stopping_goes_on_until_the_end():
    one = ramp(steps=50, low=1e-9, high=1e-8)  # nothing improves at such rates
    network = MLPRegressor(
        hidden_layer_sizes=(4,), solver="sgd", early_stopping=True, random_state=0
    )
    with mlp_steps(one), pytest.raises(RampOver):
        network.fit(ROWS, ROWS[:, 0])
    assert len(one.record) == 50


@pytest.mark.parametrize(
    ("model", "targets"),
    [
        (SGDClassifier(loss="log_loss", eta0=0.1), CLASSES),
        (SGDClassifier(loss="hinge", eta0=0.1), RANDOM.integers(0, 3, 120)),
        (SGDRegressor(eta0=0.1), ROWS[:, 0]),
    ],
)
def test_a_linear_model_is_stepped_in_minibatches_behind_its_pipeline(model, targets):
    one = ramp(steps=80, low=1e-4, high=1e3)
    pipeline = make_pipeline(StandardScaler(), model.set_params(random_state=0))
    with pytest.raises(RampOver):
        step_sgd(pipeline, 100 * ROWS, targets, one, seed=0)
    losses = [values["loss"] for _, values in one.record if "loss" in values]
    assert len(losses) > 20
    assert min(losses[20:]) < np.median(losses[:10])


def test_the_loss_of_a_linear_model_is_the_one_it_minimises():
    model = SGDClassifier(loss="hinge", random_state=0).fit(ROWS, CLASSES)
    margin = np.where(CLASSES == 1, 1, -1) * model.decision_function(ROWS)
    assert mean_loss(model, ROWS, CLASSES) == pytest.approx(np.maximum(0, 1 - margin).mean())


def test_a_trial_that_is_a_range_test_has_a_history_and_no_score():
    experiment = mldiag.Experiment.from_estimator(
        MLPClassifier((8,), max_iter=5),
        ROWS,
        CLASSES,
        params={"learning_rate_init": mldiag.Float(1e-4, 1, default=1e-3, log=True)},
    )
    spec = experiment.spec({}, interventions=ramp_change("learning_rate_init"))
    result = run_trial(experiment, spec, threads=1)
    assert result.status == "ok"
    assert result.metrics == {}
    assert [step for step, _ in result.history] == list(range(len(result.history)))
    assert len(result.history) > 20
    assert run_trial(experiment, experiment.spec(), threads=1).metrics["accuracy"] > 0


def test_a_training_of_its_own_making_is_run_once_and_has_no_history():
    epochs = []

    @mldiag.experiment(
        data=(ROWS, CLASSES), metric="accuracy", params={"lr": mldiag.Float(1e-3, 1, default=0.1)}
    )
    def by_hand(trial):
        epochs.extend(trial.epochs(7))
        trial.report(1, accuracy=0.5)

    result = run_trial(by_hand, by_hand.spec(interventions=ramp_change("lr")), threads=1)
    assert result.status == "ok"
    assert result.history == ()
    assert epochs == list(range(7))


def test_an_error_of_the_code_is_told_and_one_that_comes_of_divergence_is_not():
    def experiment(fails_at):
        @mldiag.experiment(
            data=(ROWS, CLASSES),
            metric="accuracy",
            params={"lr": mldiag.Float(1e-3, 1, default=0.1)},
        )
        def failing(trial):
            network = MLPClassifier((8,), solver="sgd", learning_rate_init=trial.params["lr"])
            for _ in trial.epochs(500):
                network.partial_fit(trial.X_train, trial.y_train, classes=[0, 1])
                if fails_at(network):
                    raise ValueError("my own")

        return failing

    bug = experiment(lambda network: network.t_ > 200)
    result = run_trial(bug, bug.spec(interventions=ramp_change("lr")), threads=1)
    assert result.status == "failed"
    assert "my own" in result.error
    wild = experiment(lambda network: network.loss_ > 3)
    result = run_trial(wild, wild.spec(interventions=ramp_change("lr", high=1e4)), threads=1)
    assert result.status == "ok"
    assert "broken" in result.history[-1][1]
