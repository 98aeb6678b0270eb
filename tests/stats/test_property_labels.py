"""Does a property tell the label: found where it does, quiet where it does not."""

import numpy as np
import pytest

from mldiag.stats.property_labels import property_labels

LABELS = [*"abcd"] * 40


def made(seed=0):
    random = np.random.default_rng(seed)
    return random, {f"noise {n}": random.normal(size=160) for n in range(10)}


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_one_label_of_four_is_told_and_named(missing):
    _, properties = made()
    properties["width"] = [missing if label == "c" else 640.0 for label in LABELS]
    first = property_labels(properties, LABELS)[0]
    assert (first.name, first.label, first.label_told) == ("width", "c", 1.0)
    assert first.p_value < 0.05


def test_words_and_numbers_tell_all_labels():
    words = property_labels({"format": [f"F{label}" for label in LABELS]}, LABELS)[0]
    numbers = property_labels({"size": [float(ord(label)) for label in LABELS]}, LABELS)[0]
    assert words.told == numbers.told == 1.0


def test_chance_is_called_out_in_few_of_many_draws():
    """Twenty-five draws of ten useless properties on few rows, where strong ones turn up by chance."""
    false = 0
    for seed in range(25):
        _, properties = made(seed)
        few = {name: values[:32] for name, values in properties.items()}
        found = property_labels(few, LABELS[:32], worth_testing=0.3)
        false += any(item.p_value <= 0.05 for item in found)
    assert false <= 5  # binomial(25, .05): above 5 in 1 of 1,000 worlds


def test_a_number_as_label_is_judged_by_its_size():
    ages = np.random.default_rng(2).uniform(20, 80, 200)
    first = property_labels({"width": ages * 10}, [f"{age:.1f}" for age in ages])[0]
    assert first.told > 0.8
    assert "by size" in first.label


def test_too_few_rows_of_a_label_say_nothing():
    assert property_labels({"width": [1.0] * 12}, ["a"] * 6 + ["b"] * 6) == ()
    assert property_labels({"width": [1.0] * 20}, [None] * 20) == ()


def test_the_same_seed_gives_the_same_answer():
    _, properties = made(3)
    properties["width"] = list(np.arange(160) // 40)
    assert property_labels(properties, LABELS) == property_labels(properties, LABELS)
