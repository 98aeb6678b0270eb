import numpy as np

from mldiag.steps.audit.checks.table import joint_drift
from tests.steps.audit.tables import healthy, judged


def related(rows, seed, sign=1):
    frame = healthy(rows, seed)
    noise = np.random.default_rng(seed + 50).normal(0, 0.6, rows)
    return frame.assign(x1=10 + sign * (frame["x0"] - 10) + noise)


def test_a_relation_that_breaks_is_seen_where_each_column_is_as_before():
    found = judged(joint_drift, related(400, 0), related(150, 1, sign=-1))
    assert found.outcome in ("advice", "problem")
    assert set(found.evidence["columns"]) == {"x0", "x1"}
    assert found.evidence["auc"] > 0.7


def test_a_random_split_is_not_told_apart():
    told = [judged(joint_drift, related(150, s), related(60, 100 + s)).outcome for s in range(5)]
    assert told == ["passed"] * 5


def test_groups_stay_in_one_fold():
    def grouped(groups, seed):
        frame = healthy(groups * 15, seed)
        for name in ("x0", "x1", "x2"):
            levels = np.random.default_rng((seed, int(name[1]))).normal(10, 2, groups)
            frame[name] = np.repeat(levels, 15) + frame[name] / 100
        return frame.assign(patient=np.repeat(np.arange(groups), 15))

    told = [
        judged(joint_drift, grouped(20, s), grouped(12, 90 + s), group="patient").outcome
        for s in range(3)
    ]
    assert told == ["passed"] * 3


def test_too_little():
    assert judged(joint_drift, related(100, 0), related(10, 1)).outcome == "not_applicable"
    one = [frame[["x0", "y"]] for frame in (healthy(), healthy(seed=1))]
    assert judged(joint_drift, *one).outcome == "not_applicable"
    assert judged(joint_drift, healthy()) is None
