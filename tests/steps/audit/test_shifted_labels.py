"""MD345: labels that stand some rows off."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_digits, load_wine

from mldiag.steps.audit.checks.table import shifted_labels
from tests.steps.audit.tables import judged

LOADERS = {"digits": load_digits, "wine": load_wine, "diabetes": load_diabetes}


def frame_of(name, rows=500, seed=0):
    data = LOADERS[name]()
    order = np.random.default_rng(seed).permutation(len(data.data))[:rows]
    frame = pd.DataFrame(data.data[order]).add_prefix("x")
    return frame.assign(y=data.target[order])


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("shift", [1, -1, 3])
def test_labels_that_stand_off_are_found_with_their_place(name, shift):
    frame = frame_of(name)
    found = judged(shifted_labels, frame.assign(y=np.roll(frame.y, shift)))
    assert (found.outcome, found.action.kind) == ("problem", "fix_labels")
    assert found.evidence["shift"] == shift


@pytest.mark.parametrize("name", LOADERS)
def test_labels_in_their_place_pass(name):
    assert judged(shifted_labels, frame_of(name)).outcome == "passed"


@pytest.mark.parametrize("seed", range(5))
def test_labels_that_nothing_tells_pass(seed):
    frame = frame_of("digits", seed=seed)
    shuffled = np.random.default_rng(seed).permutation(frame.y)
    assert judged(shifted_labels, frame.assign(y=shuffled)).outcome == "passed"


def test_a_series_whose_neighbours_are_alike_passes():
    random = np.random.default_rng(0)
    walk = np.cumsum(random.normal(size=600))
    frame = pd.DataFrame({"before": np.roll(walk, 1), "noise": random.normal(size=600), "y": walk})
    assert judged(shifted_labels, frame[1:]).outcome == "passed"


def test_too_few_rows_and_no_target():
    assert judged(shifted_labels, frame_of("digits", rows=30)).outcome == "not_applicable"
    assert judged(shifted_labels, frame_of("digits"), target=None) is None
