import numpy as np

from mldiag.steps.probe.checks.neural_collapse import judge
from tests.steps.probe.recordings import CLASSES, recording, signals


def gathered():
    """Features that span as many dimensions as there are classes, less one."""
    spectrum = np.array(recording().series("feature/spectrum"))
    spectrum[:, :] = np.where(np.isfinite(spectrum), np.arange(64) < CLASSES - 1, np.nan)
    return {"feature/spectrum": spectrum}


def test_features_that_have_gathered_are_told_and_are_no_fault():
    found = judge(signals(arrays=gathered(), learned=1.0))
    assert (found.outcome, found.action) == ("passed", None)
    assert "gathered by class" in found.title


def test_others_are_told_as_they_are():
    for changes in ({"learned": 1.0}, {"arrays": gathered(), "learned": 0.8}):
        found = judge(signals(**changes))
        assert found.outcome == "passed"
        assert "gathered" not in found.title


def test_too_little():
    assert judge(signals(steps=10)).outcome == "inconclusive"
    assert judge(signals(without=("feature/",))).outcome == "not_applicable"
    assert judge(signals(facts={"task": "regression"})).outcome == "not_applicable"
