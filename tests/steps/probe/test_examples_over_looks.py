"""MD454 and MD455: what stays hard, and what is forgotten."""

import numpy as np

from mldiag.recording.recorded import Recording
from mldiag.steps.probe.mistakes import forgotten_examples, hard_examples
from tests.steps.probe.evaluated import changed, looks


def test_the_same_hard_rows_each_time_are_information():
    found = hard_examples.judge(looks(fresh=False))
    assert found.outcome == "passed"
    assert "the same rows are hard" in found.title
    assert min(found.evidence["rows"]["evaluated"]) >= 200
    assert found.evidence["rank_correlation"] > 0.7


def test_hardness_that_changes_is_said():
    found = hard_examples.judge(looks(fresh=True))
    assert found.outcome == "passed"
    assert "changes from one evaluation to the next" in found.title


def test_steady_learning_passes_and_lists_rows_never_learned():
    found = forgotten_examples.judge(looks(fresh=False))
    assert found.outcome == "passed"
    assert found.evidence["never_right"] > 30
    assert found.evidence["flicker"] < 0.05


def test_mistakes_drawn_anew_each_time_are_advice():
    found = forgotten_examples.judge(looks(fresh=True))
    assert found.outcome == "advice"
    assert found.action.kind == "stabilize_training"
    assert 0.15 < found.evidence["flicker"] < 0.25


def test_a_row_that_keeps_being_forgotten_is_named():
    steady = looks(fresh=False)
    right = np.ones_like(steady.arrays["eval/right"])
    right[::2, 7] = False
    found = forgotten_examples.judge(changed(steady, eval__right=right))
    assert found.outcome == "passed"
    assert found.evidence["keep_being_forgotten"] == [7]


def test_few_looks_are_inconclusive_and_none_say_nothing():
    few = looks(fresh=True, count=3)
    assert forgotten_examples.judge(few).outcome == "inconclusive"
    assert hard_examples.judge(few).outcome == "inconclusive"
    assert forgotten_examples.judge(Recording({}, {})) is None
    assert hard_examples.judge(Recording({}, {})) is None
