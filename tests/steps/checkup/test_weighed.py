"""What a step said and what fresh repeats say, joined."""

import numpy as np
import pytest

from mldiag import Experiment, Float
from mldiag.findings import Interval
from mldiag.steps.checkup.candidates import Candidate, p_of
from mldiag.steps.checkup.guess import Guess
from mldiag.steps.checkup.treatments import fresh_repeats, treated
from mldiag.steps.checkup.weighed import weigh
from mldiag.trial_result import TrialResult
from tests.steps.checkup.made import finding

ROWS = np.arange(300.0).reshape(-1, 1)


@pytest.fixture
def experiment():
    from sklearn.linear_model import SGDClassifier

    params = {"alpha": Float(1e-6, 1.0, default=1e-4, log=True)}
    labels = (ROWS[:, 0] % 3 == 0).astype(int)
    return Experiment.from_estimator(
        SGDClassifier(), ROWS, labels, metric="accuracy", params=params
    )


def candidate(estimate=0.04, half=0.02, p=0.01):
    gain = Interval(estimate, estimate - half, estimate + half)
    found = finding(evidence={"p_better": p})
    return Candidate(
        "more_regularization", found, "sweep", "Set alpha = 0.1.", "alpha", 0.1, gain, p
    )


def fresh(experiment, one, gain, spread=0.005, seed=0):
    rng = np.random.default_rng(seed)
    results = []
    for kind, pair in enumerate(treated(experiment, one, fresh_repeats(experiment, one, 5))):
        for spec in pair:
            score = 0.8 + kind * gain + rng.normal(0, spread)
            results.append(TrialResult(spec, "ok", {"accuracy": score}))
    return results


def test_without_fresh_repeats_the_step_speaks_alone(experiment):
    (known,) = weigh(experiment, [candidate(p=0.01)], [], repeats=5, worth=0.005)
    assert known.claimed
    assert known.fresh == 0
    assert known.gain == candidate().gain


def test_fresh_repeats_that_agree_make_it_surer(experiment):
    one = candidate(p=0.06)
    (before,) = weigh(experiment, [one], [], repeats=5, worth=0.005)
    (after,) = weigh(experiment, [one], fresh(experiment, one, 0.04), repeats=5, worth=0.005)
    assert not before.claimed
    assert after.claimed
    assert after.fresh == 5
    assert after.p < before.p


def test_fresh_repeats_that_disagree_take_the_claim_back(experiment):
    one = candidate(p=0.04)
    (known,) = weigh(experiment, [one], fresh(experiment, one, -0.02), repeats=5, worth=0.005)
    assert not known.claimed
    assert known.gain.estimate < one.gain.estimate


def test_what_is_not_claimed_is_not_shown_above_zero(experiment):
    (known,) = weigh(experiment, [candidate(p=0.2)], [], repeats=5, worth=0.005)
    assert not known.claimed
    assert known.gain.low == 0.0


def test_an_uncertain_gain_is_expected_to_be_smaller(experiment):
    sure, unsure = weigh(
        experiment, [candidate(p=0.001), candidate(p=0.4)], [], repeats=5, worth=0.005
    )
    assert sure.expected > 0.9 * sure.gain.estimate
    assert unsure.expected < 0.1 * unsure.gain.estimate


def test_what_only_brings_a_model_up_to_a_guess_is_not_claimed(experiment):
    options = {"repeats": 5, "worth": 0.005}
    (beside,) = weigh(experiment, [candidate(p=0.001)], [], guess=Guess(0.04), **options)
    assert not beside.claimed
    assert beside.expected == 0.0
    (beyond,) = weigh(experiment, [candidate(p=0.001)], [], guess=Guess(0.01), **options)
    assert beyond.claimed
    assert 0.02 < beyond.expected < 0.03
    (surely,) = weigh(experiment, [candidate(p=0.001)], [], guess=Guess(-0.1), **options)
    assert surely.expected == pytest.approx(
        weigh(experiment, [candidate(p=0.001)], [], **options)[0].expected
    )


def test_an_advice_has_no_gain(experiment):
    one = Candidate("clean_data", finding("outliers", "advice", "clean_data"), "audit", "Look.")
    (known,) = weigh(experiment, [one], [], repeats=5, worth=0.005)
    assert known.gain is None
    assert not known.claimed


def test_the_p_value_of_an_interval():
    assert p_of(Interval(0.0, -0.1, 0.1)) == pytest.approx(0.5)
    assert np.isnan(p_of(None))
    assert np.isnan(p_of(Interval(0.1, float("nan"), float("nan"))))


def test_a_fixed_split_and_a_learner_without_chance_have_no_fresh_repeats():
    from sklearn.linear_model import LogisticRegression

    labels = (ROWS[:, 0] % 3 == 0).astype(int)
    fixed = Experiment.from_estimator(
        LogisticRegression(), ROWS, labels, metric="accuracy", valid=(ROWS, labels)
    )
    assert len(fresh_repeats(fixed, candidate(), 5)) == 0
