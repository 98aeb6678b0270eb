"""MD452: slices that fail unknown to the network, against mistakes spread evenly."""

import numpy as np
import pytest

from mldiag.recording.recorded import Recording
from mldiag.steps.probe.mistakes.concentration import discovered
from mldiag.steps.probe.mistakes.mistakes_concentrate import judge
from mldiag.steps.probe.mistakes.slices import lengths_of, slices_of
from tests.steps.probe.evaluated import changed, classes, values


@pytest.mark.parametrize("seed", range(5))
def test_mistakes_that_depend_on_nothing_pass(seed):
    assert judge(classes(seed=seed)).outcome == "passed"
    assert judge(values(seed=seed)).outcome == "passed"


def test_a_slice_that_fails_unknown_to_the_network_is_found():
    healthy = classes(spread=6.0, columns=6)
    healthy = Recording({**healthy.facts, "columns": ["age", *"bcdef"]}, healthy.arrays)
    age = healthy.arrays["eval/inputs"][:, 0]
    targets = healthy.arrays["eval/targets"].copy()
    broken = (age > np.quantile(age, 0.8)) & (np.arange(len(age)) % 2 == 0)
    targets[broken] = (targets[broken] + 1) % 4
    found = judge(changed(healthy, eval__targets=targets))
    assert found.outcome == "advice"
    assert found.evidence["columns"] == ["age"]
    assert "age above" in found.title


def test_overlap_that_the_network_knows_of_is_information():
    healthy = classes(spread=6.0)
    doubt = 1 - healthy.arrays["eval/probabilities"].max(axis=1)
    inputs = healthy.arrays["eval/inputs"].copy()
    inputs[:, 0] = doubt + 0.01 * inputs[:, 0]
    found = judge(changed(healthy, eval__inputs=inputs))
    assert found.outcome == "passed"
    assert any("column 0" in part["where"] for part in found.evidence["where"])


def test_short_sequences_that_fail_are_found_by_their_length():
    healthy = classes(spread=6.0)
    random = np.random.default_rng(0)
    ids = random.integers(1, 90, (1000, 30))
    lengths = random.integers(3, 31, 1000)
    ids[np.arange(30)[None] >= lengths[:, None]] = 0
    targets = healthy.arrays["eval/targets"].copy()
    short = (lengths < 9) & (random.random(1000) < 0.6)
    targets[short] = (targets[short] + 1) % 4
    found = judge(changed(healthy, eval__inputs=ids, eval__targets=targets))
    assert found.outcome == "advice"
    assert found.evidence["columns"] == ["length"]
    assert lengths_of(ids).tolist() == lengths.tolist()


def test_predictions_that_are_shifted_in_a_slice_are_found():
    healthy = values()
    inputs, targets = healthy.arrays["eval/inputs"], healthy.arrays["eval/targets"].copy()
    targets[inputs[:, 2] > 0.7] += 4.0
    found = judge(changed(healthy, eval__targets=targets))
    assert found.outcome == "advice"
    assert "column 2" in found.title
    assert "too low" in found.title


def test_few_rows_are_inconclusive():
    assert judge(classes(rows=60)).outcome == "inconclusive"


def test_pictures_are_sliced_by_brightness_and_rows_kept_for_being_worst_not_at_all():
    pictures = np.random.default_rng(0).random((200, 1, 8, 8))
    seen = Recording({}, {"eval/inputs": pictures})
    assert {part.about for part in slices_of(seen, 200, least=20)} == {"brightness", "contrast"}
    worst = changed(seen, eval__input_rows=np.arange(200))
    assert slices_of(worst, 900, least=20) == []


def test_discoveries_hold_their_rate():
    assert discovered(np.array([0.01, 0.04, 0.5, 0.9]), 0.1).tolist() == [True, True, False, False]
