import numpy as np
import pytest

from mldiag.declaration import experiment
from mldiag.diagnosis import Plan
from mldiag.parameters import Categorical, Float
from mldiag.report.plan import SHOWN_REASONS, SHOWN_VALUES, main_reasons, plan_pairs, varied
from mldiag.trial_spec import Intervention, RowRecipe, TrialSpec


def declared(rows=400, **options):
    X, y = np.zeros((rows, 2)), np.arange(rows) % 2

    @experiment(
        data=(X, y), metric="accuracy",
        params={"lr": Float(0, 1, default=0.5), "kind": Categorical([None, "a"], default=None)}, **options,
    )  # fmt: skip
    def mine(trial):
        return 1.0

    return mine


def pairs_of(one, specs=(), **changes):
    parts = {"specs": tuple(specs), "cached": 0, "seconds": None, "notices": (), "why": ()}
    return dict(plan_pairs(one, Plan(**(parts | changes))))


def test_rows_splits_and_reserve_are_told():
    told = pairs_of(declared())
    assert told["data"].startswith("400 rows: 256 train and 64 validate in each repeat, stratified")
    assert told["reserve"].startswith("80 rows, set aside")


@pytest.mark.parametrize(
    ("rows", "options", "part"),
    [
        (100, {}, "none: there are fewer than 300 rows"),
        (400, {"valid": (np.zeros((50, 2)), np.arange(50) % 2)}, "none, because valid= is fixed"),
        (400, {"test": (np.zeros((50, 2)), np.arange(50) % 2)}, "50 rows, declared as test="),
    ],
)
def test_why_there_is_no_reserve_or_whose_it_is(rows, options, part):
    assert pairs_of(declared(rows, **options))["reserve"].startswith(part)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"groups": np.arange(400) // 4}, "whole groups"),
        ({"time": np.arange(400.0)}, "in time order"),
        ({"stratify": False}, "drawn at random"),
    ],
)
def test_the_kind_of_split_is_told(options, word):
    assert word in pairs_of(declared(**options))["data"]


def test_only_what_differs_from_trial_to_trial_is_listed():
    one = declared()
    specs = [
        one.spec({"lr": lr, "kind": kind}, repeat=repeat)
        for lr in (0.5, 0.25)
        for kind in (None, "a")
        for repeat in range(3)
    ]
    assert varied(specs) == [("kind", "None, a"), ("lr", "0.25, 0.5"), ("repeats", "3")]
    changed = [TrialSpec("a", interventions=(Intervention("permute_labels"),)), TrialSpec("a")]
    assert ("data changes", "permute_labels") in varied(changed)
    assert varied([]) == []


def test_long_lists_are_cut_in_the_middle():
    specs = [TrialSpec("a", RowRecipe(size=size)) for size in range(1, 101)]
    ((_, text), _) = varied(specs)
    assert text.startswith("1, 2, 3")
    assert text.endswith("99, 100 (100 values)")
    assert text.count(",") == SHOWN_VALUES - 1


def test_reasons_are_shown_only_where_asked_and_changes_come_first():
    why = (*(f"never run with lr={i}" for i in range(20)), "the code of mine changed")
    assert "why" not in pairs_of(declared(), why=why)
    reasons = main_reasons(why)
    assert reasons[0] == "the code of mine changed"
    assert len(reasons) == SHOWN_REASONS + 2
    assert reasons[-1] == "and 15 more that were never run"
