import numpy as np
import pytest

from mldiag.stats.tails import extremes, tail_index


def drawn(kind, n, seed):
    random = np.random.default_rng(seed)
    return {
        "normal": lambda: random.normal(size=n),
        "lognormal": lambda: random.lognormal(0, 1.5, n),
        "exponential": lambda: random.exponential(size=n),
        "t3": lambda: random.standard_t(3, n),
        "pareto": lambda: random.pareto(1.5, n) + 1,
        "uniform": lambda: random.random(n),
    }[kind]()


@pytest.mark.parametrize("kind", ["normal", "lognormal", "exponential", "t3", "pareto", "uniform"])
@pytest.mark.parametrize("n", [100, 1000])
def test_a_distribution_has_no_outliers_of_its_own(kind, n):
    told = sum((extremes(drawn(kind, n, seed)).p_values < 0.005).any() for seed in range(60))
    assert told <= 3


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_one_wrong_value_in_a_hundred_is_found(kind):
    for seed in range(10):
        values = drawn(kind, 400, seed)
        values[:4] = values.mean() + 12 * values.std() * np.array([1, -1, 1.2, -1.1])
        found = np.flatnonzero(extremes(values).p_values < 0.005)
        assert found.tolist() == [0, 1, 2, 3]


def test_too_few_or_equal_values_say_nothing():
    assert extremes(np.arange(10.0)) is None
    assert extremes(np.repeat([0.0, 1.0], [90, 10])) is None


def test_heavy_tails_have_a_small_index():
    assert tail_index(drawn("pareto", 5000, 0)) < 3 < tail_index(drawn("normal", 5000, 0))
