"""MD451: wrong labels among the mistakes, against honest doubt."""

import numpy as np

from mldiag.steps.probe.mistakes.confident_mistakes import judge
from tests.steps.probe.evaluated import changed, classes


def flipped(recording, share, seed=0):
    random = np.random.default_rng(seed)
    targets = recording.arrays["eval/targets"].copy()
    kinds = recording.arrays["eval/probabilities"].shape[1]
    chosen = random.random(len(targets)) < share
    targets[chosen] = (targets[chosen] + random.integers(1, kinds, chosen.sum())) % kinds
    return changed(recording, eval__targets=targets), np.flatnonzero(chosen)


def test_honest_doubt_passes_with_the_surest_mistakes_listed_first():
    found = judge(classes(spread=6.0))
    assert found.outcome == "passed"
    sure = [example["confidence"] for example in found.evidence["examples"]]
    assert sure == sorted(sure, reverse=True)
    assert "honest doubt" in found.title


def test_wrong_labels_are_found():
    sick, wrong = flipped(classes(spread=6.0), 0.06)
    found = judge(sick)
    assert found.outcome == "advice"
    assert found.action.kind == "clean_labels"
    named = set(found.evidence["rows"]["evaluated"])
    assert len(named & set(wrong.tolist())) > 0.8 * len(named)
    assert len(named) > 0.5 * len(wrong)


def test_few_rows_list_mistakes_but_doubt_no_labels():
    sick, _ = flipped(classes(rows=120, spread=6.0), 0.1)
    found = judge(sick)
    assert found.outcome == "passed"
    assert "too few rows to doubt labels" in found.title


def test_nothing_is_said_where_only_classes_were_named():
    assert judge(classes(graded=False)) is None
