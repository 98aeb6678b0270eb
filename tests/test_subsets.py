"""Splits: nested, stratified, whole groups, time order, reserve."""

import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mldiag.errors import MldiagError
from mldiag.subsets import RESERVE_MIN_ROWS, TIME_REPEATS, SplitPlan
from mldiag.trial_spec import RowRecipe

plans = st.builds(
    lambda n, kind, seed: _plan(n, kind, seed),
    st.integers(30, 700),
    st.sampled_from(["plain", "labels", "groups", "time", "time+groups"]),
    st.integers(0, 3),
)


def _plan(n, kind, seed):
    random = np.random.default_rng(seed)
    columns = {}
    if kind == "labels":
        columns["labels"] = random.choice(["a", "b", "c"], size=n, p=[0.7, 0.25, 0.05])
    if "groups" in kind:
        columns["groups"] = random.integers(0, max(4, n // 8), size=n)
    if "time" in kind:
        columns["time"] = random.permutation(n)
    return SplitPlan(n, **columns)


@settings(max_examples=60, deadline=None)
@given(plans, st.integers(0, 4))
def test_train_valid_and_reserve_share_no_row(plan, repeat):
    train, valid = plan.rows(RowRecipe(repeat=repeat))
    assert len(train)
    assert len(valid)
    everything = np.concatenate([train, valid, plan.reserve])
    assert len(np.unique(everything)) == len(everything)
    assert everything.min() >= 0
    assert everything.max() < plan.n_rows


@settings(max_examples=60, deadline=None)
@given(plans, st.integers(0, 4), st.floats(0.05, 0.9), st.floats(0.05, 0.9))
def test_smaller_subsets_lie_inside_larger_ones(plan, repeat, first, second):
    full = plan.train_size_of(repeat)
    small, large = sorted(max(1, int(share * full)) for share in (first, second))
    inside, valid_small = plan.rows(RowRecipe(repeat=repeat, size=small))
    outside, valid_large = plan.rows(RowRecipe(repeat=repeat, size=large))
    assert np.isin(inside, outside).all()
    assert np.array_equal(valid_small, valid_large)


@settings(max_examples=40, deadline=None)
@given(st.integers(40, 600), st.integers(0, 4))
def test_groups_stay_whole(n, repeat):
    plan = _plan(n, "groups", repeat)
    train, valid = plan.rows(RowRecipe(repeat=repeat))
    sides = [set(plan.groups[rows]) for rows in (train, valid, plan.reserve)]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    subset, _ = plan.rows(RowRecipe(repeat=repeat, size=max(1, len(train) // 3)))
    left_out = np.setdiff1d(train, subset)
    assert not set(plan.groups[subset]) & set(plan.groups[left_out])


@settings(max_examples=40, deadline=None)
@given(st.integers(40, 600), st.integers(0, TIME_REPEATS - 1))
def test_validation_follows_training_in_time(n, repeat):
    plan = _plan(n, "time", 1)
    train, valid = plan.rows(RowRecipe(repeat=repeat))
    assert plan.time[train].max() < plan.time[valid].min()
    if len(plan.reserve):
        assert plan.time[valid].max() < plan.time[plan.reserve].min()
    size = max(1, len(train) // 2)
    subset, _ = plan.rows(RowRecipe(repeat=repeat, size=size))
    assert plan.time[subset].min() >= np.sort(plan.time[train])[-size]


def test_time_and_groups_keep_a_group_on_one_side():
    plan = _plan(400, "time+groups", 0)
    train, valid = plan.rows(RowRecipe())
    assert not set(plan.groups[train]) & set(plan.groups[valid])
    assert not set(plan.groups[train]) & set(plan.groups[plan.reserve])


def test_too_many_repeats_of_time_are_refused():
    with pytest.raises(MldiagError, match="at most 10 repeats"):
        _plan(100, "time", 0).rows(RowRecipe(repeat=TIME_REPEATS))


@pytest.mark.parametrize("size", [3, 7, 20, 100])
def test_no_class_is_lost_and_shares_are_kept(size):
    labels = np.repeat(["a", "b", "rare"], [600, 380, 20])
    plan = SplitPlan(1000, labels=labels)
    train, _ = plan.rows(RowRecipe(size=size))
    names, counts = np.unique(labels[train], return_counts=True)
    assert list(names) == ["a", "b", "rare"]
    if size >= 20:
        assert counts[0] / size == pytest.approx(0.6, abs=0.06)


def test_repeats_draw_other_rows_and_the_same_ones_again():
    plan = SplitPlan(200)
    again = SplitPlan(200)
    first, other = plan.rows(RowRecipe(repeat=0))[1], plan.rows(RowRecipe(repeat=1))[1]
    assert not np.array_equal(first, other)
    assert np.array_equal(first, again.rows(RowRecipe(repeat=0))[1])


def test_reserve_is_kept_only_where_there_are_rows_enough():
    assert not len(SplitPlan(RESERVE_MIN_ROWS - 1).reserve)
    assert len(SplitPlan(RESERVE_MIN_ROWS).reserve) == RESERVE_MIN_ROWS // 5


def test_declared_validation_rows_stay_fixed_and_keep_no_reserve():
    plan = SplitPlan(400, valid_rows=np.arange(400, 500))
    assert not len(plan.reserve)
    for repeat in range(3):
        train, valid = plan.rows(RowRecipe(repeat=repeat))
        assert len(train) == 400
        assert np.array_equal(valid, np.arange(400, 500))
    subsets = [plan.rows(RowRecipe(repeat=repeat, size=50))[0] for repeat in range(2)]
    assert not np.array_equal(*subsets)


def test_declared_test_rows_are_the_reserve():
    plan = SplitPlan(400, test_rows=np.arange(400, 450))
    assert np.array_equal(plan.reserve, np.arange(400, 450))
    train, valid = plan.rows(RowRecipe(split="reserve"))
    assert len(train) == 400
    assert np.array_equal(valid, plan.reserve)


def test_row_numbers_inside_the_main_rows_are_taken_out_of_training():
    plan = SplitPlan(100, valid_rows=np.arange(80, 100))
    assert np.array_equal(plan.rows(RowRecipe())[0], np.arange(80))


def test_reserve_cannot_be_scored_where_there_is_none():
    with pytest.raises(MldiagError, match="no reserve"):
        SplitPlan(50).rows(RowRecipe(split="reserve"))


@pytest.mark.parametrize("size", [0, 10_000])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(MldiagError, match="subset of"):
        SplitPlan(100).rows(RowRecipe(size=size))


def test_explicit_rows_limit_the_training_rows():
    plan = SplitPlan(100)
    train, valid = plan.rows(RowRecipe(digest="x"), explicit=np.arange(50))
    assert train.max() < 50
    assert np.array_equal(valid, plan.rows(RowRecipe())[1])


def test_a_plan_travels_without_what_follows_from_it():
    plan = SplitPlan(1000, labels=np.arange(1000) % 3)
    rows = plan.rows(RowRecipe("draw", 1))
    again = pickle.loads(pickle.dumps(plan))
    assert vars(again).keys() == {"n_rows", "labels", "groups", "time", "valid_rows", "test_rows"}
    for mine, theirs in zip(rows, again.rows(RowRecipe("draw", 1)), strict=True):
        assert np.array_equal(mine, theirs)


def test_many_rows_are_drawn_with_little_memory():
    plan = SplitPlan(2_000_000, labels=(np.arange(2_000_000) % 7 == 0).astype(np.int8))
    tracemalloc.start()
    try:
        for repeat in range(5):
            plan.rows(RowRecipe("draw", repeat, 400_000))
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000 * 130  # bytes: lexsort alone takes 40 a row
    assert kept < 2_000_000 * 8 * 8
