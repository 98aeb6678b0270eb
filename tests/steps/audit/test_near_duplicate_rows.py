import numpy as np
import pandas as pd
import pytest

from mldiag.steps.audit.checks.table import near_duplicate_rows
from tests.steps.audit.tables import augmented, healthy, judged


def test_rows_measured_twice_are_found():
    frame = healthy(400, columns=6)
    again = frame.iloc[:20].copy()
    again.loc[:, "x0":"x5"] += np.random.default_rng(1).normal(0, 0.002, (20, 6))
    found = judged(near_duplicate_rows, pd.concat([frame, again], ignore_index=True))
    assert found.outcome == "problem"
    assert found.evidence["rows"] == {"train": list(range(400, 420))}


def test_different_cases_are_not_near_over_many_draws():
    alarms = [
        judged(near_duplicate_rows, healthy(300, seed=seed, columns=5)).outcome != "passed"
        for seed in range(30)
    ]
    assert sum(alarms) <= 1


def test_categories_alone_cannot_tell():
    frame = pd.DataFrame({"a": np.resize(["x", "y"], 200), "y": np.resize([0, 1, 1], 200)})
    assert judged(near_duplicate_rows, frame).outcome == "not_applicable"


@pytest.mark.parametrize("times", [2, 4, 8])
def test_rows_that_were_all_augmented_ask_for_another_split(times):
    found = judged(near_duplicate_rows, augmented(150, times))
    assert found.outcome == "problem"
    assert found.action.kind == "fix_split"
    assert found.evidence["share"] > 0.9


def test_copies_of_one_group_are_kept_together_by_it():
    frame = healthy(100, columns=6).assign(who=np.arange(100))
    frame = frame.loc[frame.index.repeat(4)].reset_index(drop=True)
    frame.loc[:, "x0":"x5"] += np.random.default_rng(0).normal(0, 0.05, (400, 6))
    assert judged(near_duplicate_rows, frame, group="who").outcome == "passed"


@pytest.mark.parametrize("noise", [0.01, 5.0])
def test_numbers_on_a_grid_are_no_copies(noise):
    random = np.random.default_rng(0)
    for _ in range(10):
        steps, fine = random.integers(0, 50, (800, 2)).astype(float), random.normal(0, 1, 800)
        frame = pd.DataFrame({"a": steps[:, 0], "b": steps[:, 1], "c": fine})
        target = np.where(steps[:, 0] + random.normal(0, noise, 800) > 25, "yes", "no")
        assert judged(near_duplicate_rows, frame.assign(y=target)).outcome == "passed"
