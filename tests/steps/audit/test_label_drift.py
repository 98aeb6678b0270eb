import numpy as np

from mldiag.steps.audit.checks.table import label_drift
from tests.steps.audit.tables import healthy, judged


def shares(test_share, test_rows=200, seed=0):
    random = np.random.default_rng(seed)
    frames = healthy(400, seed), healthy(test_rows, seed + 1)
    return tuple(
        frame.assign(y=np.where(random.random(len(frame)) < share, "yes", "no"))
        for frame, share in zip(frames, (0.5, test_share), strict=True)
    )


def test_other_shares_of_the_classes():
    found = judged(label_drift, *shares(0.85))
    assert found.outcome == "problem"
    assert found.evidence["shares"]["yes"]["test"] > 0.75
    assert judged(label_drift, *shares(0.68)).outcome == "advice"


def test_a_regression_by_its_distribution():
    train, test = healthy(400), healthy(200, 1)
    train, test = train.assign(y=train["x1"] * 1.5), test.assign(y=test["x1"] * 1.5 + 2)
    found = judged(label_drift, train, test)
    assert found.outcome in ("advice", "problem")
    assert "median" in found.title


def test_a_random_split_passes():
    told = [judged(label_drift, *shares(0.5, 60, seed)).outcome for seed in range(50)]
    assert told.count("problem") == 0
    assert told.count("advice") <= 3


def test_no_labels_or_too_few():
    train, test = shares(0.9)
    assert judged(label_drift, train, test.drop(columns="y")).outcome == "not_applicable"
    assert judged(label_drift, train, test.head(8)).outcome == "not_applicable"
    assert judged(label_drift, train) is None
