import json

import pytest
from rich.cells import cell_len

from mldiag.cli.explain import checks_by_place, explain, known_checks
from mldiag.report.languages.words import texts, translate, words
from mldiag.steps import COMMANDS


@pytest.fixture(autouse=True)
def _no_language(monkeypatch):
    monkeypatch.delenv("MLDIAG_LANG", raising=False)


@pytest.mark.parametrize("code", known_checks())
def test_every_code_is_explained_with_its_thresholds_filled_in(mldiag, code):
    answer = mldiag("explain", code)
    assert answer.code == 0
    assert answer.out.startswith(f"{code} ")
    for label in ("detected", "why", "fix", "source"):
        assert label in answer.out
    assert "{" not in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


@pytest.mark.parametrize("code", known_checks())
def test_every_code_is_explained_in_japanese_within_the_width(code, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    explain(code, "ja")
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    labels = words("ja")
    told = [line.split()[0] for line in lines[1:] if line and not line.startswith(" ")]
    assert told == [labels[name] for name in ("detected", "why", "fix", "source")]
    assert "{" not in out
    joined = "".join("".join(lines).split())
    own = translate(known_checks()[code], "ja")
    for said in (own.title, own.detection(), own.why, own.fix, own.source):
        assert "".join(said.split()) in joined


def test_codes_are_found_in_any_case_and_by_name(mldiag):
    assert mldiag("explain", "md201").out == mldiag("explain", "more-data").out


def test_without_a_code_all_are_listed_by_step(mldiag):
    out = mldiag("explain").out
    for code, check in known_checks().items():
        assert code in out
        assert check.title.split()[0] in out
    places = [out.index(f"{step.name}: {step.question}") for step in COMMANDS]
    assert places == sorted(places)
    assert out.index("sweep: ") < out.index("MD501") < out.index("capacity: ") < out.index("MD601")


def test_each_code_is_listed_once_and_in_order_within_its_step():
    listed = [[check.code for check in checks] for _, checks in checks_by_place()]
    assert all(codes == sorted(codes) for codes in listed)
    codes = [code for codes in listed for code in codes]
    assert sorted(codes) == [*known_checks()]


def test_the_list_is_there_in_japanese(mldiag, monkeypatch):
    monkeypatch.setenv("MLDIAG_LANG", "ja")
    out = mldiag("explain").out
    assert "audit: データの質は良いか" in out
    joined = "".join(out.split())
    for code, entry in texts("ja").items():
        assert "".join(f"{code}{entry['title']}".split()) in joined
    assert max(map(cell_len, out.splitlines())) <= 80
    assert mldiag("explain", "MD301", "--lang", "en").out.startswith("MD301 constant-column: Which")


@pytest.mark.parametrize(
    ("given", "nearest"), [("MD2011", "nearest:  MD201"), ("more-dta", "nearest:  more-data")]
)
def test_an_unknown_code_is_told_with_the_nearest(mldiag, given, nearest):
    answer = mldiag("explain", given)
    assert answer.code == 2
    assert nearest in answer.err


@pytest.mark.parametrize("command", [("explain", "MD301"), ("sweep", "digits", "--param", "lr")])
def test_an_unknown_language_is_told_before_anything_is_done(mldiag, monkeypatch, command):
    answer = mldiag(*command, "--lang", "jp")
    assert answer.code == 2
    assert "unknown language 'jp'" in answer.err
    assert "nearest:  ja" in answer.err
    monkeypatch.setenv("MLDIAG_LANG", "jp")
    answer = mldiag(*command)
    assert (answer.code, "MLDIAG_LANG=ja" in answer.err) == (2, True)


def test_a_step_answers_in_the_language_and_its_json_stays_as_it_is(mldiag, tmp_path):
    (tmp_path / "table.csv").write_text(
        "a,b,y\n" + "".join(f"{i},1,{i % 2}\n" for i in range(60)), encoding="utf-8"
    )
    command = ("audit", "table.csv", "--target", "y", "--no-mlflow")
    told = mldiag(*command, "--lang", "ja")
    assert told.code == 0
    assert "データの質は良いか：" in told.out
    assert "定数列  MD301" in told.out
    answers = [json.loads(mldiag(*command, *lang, "--json").out) for lang in ((), ("--lang", "ja"))]
    same = ("findings", "headline", "outcome", "tables", "notices")
    english, japanese = ({name: one[name] for name in same} for one in answers)
    assert {len(english["findings"]), len(japanese["findings"])} != {0}
    assert [f["title"] for f in english["findings"]] == [f["title"] for f in japanese["findings"]]
    assert english.keys() == japanese.keys()
    assert english["tables"] == japanese["tables"]


def test_no_two_checks_share_a_code_nor_two_of_a_step_a_slug():
    from importlib import import_module

    from mldiag.steps import COMMANDS
    from mldiag.steps.trial_checks import CHECKS as OF_TRIALS
    from mldiag.training_checks.checks import CHECKS as OF_LOOPS

    of_steps = [import_module(f"mldiag.steps.{step.function_name}.checks") for step in COMMANDS]
    places = [OF_TRIALS, OF_LOOPS, *(module.CHECKS for module in of_steps)]
    for place in places:
        slugs = [check.slug for check in place]
        assert len(set(slugs)) == len(slugs)
    codes = [check.code for check in {id(one): one for place in places for one in place}.values()]
    assert {code for code in codes if codes.count(code) > 1} == set()
