import io
import sys

import pytest

from mldiag.report.progress import ProgressListener, plan_line
from mldiag.run.settings import PlanSummary
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

DONE = TrialResult(TrialSpec("a"), "ok")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (PlanSummary(24, 6, 181.0), "24 trials, about 3 min, 6 cached"),
        (PlanSummary(24, 0, None), "24 trials"),
        (PlanSummary(1, 0, 4.2), "1 trial, about 4.2 s"),
        (PlanSummary(0, 0, None), "no trials: there is nothing to train"),
        (PlanSummary(6, 6, None), "6 trials, all cached: nothing to train"),
    ],
)
def test_the_plan_is_one_line(summary, line):
    assert plan_line(summary) == line


def test_outside_a_terminal_there_is_a_plan_line_and_no_bar(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with ProgressListener() as listener:
        listener.planned(PlanSummary(2, 0, 1.0))
        listener.finished(DONE, cached=False)
        listener.planned(PlanSummary(1, 0, 1.0))
        listener.notice("the server is away")
        listener.notice("the server is away")
    assert stream.getvalue().splitlines() == [
        "2 trials, about 1.0 s",
        "1 more trial, about 1.0 s",
        "the server is away",
    ]


def test_in_a_terminal_a_bar_counts_trained_trials_and_goes_away(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with ProgressListener() as listener:
        listener.planned(PlanSummary(3, 1, 1.0))
        bar = listener._bar
        listener.finished(DONE, cached=True)
        listener.finished(DONE, cached=False)
        assert (bar.tasks[0].completed, bar.tasks[0].total) == (1, 2)
        listener.planned(PlanSummary(4, 0, 1.0))
        assert bar.tasks[0].total == 6
    assert listener._bar is None
    assert "training" in stream.getvalue()


def test_nothing_to_train_needs_no_bar(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with ProgressListener() as listener:
        listener.planned(PlanSummary(3, 3))
        assert listener._bar is None
    assert "nothing to train" in stream.getvalue()


def test_the_bar_goes_away_when_something_fails(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    listener = ProgressListener()

    def fail():
        with listener:
            listener.planned(PlanSummary(3, 0))
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        fail()
    assert listener._bar is None
