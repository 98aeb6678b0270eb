"""Pairs: which are looked at, what they are judged by, nuisance re-tuning, the length of the training."""

import math

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.svm import SVC

import mldiag
from mldiag.stats.bootstrap import resample_mean
from mldiag.steps import step_named
from mldiag.steps.sweep.pairs.additivity import additivity, additivity_on_fixed_rows
from mldiag.steps.sweep.pairs.alone import judged_alone
from mldiag.steps.sweep.pairs.choose import chosen_pairs
from mldiag.steps.sweep.pairs.design import design_of, levels_of
from mldiag.steps.sweep.pairs.retuned import cross_fitted, tuned_on_rows
from mldiag.steps.sweep.settings import Settings
from tests.steps.made_up import answer, made_up_experiment, noise

STEP = step_named("sweep")
BOTH = Settings(param=("lr", "width"), pairs=True, values=7)


def two(*, lr=1e-2, width=32, lr_role=None, width_role="capacity", **more):
    params = {
        "lr": mldiag.Float(1e-4, 1, default=lr, log=True, role=lr_role),
        "width": mldiag.Int(8, 512, default=width, log=True, role=width_role),
    }
    return made_up_experiment(params=params | more)


def at(spec):
    values = dict(spec.params)
    return math.log10(values["lr"]), math.log2(values["width"])


def ridge(sd=0.003):
    """The best rate falls as the width grows, and along that ridge wider is better."""

    def score(spec, rows):
        lr, width = at(spec)
        across = lr + 2 + (width - 5) * 0.5
        return 0.9 - 0.05 * across**2 + 0.008 * (width - 5) + noise(spec, sd)

    return score


def hill(sd=0.003):
    """Both act, each by itself: the best rate is 0.1 at every width, the best width 128 at every rate."""

    def score(spec, rows):
        lr, width = at(spec)
        return 0.9 - 0.03 * (lr + 1) ** 2 - 0.01 * (width - 7) ** 2 + noise(spec, sd)

    return score


def first(diagnosis, code):
    return next((f for f in diagnosis.findings if f.code == code), None)


def test_a_ridge_is_found_and_what_it_gains():
    diagnosis, results = answer(STEP, two(), BOTH, ridge())
    finding = first(diagnosis, "MD521")
    assert finding.outcome in ("advice", "problem")
    assert finding.action.kind == "tune"
    point = finding.action.value
    assert point["lr"] < 1e-2
    assert point["width"] > 32
    joint = diagnosis.joints[0]
    assert joint.additive.p < 0.01
    chosen, anchor = (joint.point(index) for index in (joint.chosen, joint.anchor))
    truth = 0.9 - 0.05 * (math.log10(chosen["lr"]) + 2 + (math.log2(chosen["width"]) - 5) / 2) ** 2
    truth += 0.008 * (math.log2(chosen["width"]) - 5)
    less = 0.9 - 0.05 * (math.log10(anchor["lr"]) + 2 + (math.log2(anchor["width"]) - 5) / 2) ** 2
    less += 0.008 * (math.log2(anchor["width"]) - 5)
    assert finding.action.gain.low - 0.004 < truth - less < finding.action.gain.high + 0.004
    assert diagnosis.headline.startswith("PAIR +")
    assert diagnosis.next_step == "sweep --search auto --param lr --param width"
    full = len(joint.design.points) * 5
    assert len(results) < full  # the hopeless points were left after the first look


def test_two_that_add_up_are_safe_one_at_a_time():
    diagnosis, _ = answer(STEP, two(), BOTH, hill(sd=0.001))
    finding = first(diagnosis, "MD521")
    assert finding.outcome == "passed"
    assert finding.action.kind == "none"
    assert diagnosis.joints[0].point(diagnosis.joints[0].anchor)["lr"] > 0.01


def test_bests_that_spoil_each_other_are_told():
    def score(spec, rows):
        values = dict(spec.params)
        gained = (values["lr"] > 0.05) + (values["width"] > 100)
        return 0.8 + (0.0, 0.03, -0.05)[gained] + noise(spec, 0.001)

    diagnosis, _ = answer(STEP, two(), BOTH, score)
    finding = first(diagnosis, "MD521")
    assert finding.outcome == "advice"
    assert "do not add up" in finding.title
    assert finding.action.gain is None


def test_nothing_but_noise_claims_next_to_nothing():
    claims = 0
    for draw in range(6):

        def score(spec, rows, draw=draw):
            own = np.random.default_rng([draw, int(spec.digest[:8], 16)]).normal(0, 0.02)
            return 0.8 + own + np.random.default_rng([draw, spec.rows.repeat]).normal(0, 0.02)

        diagnosis, _ = answer(
            STEP, two(), Settings(param=("lr", "width"), pairs=True, values=5), score
        )
        claims += any(
            f.action is not None and f.action.gain is not None for f in diagnosis.findings
        )
    assert claims <= 1


def test_the_answer_is_the_same_in_whatever_order_results_come():
    experiment = two()
    _, results = answer(STEP, experiment, BOTH, ridge())
    one = STEP.diagnose(experiment, BOTH, results).result()["pairs"]
    other = STEP.diagnose(experiment, BOTH, results[::-1]).result()["pairs"]
    assert str(one) == str(other)
    assert STEP.plan(experiment, BOTH, tuple(results[::-1])) == []


def test_trials_of_pairs_do_not_change_what_each_says_alone():
    experiment = two()
    alone, own = answer(STEP, experiment, Settings(param=("lr", "width"), values=7), ridge())
    _, results = answer(STEP, experiment, BOTH, ridge())
    replayed = judged_alone(experiment, BOTH, results)
    assert [f.title for f in replayed.findings] == [f.title for f in alone.findings]
    assert {r.spec.digest for r in own} <= {r.spec.digest for r in results}


def test_pairs_are_chosen_by_knowledge_and_by_effect():
    experiment = two(
        kind=mldiag.Categorical(["a", "b"], default="a"),
        gamma=mldiag.Float(1e-3, 1, default=0.1, log=True, when={"kind": "b"}),
    )
    alone, _ = answer(STEP, experiment, Settings(all=True, values=5), ridge())
    pairs, left_out = chosen_pairs(experiment.params, alone.axes)
    assert pairs[0].names == ("lr", "width")
    assert "known to act on each other" in pairs[0].why
    assert len(pairs) == 3
    assert ("kind", "gamma") not in [pair.names for pair in pairs]
    assert any("a condition, not an interaction" in line for line in left_out)


def test_one_parameter_alone_makes_no_pair():
    diagnosis, _ = answer(STEP, two(), Settings(param="lr", pairs=True, values=5), hill())
    assert first(diagnosis, "MD521").outcome == "skipped"
    assert STEP.plot(diagnosis).axes


def test_levels_hold_the_default_and_the_best_and_reach_over_the_range():
    experiment = two()
    alone, _ = answer(STEP, experiment, Settings(param=("lr", "width"), values=9), hill())
    for found in alone.axes:
        levels = levels_of(found)
        assert len(levels) == 5
        assert found.axis.values[found.axis.default] in levels
        assert levels == tuple(sorted(levels))
        ratios = np.diff(np.log(levels))
        assert max(ratios) < 0.6 * np.log(found.axis.values[-1] / found.axis.values[0])
    pairs, _ = chosen_pairs(experiment.params, alone.axes)
    design = design_of(experiment, BOTH, pairs[0])
    assert len(design.points) == 25
    assert len({spec.digest for row in design.specs for spec in row}) == 125


def test_additivity_keeps_its_error_on_redrawn_and_on_fixed_rows():
    random, redrawn, fixed = np.random.default_rng(3), 0, 0
    sums = np.add.outer([0.0, 0.3, 0.5], [0.0, 0.1, 0.2, 0.3])[:, :, None]
    for _ in range(200):
        table = sums + random.normal(0, 0.1, (3, 4, 3)) + random.normal(0, 0.1, 3)
        redrawn += additivity(table, valid_to_train=0.0).p < 0.05
    assert redrawn <= 20
    for draw in range(40):
        rows = random.random((2, 2, 80)) < 0.7
        scores = resample_mean(rows.reshape(4, 1, 80).astype(float), seed=draw, resamples=200)
        measured, resampled = (
            scores.measured.reshape(2, 2, 1),
            scores.resampled.reshape(-1, 2, 2, 1),
        )
        fixed += additivity_on_fixed_rows(measured, resampled).p < 0.05
    assert fixed <= 6


def wide_needs_a_low_rate(sd=0.002):
    """At the default rate width is flat; at its own rate each width is better than the narrower."""

    def score(spec, rows):
        lr, width = at(spec)
        best = -1.0 - 0.4 * (width - 5)
        return 0.85 + 0.02 * (width - 5) - 0.04 * (lr - best) ** 2 + noise(spec, sd)

    return score


def test_a_width_that_needs_its_own_rate_is_found_once_the_rate_is_tuned_for_it():
    experiment = two(lr=0.1, lr_role="nuisance")
    diagnosis, _ = answer(STEP, experiment, BOTH, wide_needs_a_low_rate())
    (found,) = diagnosis.retunings
    assert found.nuisance == "lr"
    finding = first(diagnosis, "MD522")
    assert finding.outcome in ("advice", "problem")
    assert finding.action.kind == "larger_model"
    assert finding.action.value["width"] > 100
    assert finding.action.value["lr"] < 0.1
    assert finding.action.gain.low > 0.02
    assert found.untuned.high < found.gain.low
    assert "lr at its default" in finding.title
    assert found.tuned[0] > found.tuned[-1]


def test_a_width_that_is_only_better_at_the_default_rate_is_told():
    def score(spec, rows):
        lr, width = at(spec)
        best = -1 - 0.3 * (width - 5)  # every width is as good at its own rate
        return 0.9 - 0.04 * (lr - best) ** 2 + noise(spec, 0.0008)

    experiment = two(lr=0.01, lr_role="nuisance")
    diagnosis, _ = answer(
        STEP, experiment, Settings(param=("lr", "width"), pairs=True, values=9), score
    )
    finding = first(diagnosis, "MD522")
    assert finding.outcome in ("advice", "passed", "inconclusive")
    assert finding.action is None or finding.action.gain is None


def test_tuning_does_not_flatter():
    random = np.random.default_rng(0)
    rows = [list(range(5 * value, 5 * value + 5)) for value in range(4)]
    naive, fitted = [], []
    for _ in range(200):
        scores = 0.8 + random.normal(0, 0.02, (20, 5))
        naive.append(max(scores[row].mean(axis=1).max() for row in rows))
        fitted.append(cross_fitted(scores, rows).mean())
    assert np.mean(naive) > 0.81
    assert abs(np.mean(fitted) - 0.8) < 0.002


def test_tuning_on_fixed_rows_chooses_on_other_rows():
    random = np.random.default_rng(0)
    gaps = []
    for draw in range(30):
        right = (random.random((6, 1, 90)) < 0.8).astype(float)
        tuned = tuned_on_rows(resample_mean(right, seed=draw, resamples=50), [[0, 1, 2], [3, 4, 5]])
        assert tuned.measured.shape == (2, 1)
        gaps.append(float(tuned.measured.mean()) - 0.8)
    assert abs(np.mean(gaps)) < 0.012


def by_length(moves, sd=0.002):
    """The best rate halves with every doubling of the length, or stays."""

    def score(spec, rows):
        lr, _ = at(spec)
        best = -1.5 - moves * math.log2(spec.fidelity)
        found = 0.9 + 0.02 * math.log2(spec.fidelity) - 0.05 * (lr - best) ** 2 + noise(spec, sd)
        return {"accuracy": found}

    return score


def answer_with_epochs(experiment, settings, score):
    """As `answer`, for a train function that counts its epochs: a part of the training is a part."""
    from dataclasses import replace

    from tests.steps.made_up import made_up_result

    results = {}
    for _ in range(20):
        fresh = STEP.plan(experiment, settings, tuple(results.values()))
        if not fresh:
            break
        for spec in fresh:
            result = made_up_result(experiment, spec, score)
            results[spec.digest] = replace(result, fidelity_reached=spec.fidelity)
    return STEP.diagnose(experiment, settings, list(results.values()))


def test_the_best_rate_moves_with_the_length_and_is_told_for_twice_of_it():
    diagnosis = answer_with_epochs(
        two(), Settings(param=("lr", "width"), pairs=True), by_length(0.4)
    )
    finding = first(diagnosis, "MD523")
    assert finding.outcome == "advice"
    assert "falls" in finding.title
    assert finding.action.gain is None
    found = diagnosis.schedule
    assert found.shift.low < 10**-0.8 < found.shift.high
    assert found.twice.estimate < found.optima[-1].estimate < found.optima[0].estimate
    assert STEP.plot(diagnosis).axes


def test_a_rate_that_stays_is_safe_to_tune_on_short_trainings():
    diagnosis = answer_with_epochs(
        two(), Settings(param=("lr", "width"), pairs=True), by_length(0.0, sd=0.001)
    )
    assert first(diagnosis, "MD523").outcome == "passed"


def test_a_training_that_cannot_be_shortened_has_no_length():
    diagnosis, results = answer(STEP, two(), BOTH, hill())
    assert first(diagnosis, "MD523") is None
    assert sum(result.spec.fidelity < 1 for result in results) == 1  # one trial has told that


def test_a_duration_parameter_shortens_where_there_is_one():
    epochs = mldiag.Int(2, 40, default=16, role="duration")

    def score(spec, rows):
        lr, _ = at(spec)
        length = math.log2(dict(spec.params)["epochs"] / 16)
        return 0.9 - 0.05 * (lr + 1.5 + 0.4 * length) ** 2 + noise(spec, 0.002)

    diagnosis, results = answer(STEP, two(epochs=epochs), BOTH, score)
    assert first(diagnosis, "MD523").outcome == "advice"
    assert diagnosis.schedule.duration == "epochs"
    assert all(result.spec.fidelity == 1 for result in results)


@pytest.mark.parametrize("score", [ridge(), hill(sd=0.03)])
def test_figures_are_drawn(score):
    diagnosis, _ = answer(STEP, two(kind=mldiag.Categorical(["a", "b"], default="a")),
                          Settings(all=True, pairs=True, values=5), score)  # fmt: skip
    figure = STEP.plot(diagnosis)
    assert len([axes for axes in figure.axes if axes.get_xlabel()]) == len(diagnosis.joints) == 3


def test_failed_trials_are_marked_and_no_candidates():
    def score(spec, rows):
        lr, width = at(spec)
        return None if lr > -1.2 and width > 6 else ridge()(spec, rows)

    diagnosis, _ = answer(STEP, two(), BOTH, score)
    joint = diagnosis.joints[0]
    assert np.isfinite(joint.table.scores[joint.chosen]).all()
    assert STEP.plot(diagnosis).axes


def test_an_svm_end_to_end(tmp_path):
    rows, kinds = load_breast_cancer(return_X_y=True)
    some = np.random.default_rng([1, 2026]).permutation(len(kinds))[:120]
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    experiment = mldiag.Experiment.from_estimator(
        SVC(), scaled[some], kinds[some],
        params={"C": mldiag.Float(1e-2, 1e3, default=0.05, log=True),
                "gamma": mldiag.Float(1e-4, 10, default=1.0, log=True)},
    )  # fmt: skip
    report = mldiag.sweep(
        experiment, param=("C", "gamma"), pairs=True, values=7, tracking_uri=False,
        store=tmp_path, engine="inline",
    )  # fmt: skip
    finding = next(f for f in report.findings if f.code == "MD521")
    assert finding.outcome == "problem"
    assert finding.action.value["C"] > 0.05
    assert finding.action.gain.low > 0.05
    assert report.result["pairs"][0]["verdict"] == "misleads"
    assert not any(f.code == "MD504" for f in report.findings)  # alone, C changes nothing
