"""The sweep: its values, its verdicts, widening, search, its figures."""

import math

import numpy as np
import pytest

import mldiag
from mldiag import MldiagError
from mldiag.steps import step_named
from mldiag.steps.sweep.axes import asked_axes
from mldiag.steps.sweep.settings import Settings
from tests.steps.made_up import answer, made_up_experiment, noise

STEP = step_named("sweep")


def lr_of(spec):
    return dict(spec.params)["lr"]


def peak(at, *, height=0.9, width=2.0, sd=0.003):
    """A smooth optimum on the logarithmic scale."""

    def score(spec, rows):
        distance = math.log10(lr_of(spec) / at)
        return height - 0.1 * (distance / width) ** 2 + noise(spec, sd)

    return score


def first(diagnosis, code):
    return next((f for f in diagnosis.findings if f.code == code), None)


def test_the_default_is_always_among_the_values():
    (axis,) = asked_axes(made_up_experiment(), Settings(param="lr=0.1,0.5"))
    assert axis.values == (0.01, 0.1, 0.5)
    assert axis.values[axis.default] == 0.01


def test_several_parameters_move_one_at_a_time():
    experiment = made_up_experiment()
    specs = STEP.plan(experiment, Settings(param=("lr", "kind"), values=4, repeats=2))
    moved = [
        {name for name, value in spec.params if value != experiment.defaults[name]}
        for spec in specs
    ]
    assert max(len(names) for names in moved) == 1
    assert len(specs) == len(set(specs))


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ((), "no parameter to move"),
        (("lrr",), "nearest: lr"),
        (("lr", "lr=0.1,1"), "named twice"),
        (("kind=c",), "no choice of 'kind'"),
    ],
)
def test_wrong_parameters_are_named(params, says):
    with pytest.raises(MldiagError, match=says):
        asked_axes(made_up_experiment(), Settings(param=params))


def test_a_better_value_is_claimed_with_its_gain():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(param="lr"), peak(0.3))
    finding = first(diagnosis, "MD501")
    assert finding.outcome in ("advice", "problem")
    assert finding.action.kind == "tune"
    assert finding.action.param == "lr"
    assert 0.05 <= finding.action.value <= 1
    assert finding.action.gain.low > 0
    assert diagnosis.headline.startswith("TUNE lr=.")


def test_a_good_default_is_left_alone():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(param="lr"), peak(0.01, sd=0.0005))
    finding = first(diagnosis, "MD501")
    assert finding.outcome == "passed"
    assert finding.action.kind == "none"
    assert diagnosis.headline == "OK lr=.01"


def test_a_parameter_that_does_not_matter_is_flat():
    diagnosis, _ = answer(
        STEP, made_up_experiment(), Settings(param="lr"), lambda s, _: 0.9 + noise(s, 0.0005)
    )
    assert diagnosis.axes[0].measured.verdict == "flat"
    assert "flat" in first(diagnosis, "MD501").title
    assert diagnosis.axes[0].edge is None


def test_noise_is_inconclusive_and_says_what_would_settle_it():
    diagnosis, _ = answer(
        STEP, made_up_experiment(), Settings(param="lr"), lambda s, _: 0.9 + noise(s, 0.03)
    )
    assert diagnosis.outcome == "inconclusive"
    assert not any(f.action for f in diagnosis.findings)


def test_a_parameter_that_is_ignored_is_found():
    diagnosis, _ = answer(
        STEP, made_up_experiment(), Settings(param="lr"), lambda s, _: 0.9 + 0.01 * s.rows.repeat
    )
    assert first(diagnosis, "MD504").action.kind == "fix_bug"
    assert first(diagnosis, "MD501") is None


def test_an_optimum_at_the_edge_asks_for_a_wider_range():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(param="lr"), peak(100.0))
    finding = first(diagnosis, "MD502")
    assert "high edge" in finding.title
    assert "lr=0.0001:10:log" in finding.action.text
    assert diagnosis.next_step == "sweep --param lr=0.0001:10:log"


def test_widening_goes_on_until_the_optimum_is_inside():
    settings = Settings(param="lr", widen=True)
    diagnosis, results = answer(STEP, made_up_experiment(), settings, peak(30.0, width=1.0))
    assert max(lr_of(r.spec) for r in results) >= 100
    assert diagnosis.axes[0].edge is None
    assert 5 < diagnosis.axes[0].best_value < 200


def test_widening_ends_although_the_edge_stays_best():
    settings = Settings(param="lr", widen=True, values=4, repeats=2)
    diagnosis, results = answer(STEP, made_up_experiment(), settings, peak(1e9, width=5.0))
    assert max(lr_of(r.spec) for r in results) == pytest.approx(1000)
    assert diagnosis.axes[0].edge == "high"


def test_divergence_is_shown_where_it_happened():
    def score(spec, rows):
        return float("nan") if lr_of(spec) > 0.2 else peak(0.01)(spec, rows)

    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(param="lr"), score)
    finding = first(diagnosis, "MD503")
    assert finding.outcome == "advice"
    assert finding.evidence["values"][-1] == 1.0
    assert "factor of" in finding.explanation
    assert diagnosis.axes[0].measured.failed[-1] == 1
    assert "begins somewhere above lr = " in finding.explanation
    assert STEP.plot(diagnosis).axes


def test_a_default_that_diverges_is_a_problem():
    def score(spec, rows):
        return None if lr_of(spec) == 0.01 else peak(0.1)(spec, rows)

    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(param="lr"), score)
    assert diagnosis.outcome == "problem"
    assert diagnosis.headline.startswith("UNSTABLE")
    assert first(diagnosis, "MD503").action.kind == "stabilize_training"


def test_choices_and_whole_numbers_are_compared_too():
    def score(spec, rows):
        params = dict(spec.params)
        return 0.8 + 0.05 * (params["kind"] is None) + 0.0004 * params["width"] + noise(spec, 0.003)

    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(all=True), score)
    kinds = {f.action.param: f.action for f in diagnosis.findings if f.code == "MD501" and f.action}
    assert kinds["kind"].value is None
    assert kinds["kind"].kind == "tune"
    assert kinds["width"].value == 128
    assert kinds["width"].kind == "larger_model"


def test_an_error_is_minimised_and_its_gain_is_positive():
    experiment = made_up_experiment(metric="rmse")

    def score(spec, rows):
        return 60 + 5 * math.log10(lr_of(spec) / 0.3) ** 2 + noise(spec, 0.1, shared=1.0)

    diagnosis, _ = answer(STEP, experiment, Settings(param="lr"), score)
    action = first(diagnosis, "MD501").action
    assert action.gain.low > 0
    assert action.value > 0.05


def test_more_regularisation_may_be_a_smaller_value():
    experiment = made_up_experiment(params={"C": mldiag.Float(1e-3, 1e3, default=10, log=True)})

    def score(spec, rows):
        return 0.9 - 0.03 * math.log10(dict(spec.params)["C"]) ** 2 + noise(spec, 0.002)

    diagnosis, _ = answer(STEP, experiment, Settings(param="C"), score)
    assert first(diagnosis, "MD501").action.kind == "more_regularization"


def test_nothing_to_compare_is_inconclusive():
    diagnosis, _ = answer(
        STEP, made_up_experiment(), Settings(param="lr"), lambda s, _: 0.5, lose=lambda s: True
    )
    assert diagnosis.outcome == "inconclusive"
    assert STEP.plot(diagnosis).axes


def test_one_repeat_claims_nothing():
    diagnosis, _ = answer(
        STEP, made_up_experiment(), Settings(param="lr", repeats=1), peak(0.3, sd=0)
    )
    assert diagnosis.outcome == "inconclusive"
    assert "--repeats 5" in first(diagnosis, "MD501").explanation


def test_the_charts_get_grid_positions_and_finite_numbers():
    diagnosis, _ = answer(STEP, made_up_experiment(), Settings(param="lr", values=5), peak(0.3))
    series = diagnosis.curves()
    assert list(series["sweep_lr/accuracy_mean"]) == list(range(len(diagnosis.axes[0].axis.values)))
    assert all(np.isfinite(list(points.values())).all() for points in series.values())
    assert {"best_accuracy", "best_value", "gain", "noise_sd"} <= set(diagnosis.scalars())


@pytest.mark.parametrize(
    "settings", [{"values": 1}, {"repeats": 0}, {"trials": 0}, {"gain": -1}, {"search": "tp"}]
)
def test_wrong_settings_are_refused(settings):
    with pytest.raises(MldiagError):
        Settings(**settings)
