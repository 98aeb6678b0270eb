"""MD321: ids, dates and places in the file that tell the target."""

import numpy as np
import pandas as pd

from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import order_predicts_target


def table(n=400, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame({"x": random.normal(size=n), "y": random.choice(["a", "b", "c"], n)})


def test_an_id_in_the_order_of_the_classes_is_a_problem_wherever_the_rows_stand():
    frame = table().sort_values("y").reset_index(drop=True)
    frame.insert(0, "case_id", [f"C-{number}" for number in range(len(frame))])
    shuffled = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    for subject in (audited(frame, target="y"), audited(shuffled, target="y")):
        found = order_predicts_target.judge(subject)
        assert (found.outcome, found.evidence["columns"]) == ("problem", ["case_id"])
        assert found.action.kind == "fix_leak"


def test_a_file_sorted_by_class_is_advice_to_shuffle():
    found = order_predicts_target.judge(audited(table().sort_values("y"), target="y"))
    assert (found.outcome, found.evidence["columns"]) == ("advice", [])
    assert found.action.kind == "fix_split"
    assert found.evidence["order_skill"] > 0.9


def test_a_date_that_tells_the_target_is_advice_to_split_by_time():
    frame = table()
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(frame)), unit="D")
    frame["day"] = days.strftime("%Y-%m-%d")
    frame["y"] = np.where(np.arange(len(frame)) > 250, "late", "early")
    frame = frame.sample(frac=1, random_state=1).reset_index(drop=True)
    found = order_predicts_target.judge(audited(frame, target="y"))
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["day"])
    assert "--time day" in found.action.text
    declared = order_predicts_target.judge(audited(frame, target="y", time="day"))
    assert declared.outcome == "passed"


def test_ids_and_order_that_say_nothing_pass():
    frame = table()
    frame.insert(0, "id", np.random.default_rng(1).permutation(len(frame)) + 1000)
    assert order_predicts_target.judge(audited(frame, target="y")).outcome == "passed"
    frame["y"] = np.random.default_rng(2).normal(size=len(frame))
    assert order_predicts_target.judge(audited(frame, target="y")).outcome == "passed"


def test_too_few_rows_and_no_target():
    assert order_predicts_target.judge(audited(table(20), target="y")).outcome == "not_applicable"
    assert order_predicts_target.judge(audited(table())) is None
