"""Chance as the same predictions for other rows: how often it is taken for more."""

import numpy as np

from mldiag.stats.permutation import against_chance


def hits(truth, values):
    return float(np.mean(truth == values))


def test_false_alarms_are_as_rare_as_said():
    alarms = 0
    for seed in range(300):
        random = np.random.default_rng(seed)
        truth, guessed = random.integers(0, 3, 60), random.choice(3, 60, p=[0.7, 0.2, 0.1])
        found = against_chance(truth, guessed, hits, permutations=99, seed=seed)
        alarms += found.p_value <= 0.05
    assert alarms <= 25  # 15 expected; 25 is 2.6 standard errors above


def test_a_weak_leak_is_seen():
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 200)
    leaked = np.where(random.random(200) < 0.4, truth, random.integers(0, 2, 200))
    assert against_chance(truth, leaked, hits).p_value <= 0.002


def test_a_score_that_is_not_defined_gives_nothing():
    def undefined(truth, values):
        raise ValueError("one class only")

    assert against_chance([0, 0], [0, 0], undefined) is None
