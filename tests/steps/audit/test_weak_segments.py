"""MD343: a part of the table in which a model fails."""

import numpy as np
import pandas as pd

from mldiag.data.audited.table import audited
from mldiag.steps.audit.checks.table import weak_segments


def table(n=800, seed=0):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(n, 4)), columns=["a", "b", "c", "d"])
    frame["site"] = random.choice(["north", "south", "east", "west"], n)
    frame["y"] = np.where(frame["a"] + frame["b"] > 0, "up", "down")
    return frame


def test_a_category_whose_labels_say_nothing_is_found():
    frame = table()
    inside = (frame["site"] == "east").to_numpy()
    frame.loc[inside, "y"] = np.random.default_rng(1).permutation(frame.loc[inside, "y"])
    found = weak_segments.judge(audited(frame, target="y"))
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["site"])
    assert found.evidence["segment"] == "site is 'east'"
    assert found.evidence["rows"]["train"] == np.flatnonzero(inside).tolist()
    assert found.evidence["loss_inside"] > 2 * found.evidence["loss_outside"]


def test_a_range_of_a_number_in_a_regression():
    frame = table()
    frame["y"] = frame["a"] + frame["b"]
    inside = (frame["d"] > frame["d"].quantile(0.8)).to_numpy()
    frame.loc[inside, "y"] = np.random.default_rng(1).permutation(frame.loc[inside, "y"])
    found = weak_segments.judge(audited(frame, target="y"))
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["d"])
    assert found.evidence["segment"].startswith("d above")


def test_a_table_without_weak_segments_passes():
    for seed in range(2):
        found = weak_segments.judge(audited(table(seed=seed), target="y"))
        assert found.outcome == "passed"


def test_a_task_that_is_hard_everywhere_passes():
    frame = table()
    frame["y"] = np.random.default_rng(2).choice(["up", "down"], len(frame))
    assert weak_segments.judge(audited(frame, target="y")).outcome == "passed"


def test_too_few_rows_and_no_target():
    assert weak_segments.judge(audited(table(100), target="y")).outcome == "not_applicable"
    assert weak_segments.judge(audited(table(100))) is None
