"""The range test: how a curve is read, what is made of the default, and a real one end to end."""

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge, SGDClassifier
from sklearn.neural_network import MLPClassifier

import mldiag
from mldiag import MldiagError
from mldiag.steps import step_named
from mldiag.steps.range_test.curve import read_curve
from mldiag.steps.range_test.subject import subject_of
from mldiag.steps.range_test.summary import summarize
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from tests.steps.made_up import made_up_experiment

STEP = step_named("sweep")
SETTINGS = Settings(range_test=True)


def losses_at(rates, *, falls=0.01, breaks=0.3, seed=0, sd=0.03):
    """A loss that falls around one rate and turns up around another."""
    noise = np.random.default_rng(seed).normal(0, sd, len(rates))
    return 2 - 1.6 / (1 + (falls / rates) ** 2) + 1.2 * (rates / breaks) ** 2 + noise


def history_of(rates, losses):
    return tuple(
        (i, {"lr": float(r), "loss": float(v)})
        for i, (r, v) in enumerate(zip(rates, losses, strict=True))
    )


def ramp_arguments(spec):
    (change,) = spec.interventions
    return {name: change.argument(name) for name in ("param", "low", "high", "steps")}


def answer(experiment, settings=SETTINGS, *, rule=None, status="ok", shorter=None):
    """Plan, give every range test the loss of the rule, and diagnose."""
    results, rounds = {}, []
    while specs := STEP.plan(experiment, settings, tuple(results.values())):
        rounds.append(specs)
        for spec in specs:
            asked = ramp_arguments(spec)
            steps = asked["steps"] if shorter is None else min(shorter, asked["steps"])
            all_rates = np.geomspace(asked["low"], asked["high"], asked["steps"])
            rates = all_rates[:steps]
            losses = None if rule is None else rule(rates, spec.rows.repeat)
            history = () if losses is None else history_of(rates, losses)
            results[spec.digest] = TrialResult(spec=spec, status=status, history=history)
        assert len(rounds) < 5
    return STEP.diagnose(experiment, settings, list(results.values())), rounds


def with_default(default, **more):
    params = {"lr": mldiag.Float(1e-4, 1, default=default, log=True)} | more
    return made_up_experiment(params=params)


def usual(rates, repeat):
    return losses_at(rates, seed=repeat, breaks=0.3 * (1 + 0.1 * repeat))


def test_a_curve_is_read_in_order():
    rates = np.geomspace(1e-5, 10, 150)
    curve = read_curve(history_of(rates, losses_at(rates)))
    assert curve.begins < curve.steepest < curve.lowest < curve.breaks
    assert 0.001 < curve.begins < 0.008
    assert 0.02 < curve.lowest < 0.15
    assert 0.1 < curve.breaks < 0.4


def test_noise_is_no_fall_and_a_wild_end_reaches_not_back():
    rates = np.geomspace(1e-5, 10, 150)
    flat = np.random.default_rng(1).normal(2, 0.1, 150)
    assert not read_curve(history_of(rates, flat)).falls
    wild = losses_at(rates)
    wild[rates > 0.3] = 1e9
    curve = read_curve(history_of(rates, wild))
    assert 0.1 < curve.breaks < 0.35
    assert curve.smooth.max() < 10


def test_a_curve_that_left_its_range_breaks_at_its_last_rate():
    rates = np.geomspace(1e-4, 0.1, 60)
    history = [*history_of(rates, losses_at(rates, breaks=1e9)), (60, {"lr": 0.11, "broken": 1.0})]
    assert read_curve(history).breaks == 0.11
    assert read_curve(history[:10]) is None


def test_equal_seeds_give_a_narrow_interval_and_never_none():
    rates = np.geomspace(1e-4, 10, 125)
    same = [read_curve(history_of(rates, losses_at(rates)), seed=s) for s in range(3)]
    found = summarize(same, 0.01, too_low=30)
    assert found.breaks.low < found.breaks.estimate < found.breaks.high
    assert found.breaks.high / found.breaks.low < 1.2


def test_a_default_beyond_the_break_is_a_problem_without_a_claimed_gain():
    diagnosis, rounds = answer(with_default(0.9), rule=usual)
    (finding,) = diagnosis.findings
    assert finding.code == "MD531"
    assert finding.outcome == "problem"
    assert "beyond where training breaks" in finding.title
    assert finding.action.kind == "stabilize_training"
    assert finding.action.gain is None
    assert 0.005 < finding.action.value < 0.1
    assert [len(specs) for specs in rounds] == [1, 4]
    assert diagnosis.next_step.startswith("sweep --param lr=")
    assert diagnosis.next_step.endswith(":log")
    assert diagnosis.headline.startswith("BREAKS lr=.9")


def test_a_default_far_below_is_worth_raising():
    diagnosis, _ = answer(with_default(1e-4), rule=usual)
    (finding,) = diagnosis.findings
    assert finding.outcome == "advice"
    assert finding.action.kind == "tune"
    assert finding.action.value > 3e-3


@pytest.mark.parametrize("default", [0.003, 0.03])
def test_a_default_within_is_left(default):
    diagnosis, _ = answer(with_default(default), rule=usual)
    assert diagnosis.findings[0].outcome == "passed"
    assert diagnosis.findings[0].action.kind == "none"


def test_claims_about_a_default_at_the_break_are_rare():
    claims = 0
    for draw in range(60):
        random = np.random.default_rng(draw)
        rates = np.geomspace(1e-4, 10, 125)
        curves = [
            read_curve(
                history_of(
                    rates,
                    losses_at(
                        rates, breaks=0.3 * math.exp(random.normal(0, 0.3)), seed=draw * 9 + s
                    ),
                )
            )
            for s in range(5)
        ]
        truth = 0.205  # where these curves break on average
        claims += summarize(curves, truth, too_low=30).p_beyond < 0.05
    assert claims <= 7  # 5 % of 60 is 3


def test_two_seeds_claim_nothing():
    diagnosis, _ = answer(with_default(0.9), replace(SETTINGS, repeats=2), rule=usual)
    assert diagnosis.outcome == "inconclusive"
    assert "--repeats 3" in diagnosis.findings[0].explanation


def test_seeds_take_as_many_steps_as_a_training_has():
    diagnosis, rounds = answer(with_default(0.01), rule=usual, shorter=60)
    assert ramp_arguments(rounds[0][0])["steps"] > 100
    assert {ramp_arguments(spec)["steps"] for spec in rounds[1]} == {60}
    assert len(rounds[1]) == 5
    assert len(diagnosis.curves_by_seed) == 5


def test_a_training_of_few_steps_is_too_short():
    diagnosis, rounds = answer(with_default(0.01), rule=usual, shorter=8)
    assert len(rounds) == 1
    assert "8 steps is too short" in diagnosis.findings[0].title
    assert diagnosis.outcome == "inconclusive"


def test_no_step_seen_is_told_with_what_would_be():
    diagnosis, rounds = answer(with_default(0.01))
    assert [len(specs) for specs in rounds] == [1]
    assert diagnosis.outcome == "not_applicable"
    assert "torch" in diagnosis.findings[0].explanation


def test_a_loss_that_never_falls_asks_for_another_range():
    diagnosis, _ = answer(
        with_default(0.01),
        rule=lambda rates, r: np.random.default_rng(r).normal(2, 0.1, len(rates)),
    )
    assert diagnosis.outcome == "inconclusive"
    assert "does not fall" in diagnosis.findings[0].title


def test_the_parameter_is_the_one_with_the_role_or_the_one_named():
    assert subject_of(with_default(0.01), SETTINGS).name == "lr"
    named = subject_of(with_default(0.01), Settings(range_test=True, param="lr=1e-3:0.5:log"))
    assert (named.low, named.high) == (1e-3, 0.5)
    assert subject_of(with_default(0.01), SETTINGS).high == 10.0
    with pytest.raises(MldiagError, match="no parameter is known to be the learning rate"):
        subject_of(made_up_experiment(params={"a": mldiag.Float(1, 2, default=1)}), SETTINGS)
    with pytest.raises(MldiagError, match="several parameters are learning rates"):
        subject_of(with_default(0.01, eta=mldiag.Float(0, 1, default=0.1)), SETTINGS)
    with pytest.raises(MldiagError, match="one parameter"):
        subject_of(with_default(0.01), Settings(range_test=True, param=("lr", "width")))
    with pytest.raises(MldiagError, match="two rates above 0"):
        subject_of(with_default(0.01), Settings(range_test=True, param="lr=0.1"))


@pytest.mark.parametrize(
    ("estimator", "param", "refused"),
    [
        (SGDClassifier(learning_rate="constant", eta0=0.1), "eta0", ""),
        (SGDClassifier(learning_rate="optimal"), "eta0", "optimal"),
        (MLPClassifier(), "learning_rate_init", ""),
        (MLPClassifier(solver="lbfgs"), "learning_rate_init", "lbfgs"),
        (MLPClassifier(), "alpha", "does not step with alpha"),
        (Ridge(), "alpha", "takes no gradient steps"),
    ],
)
def test_an_estimator_without_such_steps_is_refused_before_it_is_trained(estimator, param, refused):
    data = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
    experiment = mldiag.Experiment.from_estimator(
        estimator, *data, params={param: mldiag.Float(1e-4, 1, default=0.1, log=True)}
    )
    settings = Settings(range_test=True, param=param)
    assert refused in subject_of(experiment, settings).refusal
    assert bool(STEP.plan(experiment, settings)) == (refused == "")
    if refused:
        assert STEP.diagnose(experiment, settings, []).outcome == "not_applicable"


def test_a_figure_is_drawn_of_every_answer():
    for default, rule in ((0.9, usual), (0.01, None)):
        diagnosis, _ = answer(with_default(default), rule=rule)
        assert STEP.plot(diagnosis).axes


def test_the_demo_end_to_end(tmp_path):
    from mldiag.demo.digits import digits

    report = mldiag.sweep(
        digits, range_test=True, repeats=3, tracking_uri=False, store=tmp_path, engine="inline"
    )
    assert report.findings[0].code == "MD531"
    assert report.trials.run == 3
    assert 0.05 < report.result["breaks"]["estimate"] < 1
    assert report.result["begins"]["estimate"] < report.result["suggestion"]
    again = mldiag.sweep(
        digits, range_test=True, repeats=3, tracking_uri=False, store=tmp_path, engine="inline"
    )
    assert again.trials.run == 0
    assert again.result == report.result
