import pytest

from mldiag.cli.explain import known_checks


@pytest.mark.parametrize("code", known_checks())
def test_every_code_is_explained_with_its_thresholds_filled_in(mldiag, code):
    answer = mldiag("explain", code)
    assert answer.code == 0
    assert answer.out.startswith(f"{code} ")
    for label in ("detected", "why", "fix", "source"):
        assert label in answer.out
    assert "{" not in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_codes_are_found_in_any_case_and_by_name(mldiag):
    assert mldiag("explain", "md201").out == mldiag("explain", "more-data").out


def test_without_a_code_all_are_listed(mldiag):
    out = mldiag("explain").out
    for code, check in known_checks().items():
        assert code in out
        assert check.title.split()[0] in out


@pytest.mark.parametrize(
    ("given", "nearest"), [("MD2011", "nearest:  MD201"), ("more-dta", "nearest:  more-data")]
)
def test_an_unknown_code_is_told_with_the_nearest(mldiag, given, nearest):
    answer = mldiag("explain", given)
    assert answer.code == 2
    assert nearest in answer.err
