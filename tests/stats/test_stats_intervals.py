"""Intervals of a mean and of a paired difference."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mldiag.errors import MldiagError
from mldiag.stats.intervals import is_determined, mean_interval, paired_difference

score = st.floats(-100, 100, allow_nan=False, width=32)
scores = st.lists(score, min_size=2, max_size=12)


def test_known_values():
    # mean 3, s = sqrt(2.5), t(.9, 4) = 1.5332; s^2 (1/5 + 1/4)
    shown = mean_interval([1, 2, 3, 4, 5], valid_to_train=0.25)
    half = 1.5332 * math.sqrt(2.5 * 0.45)
    assert shown.estimate == 3
    assert shown.high - 3 == pytest.approx(half, abs=1e-3)
    assert 3 - shown.low == pytest.approx(half, abs=1e-3)


def test_without_overlap_it_is_the_plain_t_interval():
    shown = mean_interval([1, 2, 3, 4, 5], valid_to_train=0, level=0.95)
    assert shown.high == pytest.approx(3 + 2.7764 * math.sqrt(2.5 / 5), abs=1e-3)


@pytest.mark.parametrize(
    "values", [[], [0.9], [0.9, 0.9, 0.9], [0.1 + 0.2, 0.3, 0.3], [math.nan, 0.5]]
)
def test_too_little_is_undetermined_never_zero_width(values):
    shown = mean_interval(values, valid_to_train=0.25)
    assert not is_determined(shown)
    assert not shown.low > 0
    assert not shown.high < 0
    gain = paired_difference(np.zeros(len(values)), values, valid_to_train=0.25)
    assert not is_determined(gain.interval)
    assert math.isnan(gain.p_greater)
    assert math.isnan(gain.p_less)


@given(scores, st.floats(0, 1), st.floats(0.01, 1))
def test_more_overlap_is_wider(values, ratio, more):
    assume(np.std(values) > 1e-3)
    narrow = mean_interval(values, valid_to_train=ratio)
    wide = mean_interval(values, valid_to_train=ratio + more)
    assert wide.low < narrow.low <= narrow.estimate <= narrow.high < wide.high


@given(scores, st.floats(-50, 50), st.floats(0.1, 10))
def test_shift_and_scale(values, shift, scale):
    assume(np.std(values) > 1e-2)
    one = mean_interval(values, valid_to_train=0.25)
    two = mean_interval(np.array(values) * scale + shift, valid_to_train=0.25)
    assert two.low == pytest.approx(one.low * scale + shift, abs=1e-6)
    assert two.high == pytest.approx(one.high * scale + shift, abs=1e-6)


@given(st.lists(st.tuples(score, score), min_size=2, max_size=10))
def test_swapping_the_two_sides_flips_the_sign(pairs):
    first, second = np.array(pairs).T
    assume(np.std(second - first) > 1e-3)
    one = paired_difference(first, second, valid_to_train=0.25)
    two = paired_difference(second, first, valid_to_train=0.25)
    assert one.interval.estimate == pytest.approx(-two.interval.estimate)
    assert one.interval.low == pytest.approx(-two.interval.high)
    assert one.p_greater == pytest.approx(two.p_less, abs=1e-9)


def test_repeats_that_one_side_lacks_are_left_out():
    whole = paired_difference([1, 2, 3], [2, 4, 5], valid_to_train=0.25)
    holes = paired_difference([1, 2, 3, 9, math.nan], [2, 4, 5, math.inf, 7], valid_to_train=0.25)
    assert holes == whole
    assert holes.n == 3


def test_unequal_repeats_are_an_error():
    with pytest.raises(MldiagError, match="2 scores are paired with 3"):
        paired_difference([1, 2], [1, 2, 3], valid_to_train=0.25)
    with pytest.raises(MldiagError, match="dimensions"):
        mean_interval([[1.0, 2.0]], valid_to_train=0.25)


def test_naive_intervals_cover_too_little_where_repeats_share_rows_and_these_do_not():
    """Repeats with correlation n_valid / n: the case that the correction was made for."""
    random = np.random.default_rng(0)
    shared = random.normal(size=(3000, 1)) * math.sqrt(0.2)
    table = shared + random.normal(size=(3000, 5)) * math.sqrt(0.8)
    rates = {}
    for ratio in (0.0, 0.25):
        found = [mean_interval(row, valid_to_train=ratio) for row in table]
        rates[ratio] = np.mean([i.low <= 0 <= i.high for i in found])
    assert rates[0.25] == pytest.approx(0.8, abs=0.03)
    assert rates[0.0] < 0.7
