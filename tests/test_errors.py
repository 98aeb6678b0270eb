import pickle

import pytest

from mldiag.errors import SHOWN_NAMES, MldiagError, UserCodeError, nearest_name, unknown_name


@pytest.mark.parametrize(
    ("name", "allowed", "nearest"),
    [
        ("acc", ["auc", "accuracy", "balanced_accuracy"], "accuracy"),
        ("c", ["C", "cache"], "C"),
        ("Accuracy", ["accuracy", "auc"], "accuracy"),
        ("learn", ["learning_rate", "lr"], "learning_rate"),
        ("mean", ["mean_squared_error", "mean_error"], "mean_error"),
        ("widht", ["width", "lr"], "width"),
        ("zzz", ["width", "lr"], ""),
        ("", ["width"], ""),
        ("x", [], ""),
    ],
)
def test_the_nearest_name_is_the_one_in_another_case_or_begun_or_similar(name, allowed, nearest):
    assert nearest_name(name, allowed) == nearest


def test_a_long_list_is_cut_to_the_names_that_are_near():
    error = unknown_name("thing", "item_7", [f"item_{i}" for i in range(300)])
    assert error.expected.endswith("... (300 in all)")
    assert error.expected.count(",") == SHOWN_NAMES
    assert "item_7," in error.expected


@pytest.mark.parametrize("kind", [MldiagError, UserCodeError])
def test_an_error_crosses_processes_and_gets_a_place_with_all_its_parts(kind):
    error = kind("what", expected="this", nearest="that", hint="do", given="thta")
    for other, what in (
        (pickle.loads(pickle.dumps(error)), "what"),
        (error.prefixed("a: "), "a: what"),
    ):
        assert type(other) is kind
        parts = (other.what, other.expected, other.nearest, other.hint, other.given)
        assert parts == (what, "this", "that", "do", "thta")
