"""Ranges, values and what is written after --param."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldiag import Categorical, Float, Int, MldiagError
from mldiag.ranges import parse_range, widened


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Float(1, 0, default=0.5), "is empty"),
        (lambda: Float(0, 1, default=0.5, log=True), "starts at or below 0"),
        (lambda: Float(0, 1, default=2), "outside the range"),
        (lambda: Float(0, float("inf"), default=1), "not finite"),
        (lambda: Float(0, 1, default=float("nan")), "not finite"),
        (lambda: Int(1.5, 3, default=2), "not a whole number"),
        (lambda: Float(0, 1, default=0.5, role="capacty"), "nearest: capacity"),
        (lambda: Categorical([], default=None), "without choices"),
        (lambda: Categorical(["a", "b"], default="c"), "unknown choice 'c'"),
        (lambda: Categorical(["a", "a"], default="a"), "listed twice"),
        (lambda: Categorical([object()], default=None), "cannot be stored"),
    ],
)
def test_wrong_declarations_say_what_is_wrong(make, says):
    with pytest.raises(MldiagError, match=says):
        make()


def test_zero_may_stand_beside_a_logarithmic_range():
    decay = Float(1e-6, 1e-1, default=0, log=True, zero=True)
    assert decay.grid(6) == (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    assert decay.coerce(0) == 0.0


@given(st.integers(2, 30), st.floats(1e-6, 1.0), st.floats(1.5, 1e6))
def test_grids_ascend_from_low_to_high(count, low, factor):
    grid = Float(low, low * factor, default=low, log=True).grid(count)
    assert len(grid) == count
    assert list(grid) == sorted(grid)
    assert grid[0] == pytest.approx(low, rel=1e-4)
    assert grid[-1] == pytest.approx(low * factor, rel=1e-4)


def test_whole_number_grids_have_no_value_twice():
    assert Int(1, 4, default=2).grid(9) == (1, 2, 3, 4)


def test_choices_keep_types_apart():
    flag = Categorical([True, 1, 1.0, "1", None, (64, 64)], default=None)
    assert flag.coerce(True) is True
    assert flag.coerce("1") == "1"
    assert flag.coerce([64, 64]) == (64, 64)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-4:1:log", Float(1e-4, 1, default=0.1, log=True)),
        ("0:1", Float(0, 1, default=0.1)),
        ("0.5:1", Float(0.5, 1, default=0.5)),
        ("0.01,0.1", (0.01, 0.1)),
        ("0.3", (0.3,)),
    ],
)
def test_written_ranges(text, expected):
    assert parse_range("lr", text, Float(1e-3, 1, default=0.1)) == expected


def test_a_written_range_keeps_scale_type_and_role():
    width = Int(8, 512, default=64, log=True, role="capacity")
    assert parse_range("width", "8:1024", width) == Int(
        8, 1024, default=64, log=True, role="capacity"
    )
    assert parse_range("width", "16,32", width) == (16, 32)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no value given"),
        ("a:b", "cannot read the range"),
        ("1:2:lgo", "nearest: log"),
        ("1:0.5", "is empty"),
        ("x", "no value for"),
        ("0:1:log", "logarithmic"),
    ],
)
def test_unreadable_ranges_say_how_to_write_them(text, says):
    with pytest.raises(MldiagError, match=says):
        parse_range("lr", text, Float(1e-3, 1, default=0.1))


def test_choices_have_no_range():
    with pytest.raises(MldiagError, match="categorical"):
        parse_range("kind", "1:2", Categorical(["a", "b"], default="a"))
    assert parse_range("kind", "b", Categorical(["a", "b"], default="a")) == ("b",)


def test_widening_goes_on_at_one_end_and_never_below_a_natural_one():
    assert widened(Float(1e-3, 1, default=0.1, log=True), at_low=True).low == 1e-4
    assert widened(Float(0.5, 1, default=1), at_low=True).low == 0
    assert widened(Int(1, 9, default=2, log=True), at_low=True).low == 1
    assert widened(Int(1, 9, default=2), at_low=False).high == 17
