import pytest
from hypothesis import given
from hypothesis import strategies as st

from mldiag.errors import MldiagError
from mldiag.run.budget import Budget, parse_budget


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1.5h", 5400),
        ("1h30m", 5400),
        (" 10 M ", 600),
        (".5m", 30),
    ],
)
def test_times(text, seconds):
    assert parse_budget(text) == Budget(seconds=seconds)


def test_multiples_of_a_full_training():
    budget = parse_budget("60x")
    assert budget.remaining(1000.0) is None  # nothing measured yet
    assert budget.remaining(10.0, 0.5) == 20.0
    assert budget.remaining(31.0, 0.5) == 0.0


def test_no_budget_is_no_limit():
    assert parse_budget(None).remaining(1e9, 1.0) is None


@pytest.mark.parametrize(
    "text", ["", "10", "ten minutes", "10d", "1m1m", "x", "-5m", "10m60x", "nan", "1e3s"]
)
def test_what_cannot_be_read_says_what_can(text):
    with pytest.raises(MldiagError) as caught:
        parse_budget(text)
    assert "90s, 10m, 2h" in caught.value.expected
    assert caught.value.hint == "--budget 10m"


def test_a_bare_number_is_asked_for_its_unit():
    with pytest.raises(MldiagError) as caught:
        parse_budget("10")
    assert caught.value.nearest == "10s or 10m"


@pytest.mark.parametrize("text", ["0s", "0x", "0.0h"])
def test_an_empty_budget_is_refused(text):
    with pytest.raises(MldiagError, match="is empty"):
        parse_budget(text)


@given(st.floats(0.01, 1e6), st.floats(0, 1e7), st.floats(0.001, 1e4))
def test_what_remains_falls_and_never_below_zero(amount, elapsed, full):
    for budget in (Budget(seconds=amount), Budget(trainings=amount)):
        left = budget.remaining(elapsed, full)
        assert left >= 0
        assert left <= budget.remaining(0.0, full)
