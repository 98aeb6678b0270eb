"""Fieller's interval for a ratio of two means."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mldiag.errors import MldiagError
from mldiag.stats.bootstrap import resample_mean
from mldiag.stats.distributions import t_quantile
from mldiag.stats.intervals import is_determined, paired_difference
from mldiag.stats.ratio import fixed_rows_ratio, paired_ratio

value = st.floats(-10, 10, allow_nan=False, width=32)
pairs = st.lists(st.tuples(value, value), min_size=3, max_size=8)


def correlated(random, repeats, valid_to_train):
    """Noise of (numerator, denominator), correlated by .5, and from repeat to repeat as splits are."""
    shared = valid_to_train / (1 + valid_to_train)
    noise = math.sqrt(shared) * random.normal(size=(2, 1))
    noise = noise + math.sqrt(1 - shared) * random.normal(size=(2, repeats))
    error = math.sqrt(shared + (1 - shared) / repeats)
    return noise[0], 0.5 * noise[0] + math.sqrt(0.75) * noise[1], error


@pytest.mark.parametrize("repeats", [3, 5])
@pytest.mark.parametrize(
    ("clear", "least", "most"), [(1, 0.80, 0.89), (3, 0.78, 0.84), (10, 0.77, 0.83)]
)
def test_the_interval_covers_as_often_as_it_says(repeats, clear, least, most):
    random = np.random.default_rng(repeats)
    covered = []
    for _ in range(1500):
        above, below, error = correlated(random, repeats, 0.25)
        shown = paired_ratio(above + clear * error, below + clear * error, valid_to_train=0.25)
        covered.append(math.isnan(shown.low) or shown.low <= 1 <= shown.high)
    assert least <= np.mean(covered) <= most


@given(pairs, st.floats(0, 1))
def test_the_ends_are_the_ratios_that_are_just_refused(rows, ratio):
    above, below = np.array(rows).T
    assume(np.std(above) > 1e-2)
    assume(np.std(below) > 1e-2)
    shown = paired_ratio(above, below, valid_to_train=ratio)
    for end in (shown.low, shown.high):
        if math.isfinite(end) and abs(end) < 1e3:
            gap = paired_difference(end * below, above, valid_to_train=ratio)
            assume(gap.standard_error > 1e-3)
            t = abs(gap.interval.estimate) / gap.standard_error
            assert t == pytest.approx(t_quantile(0.9, gap.df), rel=1e-3)


@given(pairs, st.floats(0.1, 10), st.floats(0.1, 10))
def test_units_cancel(rows, one, other):
    above, below = np.array(rows).T
    assume(np.std(below) > 1e-2)
    assume(abs(below.mean()) > 1e-2)
    plain = paired_ratio(above, below, valid_to_train=0.25)
    scaled = paired_ratio(one * above, other * below, valid_to_train=0.25)
    assume(
        is_determined(plain) == is_determined(scaled)
    )  # else at the edge, where rounding decides
    if is_determined(plain):
        assert scaled.low == pytest.approx(plain.low * one / other, rel=1e-6, abs=1e-9)
        assert scaled.high == pytest.approx(plain.high * one / other, rel=1e-6, abs=1e-9)


def test_a_denominator_that_may_be_zero_leaves_one_end_open():
    below = [0.2, -0.1, 0.3, 0.0]
    up = paired_ratio([0.9, 1.1, 1.0, 1.0], below, valid_to_train=0)
    assert up.high == math.inf
    assert 0 < up.low < up.estimate
    down = paired_ratio([-0.9, -1.1, -1.0, -1.0], below, valid_to_train=0)
    assert (down.low, down.high) == (-math.inf, -up.low)
    nothing = paired_ratio([0.3, -0.2, 0.1, 0.0], below, valid_to_train=0)
    assert not is_determined(nothing)
    assert math.isnan(nothing.low)


@pytest.mark.parametrize(
    ("above", "below"),
    [([], []), ([1.0], [2.0]), ([1.0, 1.0], [2.0, 2.0]), ([math.nan, 1], [1, 2]), ([0, 0], [0, 0])],
)
def test_too_little_is_undetermined(above, below):
    shown = paired_ratio(above, below, valid_to_train=0.25)
    assert math.isnan(shown.low)
    assert math.isnan(shown.high)


def test_repeats_that_lack_one_side_are_left_out():
    whole = paired_ratio([1, 2, 3], [2, 5, 7], valid_to_train=0.25)
    holes = paired_ratio([1, math.nan, 2, 9, 3], [2, 1, 5, math.inf, 7], valid_to_train=0.25)
    assert holes == whole
    with pytest.raises(MldiagError, match="2 numerators are paired with 1"):
        paired_ratio([1, 2], [1], valid_to_train=0)


def test_on_fixed_rows_the_rows_are_the_sample():
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(150):
        rows = random.random((3, 1, 300)) < np.array([0.5, 0.65, 0.8])[:, None, None]
        shown = fixed_rows_ratio(resample_mean(rows, resamples=200), [0, -1, 1], [-1, 1, 0])
        covered += bool(math.isnan(shown.low) or shown.low <= 1 <= shown.high)
    assert 0.70 <= covered / 150 <= 0.92
    seeds = np.repeat(rows, 3, axis=1)
    same = fixed_rows_ratio(resample_mean(seeds), [0, -1, 1], [-1, 1, 0])
    one = fixed_rows_ratio(resample_mean(rows), [0, -1, 1], [-1, 1, 0])
    assert same.low == pytest.approx(one.low, rel=0.05)  # equal repeats add no noise


def test_on_fixed_rows_failed_trials_are_left_out():
    rows = np.random.default_rng(1).random((3, 2, 200)) < np.array([0.5, 0.65, 0.8])[:, None, None]
    rows = rows.astype(float)
    rows[2, 1] = np.nan
    shown = fixed_rows_ratio(resample_mean(rows), [0, -1, 1], [-1, 1, 0])
    alone = fixed_rows_ratio(resample_mean(rows[:, :1]), [0, -1, 1], [-1, 1, 0])
    assert (shown.estimate, shown.low, shown.high) == pytest.approx(
        (alone.estimate, alone.low, alone.high)
    )
    rows[0] = np.nan
    assert math.isnan(fixed_rows_ratio(resample_mean(rows), [0, -1, 1], [-1, 1, 0]).estimate)
