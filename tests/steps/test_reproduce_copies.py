"""MD124: scoring rows among the training rows, and what they do to the score of this model."""

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

import mldiag
from mldiag.steps.reproduce import copies
from mldiag.steps.reproduce.copies import copy_specs
from mldiag.steps.reproduce.settings import Settings


def rows_with_copies(share, count=900):
    random = np.random.default_rng(5)
    X = random.normal(size=(count, 6))
    y = X @ np.array([3.0, -2.0, 1.0, 0.5, 0.0, 0.0]) + random.normal(size=count)
    copied = random.choice(count, round(share * count), replace=False)
    return np.vstack([X, X[copied]]), np.concatenate([y, y[copied]])


def of(model, share=0.1):
    return mldiag.Experiment.from_estimator(model, *rows_with_copies(share), metric="r2")


def found_in(experiment, folder):
    report = mldiag.reproduce(
        experiment, tracking_uri=False, store=folder, engine="inline", repeats=4
    )
    return report, next(f for f in report.findings if f.code == "MD124")


def test_a_model_that_remembers_them_scores_too_well_by_so_much(tmp_path):
    report, found = found_in(of(DecisionTreeRegressor(), share=0.3), tmp_path)
    told = found.evidence["flattered"]
    assert found.outcome == "problem"
    assert told["pairs"] == 4
    assert told["change"].low > 0
    assert "too good by +" in found.explanation
    assert "not settled" not in found.explanation
    assert report.actions[0].kind == "fix_split"


def test_a_linear_model_cannot_remember_them(tmp_path):
    report, found = found_in(of(Ridge()), tmp_path)
    assert found.outcome == "advice"
    assert "hardly flatter" in found.explanation
    assert abs(found.evidence["flattered"]["change"].estimate) < 0.005
    assert report.outcome != "problem"


def test_a_table_that_was_appended_to_itself_is_a_problem_for_any_model(tmp_path):
    _, found = found_in(of(Ridge(), share=1.0), tmp_path)
    assert found.outcome == "problem"
    assert found.evidence["share"] > 0.6


def test_nothing_is_trained_for_it_where_there_are_none(tmp_path):
    report, found = found_in(of(Ridge(), share=0.0), tmp_path)
    assert found.outcome == "passed"
    assert "flattered" not in found.evidence
    assert report.trials.planned == 10
    assert copy_specs(of(Ridge(), share=0.0), Settings(repeats=2)) == []


def test_too_many_copies_are_not_measured(monkeypatch):
    monkeypatch.setattr(copies, "MOST_ROWS", 5)
    assert copy_specs(of(Ridge()), Settings(repeats=2)) == []


def test_the_copies_are_left_out_of_the_training_rows_alone():
    experiment = of(Ridge())
    for plain, bare in zip(range(2), copy_specs(experiment, Settings(repeats=2)), strict=True):
        train, valid = experiment.splits.rows(experiment.spec(repeat=plain).rows)
        (change,) = bare.interventions
        assert change.argument("part") is None
        assert set(change.argument("rows")) <= set(train.tolist())
        assert not set(change.argument("rows")) & set(valid.tolist())
