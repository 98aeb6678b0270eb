import math

import numpy as np
import pytest

from mldiag.steps.probe.curves import Curve
from tests.steps.probe.recordings import falling


def curve(values):
    return Curve.of(np.arange(len(values)), np.asarray(values))


def test_a_course_is_told_by_its_ends():
    seen = curve(falling(400))
    assert seen.first == pytest.approx(2.2, abs=0.1)
    assert seen.last == pytest.approx(0.1, abs=0.01)
    assert seen.best <= seen.last + 0.01
    assert seen.noise == pytest.approx(0.01, rel=0.3)


def test_noise_is_no_trend_and_a_slope_is():
    random = np.random.default_rng(0)
    level = [curve(random.normal(1, 0.1, 300)).trend().z for _ in range(40)]
    assert np.mean(np.abs(level) > 3) <= 0.1
    slope = curve(np.linspace(2, 1, 300) + random.normal(0, 0.1, 300)).trend()
    assert slope.z < -3
    assert slope.change == pytest.approx(-1 / 3, abs=0.1)


def test_what_is_not_finite_is_left_out():
    values = falling(100)
    values[::7] = np.nan
    values[3] = np.inf
    seen = curve(values)
    assert len(seen) == 100 - 15 - 1
    assert np.isfinite([seen.first, seen.last, seen.best, seen.noise, seen.trend().z]).all()


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_short_curves_have_no_trend_and_never_break(count):
    seen = curve(np.ones(count))
    assert seen.trend().z == 0
    assert seen.noise == 0
    ends = (seen.first, seen.last, seen.best)
    assert all(math.isnan(end) for end in ends) if count == 0 else ends == (1, 1, 1)
