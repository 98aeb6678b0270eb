"""The adaptive sweep: few trials, ends, choices, lists, conditions, order, budgets, fixed rows, resuming."""

import math

import numpy as np
import pytest

import mldiag
from mldiag.steps import step_named
from mldiag.steps.sweep.axes import asked_axes
from mldiag.steps.sweep.one_at_a_time.rounds import FIRST_REPEATS
from mldiag.steps.sweep.settings import Settings
from tests.steps.made_up import answer, made_up_experiment, made_up_result, noise

STEP = step_named("sweep")


def value(spec, name="lr"):
    return dict(spec.params)[name]


def peak(at, *, width=2.0, sd=0.003, name="lr"):
    def score(spec, rows):
        return 0.9 - 0.1 * (math.log10(value(spec, name) / at) / width) ** 2 + noise(spec, sd)

    return score


def rounds(experiment, settings, score):
    """The specs of each round."""
    results, told = {}, []
    while fresh := STEP.plan(experiment, settings, tuple(results.values())):
        told.append(fresh)
        results |= {spec.digest: made_up_result(experiment, spec, score) for spec in fresh}
        assert len(told) < 15
    return told


def first(diagnosis, code):
    return next((f for f in diagnosis.findings if f.code == code), None)


def test_a_clear_optimum_takes_less_than_half_of_the_grids_trials():
    experiment, settings = made_up_experiment(), Settings(param="lr")
    diagnosis, results = answer(STEP, experiment, settings, peak(0.2))
    assert len(results) <= 20
    assert 0.05 < diagnosis.axes[0].best_value < 0.8
    assert len(rounds(experiment, settings, peak(0.2))) <= 8
    _, full = answer(STEP, experiment, Settings(param="lr", design="full"), peak(0.2))
    assert len(full) == 45


def test_the_default_is_repeated_before_anything_is_claimed():
    specs = rounds(made_up_experiment(), Settings(param="lr"), peak(0.2))[0]
    assert sum(value(spec) == 0.01 for spec in specs) == FIRST_REPEATS
    assert len({value(spec) for spec in specs}) <= 6


def test_a_claimed_value_has_repeats_of_its_own_and_an_interval():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(param="lr"), peak(0.2))
    (found,) = diagnosis.axes
    assert found.measured.verdict == "better value"
    assert found.measured.comparisons.repeats[found.measured.best] >= 3
    low, high = first(diagnosis, "MD501").evidence["best_value_interval"]
    assert low <= 0.2 <= high
    assert "80 %" in first(diagnosis, "MD501").explanation


def test_the_order_of_the_results_changes_nothing():
    experiment, settings = made_up_experiment(), Settings(param="lr")
    specs = [s for part in rounds(experiment, settings, peak(0.2))[:2] for s in part]
    results = [made_up_result(experiment, spec, peak(0.2)) for spec in specs]
    shuffled = [results[i] for i in np.random.default_rng(0).permutation(len(results))]
    assert STEP.plan(experiment, settings, results) == STEP.plan(experiment, settings, shuffled)


def test_no_value_gets_more_repeats_than_asked_for():
    told = rounds(made_up_experiment(), Settings(param="lr", repeats=2), peak(0.2, sd=0.02))
    assert {spec.rows.repeat for part in told for spec in part} == {0, 1}


def test_a_useless_noisy_parameter_is_seldom_claimed():
    claims = []
    for seed in range(25):

        def score(spec, rows, seed=seed):
            own = int(spec.digest[:8], 16) ^ (seed * 7919)
            return 0.9 + np.random.default_rng(own).normal(0, 0.01)

        diagnosis, _ = answer(STEP, made_up_experiment(), Settings(param="lr"), score)
        claims.append(diagnosis.axes[0].measured.verdict == "better value")
    assert sum(claims) <= 3


def test_a_range_narrower_than_declared_is_widened_within_the_declared_one():
    settings = Settings(param="lr=1e-3:1e-2")
    diagnosis, results = answer(STEP, made_up_experiment(), settings, peak(0.5, width=1.0))
    assert max(value(r.spec) for r in results) == 1.0  # the declared end, and not beyond
    assert 0.1 < diagnosis.axes[0].best_value <= 1


def test_beyond_the_declared_range_only_where_asked():
    score = peak(30.0, width=1.0)
    diagnosis, results = answer(STEP, made_up_experiment(), Settings(param="lr"), score)
    assert max(value(r.spec) for r in results) == 1.0
    assert diagnosis.axes[0].edge == "high"
    assert first(diagnosis, "MD502").command.endswith("lr=0.0001:10:log")
    assert "better beyond?" in {t.get_text() for t in STEP.plot(diagnosis).axes[0].texts}


def test_choices_race_and_lists_are_not_refined():
    def score(spec, rows):
        return 0.8 + 0.05 * (value(spec, "kind") == "b") + noise(spec, 0.004)

    diagnosis, results = answer(STEP, made_up_experiment(), Settings(param="kind"), score)
    assert diagnosis.axes[0].best_value == "b"
    assert STEP.plot(diagnosis).axes
    _, results = answer(STEP, made_up_experiment(), Settings(param="lr=0.003,0.1,0.3"), peak(0.1))
    assert {value(r.spec) for r in results} == {0.003, 0.01, 0.1, 0.3}


def test_whole_numbers_and_zero_stay_what_they_are():
    params = {
        "k": mldiag.Int(1, 12, default=9),
        "decay": mldiag.Float(1e-5, 1, default=1e-2, log=True, zero=True),
    }

    def score(spec, rows):
        return (
            0.9
            - 0.01 * abs(value(spec, "k") - 4)
            - 0.02 * value(spec, "decay")
            + noise(spec, 0.002)
        )

    diagnosis, results = answer(STEP, made_up_experiment(params=params), Settings(all=True), score)
    by_name = {found.axis.name: found for found in diagnosis.axes}
    assert by_name["k"].best_value in (3, 4, 5)
    assert all(isinstance(value(r.spec, "k"), int) for r in results)
    assert 0 in by_name["decay"].axis.values
    assert STEP.plot(diagnosis).axes


def conditional():
    return made_up_experiment(
        params={
            "kernel": mldiag.Categorical(["linear", "rbf"], default="linear"),
            "gamma": mldiag.Float(1e-4, 1, default=1e-3, log=True, when={"kernel": "rbf"}),
        }
    )


def test_a_parameter_that_does_not_act_at_the_defaults_moves_where_it_does():
    experiment = conditional()
    diagnosis, results = answer(STEP, experiment, Settings(param="gamma"), peak(0.1, name="gamma"))
    assert {value(r.spec, "kernel") for r in results} == {"rbf"}
    finding = first(diagnosis, "MD501")
    assert finding.title.startswith("while kernel = rbf, gamma = ")
    assert finding.action.text.startswith("Set kernel = rbf and gamma = ")
    assert finding.action.gain is None
    assert finding.evidence["while"] == {"kernel": "rbf"}
    assert STEP.plot(diagnosis).axes[0].get_xlabel() == "gamma, while kernel = rbf"


def test_parameters_are_walked_by_role_then_by_what_they_change():
    def score(spec, rows):
        return peak(0.2)(spec, rows) + 0.001 * math.log2(value(spec, "width"))

    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(all=True), score)
    (sentence,) = diagnosis.notices
    assert "by their role" in sentence
    assert sentence.index("lr (") < sentence.index("width (")
    assert diagnosis.axes[0].axis.name == "lr"


def test_short_of_time_the_most_promising_parameter_is_finished_first():
    experiment, settings = made_up_experiment(), Settings(all=True)
    looked = STEP.plan(experiment, settings, (), 100.0)
    assert {value(spec, "width") for spec in looked} == {
        32
    }  # nothing known of the time: one first look
    done = [made_up_result(experiment, s, peak(0.2)) for s in STEP.plan(experiment, settings)]
    fresh = STEP.plan(experiment, settings, done, 1.0)
    assert {value(spec, "width") for spec in fresh} == {32}
    assert len({value(spec) for spec in fresh}) > 1


def test_a_plateau_of_equal_scores_is_ignored_only_after_repeats():
    told = rounds(made_up_experiment(), Settings(param="lr"), lambda s, _: 0.9)
    assert len(told) == 2
    assert all(len({s.rows.repeat for s in told[1] if value(s) == v}) == 2 for v in (1e-4, 1.0))


def test_a_learner_without_chance_on_fixed_rows_needs_one_trial_a_value():
    rows = np.arange(60.0)[:, None]

    @mldiag.experiment(
        data=(rows[:40], np.resize([0, 1], 40)), valid=(rows[40:], np.resize([0, 1], 20)), metric="accuracy",
        params={"lr": mldiag.Float(1e-4, 1, default=1e-2, log=True)},
    )  # fmt: skip
    def fixed(trial):
        return 0.0

    def score(spec, _):
        return 0.9 - 0.05 * abs(math.log10(value(spec) / 0.1))

    experiment = fixed.renamed(deterministic=True)
    diagnosis, results = answer(STEP, experiment, Settings(param="lr"), score)
    values = [value(r.spec) for r in results]
    assert len(values) == len(set(values))
    assert (
        diagnosis.outcome == "inconclusive"
    )  # no per-row predictions: nothing is known of the noise


def test_a_default_that_gave_no_score_still_ends():
    def score(spec, rows):
        return None if value(spec) == 0.01 else peak(0.1)(spec, rows)

    diagnosis, results = answer(STEP, made_up_experiment(), Settings(param="lr"), score)
    assert len(results) <= 20
    assert diagnosis.outcome == "problem"


@pytest.mark.parametrize("design", ["adaptive", "full"])
def test_the_charts_of_mlflow_have_whole_steps(design):
    settings = Settings(param="lr", design=design)
    diagnosis, _ = answer(STEP, made_up_experiment(), settings, peak(0.2))
    for points in diagnosis.curves().values():
        assert all(isinstance(step, int) for step in points)
    assert diagnosis.scalars()["best_value"] == diagnosis.axes[0].best_value


def test_the_values_of_a_first_look_never_exceed_what_was_asked():
    (axis,) = asked_axes(made_up_experiment(), Settings(param="lr", values=3))
    assert len(axis.coarse(3).values) <= 4  # and the default


def test_a_real_sweep_repeats_itself_from_the_store(tmp_path):
    from sklearn.datasets import load_iris
    from sklearn.neighbors import KNeighborsClassifier

    experiment = mldiag.Experiment.from_estimator(
        KNeighborsClassifier(), *load_iris(return_X_y=True), metric="accuracy", name="iris_knn",
        params={"n_neighbors": mldiag.Int(1, 80, default=80, log=True)},
    )  # fmt: skip
    options = {"engine": "inline", "tracking_uri": False, "store": tmp_path}
    report = mldiag.sweep(experiment, param="n_neighbors", **options)
    assert report.actions[0].value < 40
    assert report.actions[0].kind == "less_regularization"
    again = mldiag.sweep(experiment, param="n_neighbors", **options)
    assert again.trials.run == 0
    assert again.headline == report.headline
