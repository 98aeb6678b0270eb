"""Whether a reported score has come back: the verdict, its uncertainty, and how many runs it takes."""

import math

import pytest

from mldiag import MldiagError
from mldiag.steps.reproduce.equivalence import judge_reproduction
from mldiag.steps.reproduce.variance import Variance, runs_to_judge

TIGHT = [0.951, 0.953, 0.952, 0.9515, 0.9525]


def test_close_runs_reproduce():
    found = judge_reproduction(TIGHT, 0.952, 0.01)
    assert found.verdict == "reproduced"
    assert found.side is None
    assert -0.01 < found.low < found.estimate < found.high < 0.01
    assert found.level == pytest.approx(0.9)
    assert "taken as exact" in found.basis


@pytest.mark.parametrize(
    ("expected", "maximize", "side"),
    [
        (0.90, True, "better"),
        (0.99, True, "worse"),
        (0.90, False, "worse"),
        (0.99, False, "better"),
    ],
)
def test_far_runs_do_not_and_the_side_is_told(expected, maximize, side):
    found = judge_reproduction(TIGHT, expected, 0.01, maximize=maximize)
    assert (found.verdict, found.side) == ("not_reproduced", side)
    assert found.runs_needed is None


def test_a_mean_within_the_tolerance_is_not_enough():
    found = judge_reproduction([0.93, 0.97, 0.95, 0.96, 0.95], 0.952, 0.01)
    assert abs(found.estimate) < 0.01
    assert found.verdict == "inconclusive"
    assert found.runs_needed > 5


def test_the_runs_needed_are_those_of_the_published_table():
    needed = [
        runs_to_judge(Variance(own=s**2, runs=5), 1.0, level=0.9)
        for s in (0.2, 0.3, 0.5, 0.75, 1, 1.5, 2)
    ]
    assert needed == [3, 3, 4, 7, 11, 21, 36]


def test_no_number_of_runs_settles_a_wide_report_of_one_run():
    found = judge_reproduction([0.93, 0.97, 0.95, 0.96, 0.95], 0.952, 0.01, reported_runs=1)
    assert found.verdict == "inconclusive"
    assert found.runs_needed is None
    assert "one run of the report" in found.basis


def test_a_test_set_of_360_rows_cannot_resolve_a_point():
    found = judge_reproduction(TIGHT, 0.952, 0.01, test_rows=360)
    assert found.verdict == "inconclusive"
    assert found.high - found.estimate > 1.6 * math.sqrt(0.952 * 0.048 / 360)
    assert found.runs_needed is None


def test_one_run_and_no_spread_are_never_an_interval():
    for scores in ([0.952], [0.952] * 5):
        found = judge_reproduction(scores, 0.952, 0.01)
        assert found.verdict == "inconclusive"
        assert math.isnan(found.low)
        assert found.runs_needed is None
        assert found.reason


def test_the_spread_of_the_report_widens_the_interval():
    exact = judge_reproduction(TIGHT, 0.952, 0.01)
    told = judge_reproduction(TIGHT, 0.952, 0.01, reported_sd=0.004, reported_runs=5)
    assert told.high - told.low > exact.high - exact.low
    like_ours = judge_reproduction(TIGHT, 0.952, 0.01, reported_runs=5)
    assert like_ours.high - like_ours.low > exact.high - exact.low


def test_two_looks_share_the_error():
    once, twice = (judge_reproduction(TIGHT, 0.952, 0.01, looks=looks) for looks in (1, 2))
    assert twice.level == pytest.approx(0.95)
    assert twice.high > once.high


@pytest.mark.parametrize(
    ("score", "expected", "tolerance", "verdict", "side"),
    [
        (0.9549, 0.95, 0.001, "reproduced", None),
        (0.9551, 0.95, 0.001, "not_reproduced", "better"),
        (0.9689, 0.97, 0.01, "reproduced", None),
        (0.94, 0.9689, 0.01, "not_reproduced", "worse"),
        (2900.2, 2900.0, 1.0, "reproduced", None),
    ],
)
def test_a_process_without_noise_is_judged_to_the_digits_reported(
    score, expected, tolerance, verdict, side
):
    found = judge_reproduction([score] * 2, expected, tolerance, deterministic=True)
    assert (found.verdict, found.side) == (verdict, side)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"scores": []}, "no score to judge"),
        ({"scores": [0.9, float("nan")]}, "not finite"),
        ({"tolerance": 0}, "--tolerance 0.01"),
        ({"expected": float("inf")}, "--expected"),
        ({"reported_sd": 0.01}, "without the number of runs"),
        ({"reported_sd": 0.01, "reported_runs": 1}, "without the number of runs"),
        ({"reported_runs": 0}, "0 reported runs"),
        ({"expected": 12.0, "test_rows": 100}, "a share of rows"),
        ({"deterministic": True}, "the scores differ"),
    ],
)
def test_a_report_that_cannot_be_meant_is_refused(given, says):
    arguments = {"scores": TIGHT, "expected": 0.952, "tolerance": 0.01} | given
    with pytest.raises(MldiagError, match=says):
        judge_reproduction(**arguments)
