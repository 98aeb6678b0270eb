import numpy as np

from mldiag.steps.audit.checks.table import missing_share_changed
from tests.steps.audit.tables import healthy, judged


def gaps(train_share, test_share, train_rows=400, test_rows=150, seed=0):
    random = np.random.default_rng(seed)
    frames = healthy(train_rows, seed), healthy(test_rows, seed + 1)
    return tuple(
        frame.assign(x1=frame["x1"].where(random.random(len(frame)) >= share))
        for frame, share in zip(frames, (train_share, test_share), strict=True)
    )


def test_gaps_in_the_test_rows_alone_are_a_problem():
    found = judged(missing_share_changed, *gaps(0, 0.2))
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x1"])


def test_more_gaps_than_before_are_advice():
    assert judged(missing_share_changed, *gaps(0.1, 0.25)).outcome == "advice"
    assert judged(missing_share_changed, *gaps(0.1, 0.6)).outcome == "problem"


def test_spelled_gaps_count():
    train, test = healthy(400), healthy(150, 1)
    test["city"] = test["city"].where(np.arange(150) % 4 > 0, "N/A")
    assert judged(missing_share_changed, train, test).evidence["columns"] == ["city"]


def test_equal_shares_pass():
    told = [judged(missing_share_changed, *gaps(0.2, 0.2, seed=s)).outcome for s in range(30)]
    assert told.count("problem") == 0
    assert told.count("advice") <= 5


def test_too_few_rows_and_whole_tables():
    assert judged(missing_share_changed, *gaps(0, 0.5, test_rows=10)).outcome == "not_applicable"
    assert judged(missing_share_changed, healthy(), healthy(seed=1)).outcome == "passed"
    assert judged(missing_share_changed, healthy()) is None
