import numpy as np

from mldiag.steps.audit.checks.table import relation_drift
from tests.steps.audit.tables import healthy, judged


def turned(test_rows=200, seed=0, sign=-1):
    test = healthy(test_rows, seed + 1)
    return healthy(400, seed), test.assign(x0=10 + sign * (test["x0"] - 10))


def test_a_feature_that_means_the_opposite():
    found = judged(relation_drift, *turned())
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x0"])
    assert found.evidence["effects"]["x0"]["low"] > 0.5


def test_a_regression_and_a_category():
    train, test = healthy(400), healthy(200, 1)
    frames = []
    for frame, sign in ((train, 1), (test, -1)):
        noise = np.random.default_rng(len(frame)).normal(0, 1, len(frame))
        effect = frame["city"].map({"Rome": 0.0, "Bonn": 1.5, "Paris": 3.0})
        frames.append(frame.assign(y=frame["x1"] + sign * effect + noise))
    assert judged(relation_drift, *frames).evidence["columns"] == ["city"]


def test_labels_that_are_merely_more_common_change_no_relation():
    train, test = healthy(600), healthy(400, 1)
    for frame in (train, test):
        frame["y"] = np.where(
            np.random.default_rng(len(frame)).random(len(frame)) < 0.5, "yes", "no"
        )
    test.loc[:120, "y"] = "yes"
    assert judged(relation_drift, train, test).outcome == "passed"


def test_a_random_split_passes():
    told = [judged(relation_drift, *turned(80, s, sign=1)).outcome for s in range(50)]
    assert told.count("problem") == 0
    assert told.count("advice") <= 4


def test_groups_are_what_is_counted():
    told = []
    for seed in range(15):
        frames = []
        for part, groups in enumerate((25, 12)):
            random = np.random.default_rng((seed, part))
            frame = healthy(groups * 20, 2 * seed + part)
            level, answer = (np.repeat(random.normal(size=groups), 20) for _ in range(2))
            frame = frame.assign(
                x1=level + frame["x1"] / 100, patient=np.repeat(np.arange(groups), 20)
            )
            frames.append(frame.assign(y=answer + random.normal(0, 0.3, len(frame))))
        told.append(judged(relation_drift, *frames, group="patient").outcome)
    assert told.count("problem") <= 1


def test_no_labels_or_too_few():
    train, test = turned()
    assert judged(relation_drift, train, test.drop(columns="y")).outcome == "not_applicable"
    assert judged(relation_drift, train, test.head(12)).outcome == "not_applicable"
    assert judged(relation_drift, train) is None
