"""The gain of a chosen best: the winner's curse and what is left of it."""

import math

import numpy as np
import pytest

from mldiag.errors import MldiagError
from mldiag.stats.gain import gain_of_best, selection_optimism
from mldiag.stats.intervals import is_determined
from mldiag.stats.many import compare_with_default


def test_equal_values_gain_nothing_although_the_best_looks_good():
    looks, corrected, covered = [], [], []
    random = np.random.default_rng(1)
    for _ in range(150):
        found = compare_with_default(random.normal(size=(9, 5)), 0, valid_to_train=0)
        gain = gain_of_best(found)
        looks.append(found.difference[found.candidates].max())
        corrected.append(gain.estimate)
        covered.append(gain.low <= 0 <= gain.high)
    assert np.mean(looks) > 0.5
    assert abs(np.mean(corrected)) < 0.12
    assert np.mean(covered) > 0.69


def test_a_clear_winner_keeps_its_gain():
    table = np.random.default_rng(2).normal(size=(9, 5))
    table[4] += 20
    found = compare_with_default(table, 0, valid_to_train=0.25)
    gain = gain_of_best(found)
    assert gain.estimate == found.difference[4]
    assert gain.low == found.intervals[4].low
    assert gain_of_best(found, chosen=4) == gain


def test_the_correction_never_raises_the_gain():
    random = np.random.default_rng(3)
    for _ in range(50):
        found = compare_with_default(random.normal(size=(5, 3)), 0, valid_to_train=0.25)
        best = found.candidates[np.argmax(found.difference[found.candidates])]
        assert gain_of_best(found).estimate <= found.difference[best] + 1e-12


def test_optimism_by_hand():
    # without part 0 the choice is value 2, which shows 3 there against the best's 5; else it is the best
    part = np.array([[0.0, 5.0, 3.0], [0.0, 4.0, 1.0]])
    rest = np.array([[0.0, 1.0, 2.0], [0.0, 9.0, 8.0]])
    assert selection_optimism(part, rest, np.array([1, 2]), best=1) == 1.0


def test_too_little_is_undetermined():
    one_repeat = compare_with_default([[0.5], [0.6], [0.7]], 0, valid_to_train=0.25)
    assert not is_determined(gain_of_best(one_repeat))
    failed = compare_with_default([[0.5, 0.6], [math.nan, 0.7]], 0, valid_to_train=0.25)
    assert not is_determined(gain_of_best(failed))


def test_the_default_cannot_be_the_chosen_value():
    found = compare_with_default([[0.5, 0.6], [0.7, 0.7]], 0, valid_to_train=0.25)
    with pytest.raises(MldiagError, match="no gain over itself"):
        gain_of_best(found, chosen=0)
