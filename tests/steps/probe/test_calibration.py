"""MD453: too sure, too unsure, calibrated, too few rows."""

import pytest

from mldiag.steps.probe.mistakes.calibration import judge
from mldiag.steps.probe.mistakes.temperature import tempered
from tests.steps.probe.evaluated import changed, classes


def at(temperature, **how):
    healthy = classes(**how)
    return changed(
        healthy, eval__probabilities=tempered(healthy.arrays["eval/probabilities"], temperature)
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_calibrated_network_passes(seed):
    found = judge(classes(seed=seed))
    assert found.outcome == "passed"


def test_a_network_that_is_too_sure_is_given_its_temperature():
    found = judge(at(1 / 3, spread=1.5))
    assert found.outcome == "advice"
    assert "too sure" in found.title
    assert found.action.param == "temperature"
    assert 2.3 < found.action.value < 4.0
    assert found.evidence["held_back_error_after"] < 0.5 * found.evidence["held_back_error"]


def test_a_network_that_is_too_unsure_is_told_so_without_alarm():
    found = judge(at(4.0, spread=6.0))
    assert found.outcome == "passed"  # label smoothing does it on purpose
    assert "too unsure" in found.title
    assert found.action is None
    assert found.evidence["temperature"] < 0.5


def test_few_rows_are_inconclusive():
    assert judge(classes(rows=60)).outcome == "inconclusive"
