"""Reports that the tests of this folder show."""

import pytest

from mldiag.findings import Action, Finding, Interval, Report, Table, TrialCounts

ACCURACY = {"name": "accuracy", "direction": "maximize"}


@pytest.fixture
def a_report():
    """Build a report of a sweep; keyword arguments replace its parts."""
    return build


def build(**changes):
    parts = {
        "step": "sweep",
        "experiment": "digits",
        "metric": ACCURACY,
        "outcome": "advice",
        "headline": "lr=.028 +1.8pt",
        "findings": (
            Finding(
                "MD501",
                "tune",
                "advice",
                "Another value of lr is better",
                "Nine values were tried.",
                action=Action(
                    "tune",
                    "Set lr = 0.028.",
                    param="lr",
                    value=0.028,
                    gain=Interval(0.018, 0.011, 0.026),
                ),
            ),
            Finding("MD502", "edge", "passed", "The best value is inside the range"),
        ),
        "result": {"best": 0.028},
        "trials": TrialCounts(planned=45, run=40, cached=5, failed=1),
        "cost_seconds": 61.0,
        "tables": (Table("accuracy by lr", ("lr", "accuracy", "failed"), (("0.01", "0.9", ""),)),),
        "next_command": "mldiag learning-curve experiment.py",
    }
    return Report(**(parts | changes))
