"""MD326: wrong labels told from honest overlap."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris

from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import label_errors


def digits(rate, seed):
    bunch = load_digits(as_frame=True)
    frame, labels = bunch.data[:1000].copy(), bunch.target[:1000].to_numpy()
    random = np.random.default_rng(seed)
    turned = random.choice(len(labels), round(rate * len(labels)), replace=False)
    given = labels.copy()
    given[turned] = (given[turned] + 1) % 10
    frame["digit"] = given
    return frame, turned, labels


def overlapping(n=600, seed=0):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(n, 5)), columns=list("abcde"))
    chance = 1 / (1 + np.exp(-1.2 * (frame["a"] + frame["b"])))
    frame["y"] = np.where(random.random(n) < chance, "yes", "no")
    return frame


def test_turned_labels_of_digits_are_found_with_what_they_should_be():
    frame, turned, labels = digits(0.05, 0)
    found = label_errors.judge(audited(frame, target="digit"))
    rows = np.array(found.evidence["rows"]["train"])
    assert found.outcome == "problem"
    assert np.isin(rows, turned).mean() >= 0.9
    assert np.isin(turned, rows).mean() >= 0.9
    right = labels[rows] == np.array(found.evidence["suggested"]).astype(int)
    assert right.mean() >= 0.9
    assert np.all(np.diff(found.evidence["probability"]) <= 0)
    assert found.evidence["expected_wrong_low"] <= len(rows)


def test_untouched_digits_pass():
    assert label_errors.judge(audited(digits(0.0, 0)[0], target="digit")).outcome == "passed"


@pytest.mark.parametrize("seed", range(2))
def test_honest_overlap_is_not_called_wrong(seed):
    found = label_errors.judge(audited(overlapping(seed=seed), target="y"))
    assert found.outcome in ("passed", "inconclusive")


def test_a_task_without_signal_is_inconclusive():
    frame = overlapping()
    frame["y"] = np.random.default_rng(1).choice(["yes", "no"], len(frame))
    assert label_errors.judge(audited(frame, target="y")).outcome == "inconclusive"


def test_mixed_columns_with_gaps():
    random = np.random.default_rng(3)
    frame = load_iris(as_frame=True).data
    frame = pd.concat([frame] * 3, ignore_index=True) + random.normal(0, 0.05, (450, 4))
    kinds = np.tile(load_iris().target, 3)
    frame["place"] = np.where(random.random(450) < 0.1, None, np.array(["x", "y", "z"])[kinds])
    frame.iloc[::9, 0] = np.nan
    turned = random.choice(450, 22, replace=False)
    given = kinds.copy()
    given[turned] = (given[turned] + 1) % 3
    frame["kind"] = np.array(["setosa", "versicolor", "virginica"])[given]
    found = label_errors.judge(audited(frame, target="kind"))
    assert found.outcome == "problem"
    rows = found.evidence["rows"]["train"]
    assert np.isin(turned, rows).mean() >= 0.9


def test_quantities_ten_times_too_large_are_advice():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(500, 3)), columns=list("abc"))
    frame["y"] = 100 + 10 * frame["a"] + 5 * frame["b"] + random.normal(size=500)
    assert label_errors.judge(audited(frame, target="y")).outcome == "passed"
    wrong = [3, 77, 140, 300]
    frame.loc[wrong, "y"] *= 10
    found = label_errors.judge(audited(frame, target="y"))
    assert found.outcome == "advice"
    assert sorted(found.evidence["rows"]["train"]) == wrong
    assert np.all(np.array(found.evidence["predicted"]) < 300)


def test_too_few_rows_and_no_target():
    frame = overlapping(30)
    assert label_errors.judge(audited(frame, target="y")).outcome == "not_applicable"
    assert label_errors.judge(audited(frame)) is None
