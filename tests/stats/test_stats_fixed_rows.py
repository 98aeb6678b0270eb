"""Fixed validation rows: the rows' and the seeds' variance, groups, failures, scores of any form."""

import math

import numpy as np
import pytest

from mldiag.errors import MldiagError
from mldiag.stats.bootstrap import resample_mean, resample_score
from mldiag.stats.fixed_rows import (
    compare_on_fixed_rows,
    fixed_rows_difference,
    fixed_rows_interval,
)
from mldiag.stats.gain import gain_of_best
from mldiag.stats.intervals import is_determined


def right_rows(seed=0, settings=2, repeats=1, rows=100, rates=0.7):
    random = np.random.default_rng(seed)
    return (random.random((settings, repeats, rows)) < np.reshape(rates, (-1, 1, 1))).astype(float)


def accuracy(truth, predicted):
    return float((truth == predicted).mean())


def test_one_trial_has_the_binomial_error():
    scores = resample_mean(right_rows(rows=400), resamples=4000)
    shown = fixed_rows_interval(scores)
    rate = shown.estimate
    assert shown.high - rate == pytest.approx(1.284 * math.sqrt(rate * (1 - rate) / 399), rel=0.05)


def test_a_score_function_agrees_with_the_mean_of_rows():
    random = np.random.default_rng(1)
    truth = random.integers(3, size=80)
    predictions = [
        [np.where(random.random(80) < 0.7, truth, 0) for _ in range(3)] for _ in range(2)
    ]
    right = np.array([[truth == cell for cell in cells] for cells in predictions], dtype=float)
    fast = fixed_rows_difference(resample_mean(right, resamples=1500))
    slow = fixed_rows_difference(resample_score(truth, predictions, accuracy, resamples=1500))
    assert slow.interval.estimate == pytest.approx(fast.interval.estimate)
    assert slow.standard_error == pytest.approx(fast.standard_error, rel=0.08)


def test_pairing_by_row_is_tighter_than_the_two_alone():
    first = right_rows(settings=1, rows=300)[0, 0]
    second = first.copy()
    second[:10] = 1.0
    scores = resample_mean(np.stack([[first], [second]]))
    alone = fixed_rows_interval(scores)
    assert fixed_rows_difference(scores).standard_error < (alone.high - alone.low) / 2.56 / 2


def test_seeds_add_to_the_rows():
    """Trials that differ much more than their rows explain have a wider interval than the rows alone."""
    base = right_rows(settings=1, rows=400)[0, 0]
    trials = np.stack([base.copy() for _ in range(5)])
    for seed, trial in enumerate(trials):
        trial[: 40 * seed] = 0.0
    both = fixed_rows_interval(resample_mean(trials[None]))
    rows_only = fixed_rows_interval(resample_mean(trials.mean(axis=0)[None, None]))
    assert both.high - both.low > 1.5 * (rows_only.high - rows_only.low)
    assert both.estimate == pytest.approx(rows_only.estimate)


def test_whole_groups_are_drawn():
    """Twenty copies of each row are no more evidence than the rows once."""
    once = right_rows(rows=60)
    copies = np.repeat(once, 20, axis=2)
    groups = np.repeat(np.arange(60), 20)
    plain = fixed_rows_difference(resample_mean(once, resamples=3000))
    grouped = fixed_rows_difference(resample_mean(copies, groups=groups, resamples=3000))
    naive = fixed_rows_difference(resample_mean(copies, resamples=3000))
    assert grouped.standard_error == pytest.approx(plain.standard_error, rel=0.02)
    assert naive.standard_error < 0.4 * plain.standard_error


def test_coverage_of_the_rows_over_many_samples():
    hits = []
    for seed in range(300):
        found = fixed_rows_difference(
            resample_mean(right_rows(seed, repeats=3, rates=[0.7, 0.75]), resamples=200)
        )
        hits.append(found.interval.low <= 0.05 <= found.interval.high)
    assert np.mean(hits) == pytest.approx(0.8, abs=0.07)


def test_equal_values_are_rarely_claimed_and_a_better_one_is():
    false, hits = [], []
    for seed in range(60):
        rows = right_rows(seed, settings=9, repeats=3)
        false.append(compare_on_fixed_rows(resample_mean(rows, resamples=200), 0).claimed.any())
        rows[3, :, :90] = 1.0
        hits.append(compare_on_fixed_rows(resample_mean(rows, resamples=200), 0).claimed[3])
    assert np.mean(false) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 60)
    assert np.mean(hits) > 0.9


def test_a_deterministic_learner_is_compared_by_rows():
    rows = right_rows(settings=3, rates=[0.6, 0.6, 0.95])
    found = compare_on_fixed_rows(resample_mean(rows), 0)
    assert found.claimed.tolist() == [False, False, True]
    gain = gain_of_best(found)
    assert is_determined(gain)
    assert gain.low > 0


def test_choosing_among_equal_deterministic_values_is_corrected():
    looks, corrected = [], []
    for seed in range(80):
        found = compare_on_fixed_rows(resample_mean(right_rows(seed, settings=9), resamples=100), 0)
        looks.append(found.difference.max())
        corrected.append(gain_of_best(found).estimate)
    assert abs(np.mean(corrected)) < 0.3 * np.mean(looks)


def test_the_same_predictions_are_identical_and_undetermined():
    rows = np.repeat(right_rows(settings=1, repeats=2), 3, axis=0)
    found = compare_on_fixed_rows(resample_mean(rows), 0)
    assert found.identical.all()
    assert not found.determined
    assert not is_determined(fixed_rows_difference(resample_mean(rows)).interval)


def test_perfect_scores_have_no_interval():
    assert not is_determined(fixed_rows_interval(resample_mean(np.ones((1, 3, 50)))))


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_too_few_rows_are_undetermined(rows):
    found = fixed_rows_difference(resample_mean(right_rows(rows=rows)))
    assert not is_determined(found.interval)


def test_failed_trials_are_left_out_and_never_claimed():
    truth = np.arange(60) % 3
    good, bad = truth.copy(), np.zeros(60, dtype=int)
    half = np.where(np.arange(60) < 40, truth, (truth + 1) % 3)
    predictions = [[half, half], [good, None], [good, good], [None, None], [bad, bad]]
    found = compare_on_fixed_rows(resample_score(truth, predictions, accuracy), 0)
    assert found.claimed.tolist() == [False, False, True, False, False]
    assert found.failed.tolist() == [0, 0.5, 0, 1, 0]
    assert found.claimed_worse[3]
    assert found.best == 2
    only = fixed_rows_interval(resample_score(truth, predictions, accuracy), setting=3)
    assert not is_determined(only)


def test_a_score_that_is_mostly_undefined_is_undetermined():
    def needs_two_classes(truth, predicted):
        if len(set(truth.tolist())) < 2:
            raise ValueError("one class")
        return accuracy(truth, predicted)

    truth = np.array([0] * 30 + [1])
    scores = resample_score(truth, [[truth], [np.zeros(31)]], needs_two_classes)
    assert np.isnan(scores.resampled).mean() > 0.1
    assert not is_determined(fixed_rows_difference(scores).interval)


def test_the_same_seed_gives_the_same_interval():
    rows = right_rows(repeats=2)
    assert fixed_rows_interval(resample_mean(rows)) == fixed_rows_interval(resample_mean(rows))


def test_wrong_shapes_are_told():
    with pytest.raises(MldiagError, match="dimensions"):
        resample_mean(np.ones((2, 30)))
    with pytest.raises(MldiagError, match="group entries"):
        resample_mean(np.ones((1, 1, 30)), groups=[1, 2])
    with pytest.raises(MldiagError, match="no validation rows"):
        resample_mean(np.ones((1, 1, 0)))
