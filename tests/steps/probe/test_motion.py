import math

import numpy as np
import pytest

from mldiag.steps.probe.motion import motion_of
from tests.steps.probe.recordings import recording, sampled, signals


def test_the_numbers_of_a_training_come_back():
    powers = np.full((len(sampled(400)), 3), -3.0)
    powers[2:5] = -1.0
    powers[2:5, 2] = 0.0
    motion = motion_of(
        signals(update=powers, gradient=-2.0, travel=0.7, straight=0.5, agreement=0.4, shrunk=0.5)
    )
    assert motion.early == pytest.approx(-1.0)
    assert motion.early_any == pytest.approx(0.0)
    assert motion.late == pytest.approx(-3.0)
    assert motion.gradient == pytest.approx(-2.0)
    assert (motion.travel, motion.straight) == (pytest.approx(0.7), pytest.approx(0.5))
    assert motion.agreement == pytest.approx(0.4)
    assert motion.grown == motion.shrunk == pytest.approx(0.5)


def test_what_was_not_measured_is_nan():
    motion = motion_of(signals(without=("update/", "weight/", "gradient/", "travel/", "window/")))
    assert all(math.isnan(value) for value in vars(motion).values())


def test_rows_that_are_not_finite_are_left_out():
    usual = recording()
    travel, window = np.array(usual.series("travel/0")), np.array(usual.series("window/0"))
    travel[5], window[7] = np.nan, np.inf
    motion = motion_of(signals(arrays={"travel/0": travel, "window/0": window}))
    assert motion.travel == pytest.approx(0.4)
    assert motion.agreement == pytest.approx(0.3)


def test_weights_that_begin_at_zero_have_no_ratio():
    weight = np.array(recording().series("weight/norm"))
    weight[:, 0] = 0.0
    motion = motion_of(signals(arrays={"weight/norm": weight}))
    assert math.isfinite(motion.early)
    assert motion.shrunk == pytest.approx(1.0)
