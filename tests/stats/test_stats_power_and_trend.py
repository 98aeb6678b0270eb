"""Repeats that would settle a question, and the gain of the last doubling."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mldiag.errors import MldiagError
from mldiag.stats.intervals import is_determined, paired_difference
from mldiag.stats.power import claim_power, repeats_to_settle
from mldiag.stats.trend import DOUBLING_OVERLAP, last_doubling


def test_power_without_an_effect_is_the_error():
    assert claim_power(0.0, 1.0, repeats=6, valid_to_train=0.25) == pytest.approx(0.05)


def test_power_agrees_with_simulation():
    random = np.random.default_rng(0)
    gains = random.normal(1.0, 1.0, size=(4000, 5))
    zero = np.zeros(5)
    hits = [paired_difference(zero, row, valid_to_train=0).p_greater < 0.05 for row in gains]
    expected = claim_power(1.0, 1.0, repeats=5, valid_to_train=0)
    assert np.mean(hits) == pytest.approx(expected, abs=0.025)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 5), st.integers(2, 20), st.sampled_from([0.0, 0.25]), st.integers(1, 8))
def test_more_repeats_and_larger_effects_have_more_power(effect, repeats, ratio, comparisons):
    shape = {"valid_to_train": ratio, "comparisons": comparisons}
    power = claim_power(effect, 1.0, repeats=repeats, **shape)
    assert 0 <= power <= 1
    assert claim_power(effect, 1.0, repeats=repeats + 1, **shape) >= power - 1e-9
    assert claim_power(effect * 1.5, 1.0, repeats=repeats, **shape) >= power - 1e-9


def test_an_enormous_effect_is_certain():
    assert claim_power(1e6, 1.0, repeats=5, valid_to_train=0.25) == 1.0


@pytest.mark.parametrize("difference", [0.6, 1.0, 2.0, 10.0])
def test_the_number_is_the_fewest_that_suffices(difference):
    needed = repeats_to_settle(difference, 1.0, valid_to_train=0.0)
    assert needed is not None
    assert claim_power(difference, 1.0, repeats=needed, valid_to_train=0) >= 0.8
    if needed > 2:
        assert claim_power(difference, 1.0, repeats=needed - 1, valid_to_train=0) < 0.8


@pytest.mark.parametrize(
    ("difference", "sd", "ratio"),
    [(1.0, 1.0, 0.25), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (1.0, math.nan, 0.0)],
)
def test_some_questions_no_number_settles(difference, sd, ratio):
    assert repeats_to_settle(difference, sd, valid_to_train=ratio) is None


def test_one_repeat_has_no_power_and_no_limit():
    assert math.isnan(claim_power(1.0, 1.0, repeats=1, valid_to_train=0))
    with pytest.raises(MldiagError, match="a limit of 1"):
        repeats_to_settle(1.0, 1.0, valid_to_train=0, limit=1)


def test_only_the_last_two_sizes_count():
    table = np.random.default_rng(1).normal(size=(4, 5))
    gain = last_doubling(table, valid_to_train=0.25)
    pair = paired_difference(table[2], table[3], valid_to_train=DOUBLING_OVERLAP * 0.25)
    assert gain == pair
    table[0] = np.nan
    assert last_doubling(table, valid_to_train=0.25) == pair


def test_flat_curves_are_rarely_called_improving_or_worse():
    random = np.random.default_rng(2)
    found = [last_doubling(random.normal(size=(2, 5)), valid_to_train=0.25) for _ in range(1000)]
    assert np.mean([f.p_greater < 0.05 for f in found]) <= 0.05
    assert np.mean([f.p_less < 0.05 for f in found]) <= 0.05


def test_rising_and_falling_curves_are_told():
    random = np.random.default_rng(3)
    noise = random.normal(size=(3, 5)) * 0.01
    rising = last_doubling(noise + np.array([[0.5], [0.7], [0.8]]), valid_to_train=0.25)
    falling = last_doubling(noise + np.array([[0.9], [0.8], [0.7]]), valid_to_train=0.25)
    assert rising.p_greater < 0.05
    assert falling.p_less < 0.05
    assert rising.interval.low > 0 > falling.interval.high


def test_too_little_is_told():
    with pytest.raises(MldiagError, match="1 training size"):
        last_doubling([[0.5, 0.6]], valid_to_train=0.25)
    assert not is_determined(last_doubling([[0.5], [0.6]], valid_to_train=0.25).interval)
