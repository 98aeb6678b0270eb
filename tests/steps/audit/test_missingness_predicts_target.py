"""MD323: gaps that tell the target."""

import numpy as np
import pandas as pd

from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import missingness_predicts_target


def table(missing_of_yes, missing_of_no, n=600, seed=0):
    random = np.random.default_rng(seed)
    yes = random.random(n) < 0.4
    gaps = random.random(n) < np.where(yes, missing_of_yes, missing_of_no)
    frame = pd.DataFrame({f"x{i}": random.normal(size=n) for i in range(4)})
    frame.loc[random.random(n) < 0.1, "x1"] = np.nan
    frame["dose"] = np.where(gaps, np.nan, random.normal(size=n))
    frame["outcome"] = np.where(yes, "yes", "no")
    return frame


def test_gaps_that_decide_the_class_are_a_problem():
    found = missingness_predicts_target.judge(audited(table(0.98, 0.01), target="outcome"))
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["dose"])
    assert found.action.kind == "fix_leak"


def test_informative_gaps_are_advice():
    found = missingness_predicts_target.judge(audited(table(0.5, 0.05), target="outcome"))
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["dose"])
    assert found.evidence["columns_tested"] == 2


def test_gaps_of_a_quantity():
    frame = table(0.0, 0.0)
    random = np.random.default_rng(1)
    frame["outcome"] = random.normal(size=len(frame))
    frame.loc[frame["outcome"] > 0.8, "dose"] = np.nan
    found = missingness_predicts_target.judge(audited(frame, target="outcome"))
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["dose"])


def test_gaps_by_chance_pass():
    for seed in range(10):
        subject = audited(table(0.2, 0.2, seed=seed), target="outcome")
        assert missingness_predicts_target.judge(subject).outcome == "passed"


def test_too_few_gaps_none_and_no_target():
    frame = table(0.0, 0.0)
    frame["x1"] = 1.0
    assert missingness_predicts_target.judge(audited(frame, target="outcome")) is None
    frame.loc[:4, "dose"] = np.nan
    found = missingness_predicts_target.judge(audited(frame, target="outcome"))
    assert found.outcome == "not_applicable"
    assert missingness_predicts_target.judge(audited(frame)) is None
