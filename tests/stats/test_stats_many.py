"""Many values against the default: claims, intervals, failed and missing cells."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mldiag.errors import MldiagError
from mldiag.stats.intervals import is_determined, paired_difference
from mldiag.stats.many import compare_with_default


def sweep(seed=0, values=9, repeats=5, means=0.0, sd=1.0):
    random = np.random.default_rng(seed)
    noise = random.normal(size=(values, repeats)) * np.reshape(sd, (-1, 1))
    return noise + np.reshape(means, (-1, 1)) + random.normal(size=repeats)


def test_two_values_are_a_paired_difference():
    table = sweep(values=2)
    pair = paired_difference(*table, valid_to_train=0.25)
    found = compare_with_default(table, 0, valid_to_train=0.25)
    assert found.intervals[1].low == pytest.approx(pair.interval.low)
    assert found.p_better[1] == pytest.approx(pair.p_greater)
    assert found.noise_sd * math.sqrt(2) == pytest.approx(pair.sd)


def test_a_large_effect_is_claimed_and_a_bad_one_called_worse():
    found = compare_with_default(sweep(means=[0, 6, 0, 0, 0, 0, 0, 0, -6]), 0, valid_to_train=0.25)
    assert found.claimed.tolist() == [False, True] + [False] * 7
    assert found.claimed_worse.tolist() == [False] * 8 + [True]
    assert found.best == 1


def test_false_claims_power_and_coverage_over_many_sweeps():
    """The simulated counterpart of benchmarks/uncertainty.py: equal noise, no overlap."""
    false, hits, covered = [], [], []
    for seed in range(150):
        table = sweep(seed)
        flat = compare_with_default(table, 0, valid_to_train=0)
        false.append(flat.claimed.any())
        covered.append(np.mean([i.low <= 0 <= i.high for i in flat.intervals[1:]]))
        table[4] += 3
        hits.append(compare_with_default(table, 0, valid_to_train=0).claimed[4])
    assert np.mean(false) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 150)
    assert np.mean(hits) >= 0.8
    assert 0.75 <= np.mean(covered) <= 0.88


@pytest.mark.parametrize("bad_noise", [6.0, 0.01])
def test_useless_values_spoil_neither_error_nor_power(bad_noise):
    means, sd = [0] * 5 + [-20] * 4, [1] * 5 + [bad_noise] * 4
    false, hits = [], []
    for seed in range(1000, 1120):
        table = sweep(seed, means=means, sd=sd)
        false.append(compare_with_default(table, 0, valid_to_train=0).claimed.any())
        table[2] += 3
        hits.append(compare_with_default(table, 0, valid_to_train=0).claimed[2])
    assert np.mean(false) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 120)
    assert np.mean(hits) >= 0.8


def test_a_failed_trial_takes_the_value_out_of_the_claims_and_of_the_pool():
    table = sweep(means=[0, 9, 9, 0, 0, 0, 0, 0, 0])
    table[1, 2] = np.inf
    found = compare_with_default(table, 0, valid_to_train=0)
    assert found.failed[1] == pytest.approx(0.2)
    assert not found.claimed[1]
    assert found.claimed[2]
    assert not found.pooled[1]
    assert found.best == 2
    assert 1 not in found.candidates
    assert is_determined(found.intervals[1])


def test_a_cell_that_was_never_run_is_no_failure():
    table = sweep(means=[0, 9, 0, 0, 0, 0, 0, 0, 0])
    table[1, 3:] = np.nan
    missing = np.isnan(table)
    found = compare_with_default(table, 0, valid_to_train=0, not_run=missing)
    assert found.failed.sum() == 0
    assert found.repeats[1] == 3
    assert found.claimed[1]
    whole = compare_with_default(sweep(means=[0, 9, 0, 0, 0, 0, 0, 0, 0]), 0, valid_to_train=0)
    assert found.standard_error[1] > whole.standard_error[1]


def test_missing_cells_leave_the_differences_paired():
    table = np.array([[1.0, 2.0, 30.0, 4.0], [2.0, 3.1, 31.0, np.nan], [1.0, 2.1, 30.1, 4.0]])
    found = compare_with_default(table, 0, valid_to_train=0)
    assert found.difference[1] == pytest.approx((1 + 1.1 + 1) / 3)
    assert found.means[1] == pytest.approx(table[0].mean() + found.difference[1])


def test_a_value_that_always_fails_is_worse_and_has_no_mean():
    table = sweep()
    table[3] = np.nan
    found = compare_with_default(table, 0, valid_to_train=0.25)
    assert found.claimed_worse[3]
    assert math.isnan(found.means[3])
    assert not is_determined(found.intervals[3])


def test_a_default_that_always_fails_leaves_nothing_to_compare():
    table = sweep()
    table[0] = np.nan
    found = compare_with_default(table, 0, valid_to_train=0.25)
    assert not found.determined
    assert not found.claimed.any()
    assert not found.claimed_worse.any()
    assert found.best == 0


def test_all_trials_failed():
    found = compare_with_default(np.full((3, 4), np.nan), 1, valid_to_train=0.25)
    assert not found.determined
    assert not found.claimed_worse.any()
    assert math.isnan(found.noise_sd)


@pytest.mark.parametrize(
    "table", [[[0.5], [0.9]], [[0.5, 0.5, 0.5]] * 4, [[0.5, 0.5], [0.9, 0.9]], [[0.5, 0.6]]]
)
def test_no_spread_or_one_repeat_claims_nothing(table):
    found = compare_with_default(table, 0, valid_to_train=0.25)
    assert not found.determined
    assert not found.claimed.any()
    assert not any(is_determined(i) for i in found.intervals)


def test_values_without_any_effect_are_called_identical():
    table = sweep(values=4)
    table[2] = table[0]
    found = compare_with_default(table, 0, valid_to_train=0.25)
    assert found.identical.tolist() == [True, False, True, False]
    same = compare_with_default(np.tile(sweep(values=1), (5, 1)), 0, valid_to_train=0.25)
    assert same.identical.all()
    assert same.noise_sd == 0
    assert not same.determined


def test_a_plateau_of_equal_values_does_not_stand_for_the_noise():
    """Three values that agree exactly tell no noise, however many of them there are."""
    wide, plateau = [], []
    for seed in range(50):
        table = sweep(seed, values=5)
        wide.append(compare_with_default(table, 0, valid_to_train=0).noise_sd)
        more = np.vstack([table, np.tile(table[4], (4, 1))])
        plateau.append(compare_with_default(more, 0, valid_to_train=0).noise_sd)
    assert np.median(plateau) == pytest.approx(np.median(wide), rel=0.1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 7), st.integers(2, 5), st.floats(-50, 50))
def test_shifts_do_not_matter_and_order_does_not_either(seed, values, repeats, shift):
    table = sweep(seed, values, repeats)
    found = compare_with_default(table, 0, valid_to_train=0.25)
    per_repeat = shift * np.arange(repeats)  # a repeat's own level cancels in every difference
    moved = compare_with_default(table + per_repeat, 0, valid_to_train=0.25)
    assert moved.p_better == pytest.approx(found.p_better, abs=1e-6, nan_ok=True)
    turned = compare_with_default(table[::-1], values - 1, valid_to_train=0.25)
    assert turned.p_better[::-1] == pytest.approx(found.p_better, abs=1e-6, nan_ok=True)
    assert turned.noise_sd == pytest.approx(found.noise_sd)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 5))
def test_a_claim_never_contradicts_its_interval(seed, effect):
    random = np.random.default_rng(seed)
    table = sweep(seed, means=effect * random.normal(size=9), sd=random.exponential(size=9) + 0.05)
    found = compare_with_default(table, 2, valid_to_train=0.25)
    for value in range(9):
        assert not (found.claimed[value] and found.intervals[value].low <= 0)
        assert not (found.claimed_worse[value] and found.intervals[value].high >= 0)
        assert not (found.claimed[value] and found.claimed_worse[value])


def test_wrong_calls_are_told():
    with pytest.raises(MldiagError, match="no value number 3"):
        compare_with_default(sweep(values=3), 3, valid_to_train=0.25)
    with pytest.raises(MldiagError, match="dimensions"):
        compare_with_default([1.0, 2.0], 0, valid_to_train=0.25)
    with pytest.raises(MldiagError, match="shape"):
        compare_with_default(sweep(values=3), 0, valid_to_train=0.25, not_run=[[True]])
