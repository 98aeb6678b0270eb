"""Searches that cut trainings short: at reported steps, or on fewer rows; kept, resumed, never in doubt."""

from functools import partial

import numpy as np
import pytest

import mldiag
from mldiag.run.worker import run_trial
from mldiag.steps.sweep.search.replay import replayed
from mldiag.steps.sweep.search.rungs import row_rungs, stop_rule
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from tests.steps.made_up import made_up_experiment, made_up_result, noise

LR = {"lr": mldiag.Float(1e-4, 1, default=1e-3, log=True), "other": mldiag.Float(0, 1, default=0.5)}


@mldiag.experiment(rows=400, metric="accuracy", params=LR)
def learner(trial):
    """A curve that rises to a level set by the learning rate; the draw of the rows adds noise."""
    level = 0.9 - 0.05 * abs(np.log10(trial.params["lr"]) + 1)
    level += np.random.default_rng([trial.spec.rows.repeat, int(1e6 * trial.params["lr"])]).normal(
        0, 0.002
    )
    for epoch in trial.epochs(12):
        trial.report(epoch, accuracy=float(level * (1 - 0.5 ** (epoch + 1))))
    return float(level)


def searched(experiment, settings, run):
    results = []
    while True:
        state = replayed(experiment, settings, results)
        known = {r.spec.digest for r in results}
        fresh = [s for s in state.wanted if s.digest not in known]
        if not fresh:
            return state, results
        results += [run(spec) for spec in fresh]


def epochs(results):
    return sum(len(result.history) for result in results)


@pytest.mark.parametrize("method", ["tpe", "hyperband"])
def test_cutting_saves_epochs_and_keeps_the_best(method):
    run = partial(run_trial, learner, threads=1)
    state, results = searched(learner, Settings(search=method, trials=24, repeats=3), run)
    cut = [r for r in results if r.status == "cut"]
    assert len(cut) >= 4
    assert all(r.spec.rows.repeat == 0 and r.fidelity_reached < 1 for r in cut)
    assert epochs(results) < 12 * len(results) - 5 * len(cut)
    best = state.tried.points[state.tried.leader]["lr"]
    assert 0.03 < best < 0.4


def test_the_defaults_and_the_race_are_never_cut():
    run = partial(run_trial, learner, threads=1)
    _, results = searched(learner, Settings(search="tpe", trials=20, repeats=3), run)
    for result in results:
        if dict(result.spec.params) == learner.defaults or result.spec.rows.repeat > 0:
            assert result.spec.stop is None
            assert result.status == "ok"


def test_a_search_that_was_cut_resumes_from_the_store_without_training_anything(tmp_path):
    asked = {"search": "tpe", "trials": 20, "repeats": 3, "tracking_uri": False, "store": tmp_path}
    first = mldiag.sweep(learner, **asked, engine="inline")
    again = mldiag.sweep(learner, **asked, engine="inline")
    assert first.result["cut"] >= 2
    assert again.trials.run == 0
    assert again.findings == first.findings
    assert any("cut short" in notice for notice in again.notices)


def test_a_cut_trial_never_answers_where_nothing_cuts_it(tmp_path):
    asked = {
        "trials": 20,
        "repeats": 3,
        "tracking_uri": False,
        "store": tmp_path,
        "engine": "inline",
    }
    found = mldiag.sweep(learner, search="tpe", **asked)
    both = zip(found.result["points"], found.result["scores"], strict=True)
    cut = [point for point, scores in both if scores[0] is None]
    alone = mldiag.sweep(learner, param=f"lr={cut[0]['lr']}", repeats=1, design="full", **{
        k: v for k, v in asked.items() if k not in ("trials", "repeats")})  # fmt: skip
    assert alone.trials.run >= 1


def test_where_the_length_of_training_is_searched_nothing_is_cut():
    params = {"epochs": mldiag.Int(5, 50, default=10), "lr": LR["lr"]}
    experiment = made_up_experiment(params=params)
    curve = tuple((step, {"accuracy": 0.1 * step}) for step in range(9))
    curves = [
        TrialResult(experiment.spec({"lr": 10.0**-i}), "ok", {"accuracy": 0.8}, history=curve)
        for i in range(4)
    ] * 2
    space = replayed(experiment, Settings(search="tpe"), []).space
    assert stop_rule(experiment, space, curves, hyperband=False) is None
    plain = made_up_experiment(params={"lr": LR["lr"], "width": mldiag.Int(1, 9, default=3)})
    space = replayed(plain, Settings(search="tpe"), []).space
    rule = stop_rule(plain, space, curves, hyperband=True)
    assert [step for step, _ in rule.thresholds] == [0, 2]
    assert stop_rule(plain, space, curves[:4], hyperband=True) is None


def test_hyperband_takes_fewer_rows_where_nothing_is_reported():
    experiment = made_up_experiment(params=LR)

    def run(spec):
        return made_up_result(experiment, spec, score)

    def score(spec, rows):
        return 0.9 - 0.05 * abs(np.log10(dict(spec.params)["lr"]) + 1) + noise(spec, 0.001)

    state, results = searched(experiment, Settings(search="hyperband", trials=28, repeats=2), run)
    sizes = [r.spec.rows.size for r in results]
    small, middle = row_rungs(experiment)
    assert (sizes.count(small), sizes.count(middle)) == (27, 9)
    assert len(state.tried.points) == 28
    assert 0.02 < state.tried.points[state.tried.leader]["lr"] < 0.5


def test_hyperband_without_anything_to_cut_says_what_searches_instead():
    experiment = made_up_experiment(rows=100, params=LR)

    def run(spec):
        return made_up_result(experiment, spec, lambda s, r: 0.5 + noise(s, 0.01))

    state, _ = searched(experiment, Settings(search="hyperband", trials=9, repeats=2), run)
    assert "tpe instead of hyperband" in state.choice.reason
    assert len(state.tried.points) == 9
