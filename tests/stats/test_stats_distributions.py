"""Student's t and Dunnett's maximum against scipy.stats and published tables."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mldiag.stats.distributions import (
    largest_t_critical,
    largest_t_upper_tail,
    t_quantile,
    t_upper_tail,
)


@pytest.mark.parametrize(("probability", "df"), [(0.9, 4), (0.95, 2), (0.975, 30)])
def test_t_agrees_with_scipy(probability, df):
    assert t_quantile(probability, df) == pytest.approx(stats.t.ppf(probability, df))
    assert t_upper_tail(t_quantile(probability, df), df) == pytest.approx(1 - probability)


def test_without_a_degree_of_freedom_nothing_is_known():
    assert math.isnan(t_quantile(0.9, 0))
    assert math.isnan(t_upper_tail(1.0, 0))
    assert math.isnan(largest_t_upper_tail(1.0, 0, comparisons=3))
    assert math.isnan(largest_t_critical(0.05, 0, comparisons=3))


@pytest.mark.parametrize(
    # Dunnett's one-sided table at .05 (1955): comparisons, df, critical value
    ("comparisons", "df", "critical"),
    [(1, 10, 1.81), (2, 10, 2.15), (3, 20, 2.19), (5, 20, 2.39), (9, 60, 2.48)],
)
def test_published_critical_values(comparisons, df, critical):
    assert largest_t_critical(0.05, df, comparisons=comparisons) == pytest.approx(
        critical, abs=0.006
    )


def test_balanced_case_agrees_with_scipy_dunnett():
    random = np.random.default_rng(3)
    groups = [random.normal(0.4 * i, 1, size=6) for i in range(4)]
    theirs = stats.dunnett(
        *groups[1:], control=groups[0], alternative="greater", rng=np.random.default_rng(1)
    )
    ours = [largest_t_upper_tail(t, 20, comparisons=3) for t in theirs.statistic]
    assert ours == pytest.approx(list(theirs.pvalue), abs=2e-3)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(-3, 6), st.floats(1, 60), st.integers(2, 20), st.sampled_from([0.0, 0.25, 0.5, 0.75])
)
def test_between_no_correction_and_bonferroni(value, df, comparisons, correlation):
    single = t_upper_tail(value, df)
    family = largest_t_upper_tail(value, df, comparisons=comparisons, correlation=correlation)
    assert single - 2e-3 <= family <= min(1.0, comparisons * single) + 2e-3


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 5), st.floats(2, 40), st.integers(2, 12))
def test_less_correlation_is_more_cautious(value, df, comparisons):
    tails = [
        largest_t_upper_tail(value, df, comparisons=comparisons, correlation=c)
        for c in (0.0, 0.3, 0.6)
    ]
    assert tails == sorted(tails, reverse=True)
