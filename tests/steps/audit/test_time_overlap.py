import pandas as pd

from mldiag.steps.audit.checks.table import time_overlap
from tests.steps.audit.tables import healthy, judged


def test_training_on_the_future_is_a_problem():
    days = pd.date_range("2024-01-01", periods=250).astype(str)
    frame, test = healthy(), healthy(50, seed=1)
    late = judged(time_overlap, frame.assign(day=days[50:]), test.assign(day=days[:50]), time="day")
    assert (late.outcome, late.action.kind) == ("problem", "fix_split")
    assert late.evidence["share"] == 1
    good = judged(
        time_overlap, frame.assign(day=days[:200]), test.assign(day=days[200:]), time="day"
    )
    assert good.outcome == "passed"


def test_undeclared_times_are_asked_for():
    assert "--time" in judged(time_overlap, healthy(), healthy(50)).title


def test_times_that_are_words_are_not_judged():
    frame, test = healthy().assign(when="early"), healthy(50).assign(when="late")
    assert judged(time_overlap, frame, test, time="when").outcome == "inconclusive"
