"""The sentences of findings in Japanese: they follow the English ones, and name what these name."""

import ast
import re
from pathlib import Path

import pytest

import mldiag
from mldiag.cli.explain import known_checks
from mldiag.findings import Finding
from mldiag.report.languages.findings import line_of, told_of
from mldiag.report.languages.words import findings_of

PACKAGE = Path(mldiag.__file__).parent
SENTENCES = [
    (code, english, japanese)
    for code, told in findings_of("ja").items()
    for english, japanese in told.items()
]
SHARED = [
    "wording.py",
    "steps/audit/evidence.py",
    "steps/audit/files/unusual_images.py",
    "reference/families.py",
]
"""What several checks put their sentences together with."""
NAME = re.compile(r"\{(\w+)\}")


def words_of(text):
    return set(re.findall(r"[a-z]{3,}", text.lower()))


@pytest.fixture(scope="module")
def words_by_file():
    found = {}
    for file in PACKAGE.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        texts = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
        found[file] = words_of(" ".join(text for text in texts if isinstance(text, str)))
    shared = set().union(
        *(words_of((PACKAGE / file).read_text(encoding="utf-8")) for file in SHARED)
    )
    return {file: words | shared for file, words in found.items()}


@pytest.mark.parametrize(("code", "english", "japanese"), SENTENCES)
def test_a_sentence_is_one_that_a_check_says(code, english, japanese, words_by_file):
    """Each of its words stands in one file of the package: what was reworded there is found out."""
    literal = words_of(NAME.sub(" ", english))
    assert any(literal <= words for words in words_by_file.values()), english
    assert set(NAME.findall(english)) >= set(NAME.findall(japanese))
    assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", japanese)


def test_every_code_is_known():
    codes = {*known_checks(), "MD300"}
    assert set(findings_of("ja")) <= codes


@pytest.mark.parametrize(
    ("code", "title", "told"),
    [
        (
            "MD501",
            "lr = 0.028 is better than lr = 0.001: +1.8 points (+1.1 to +2.6)",
            "lr = 0.028 は lr = 0.001 より良い: +1.8 ポイント (+1.1 ～ +2.6)",
        ),
        (
            "MD124",
            "39 of 320 scoring rows (12.2%) stand among the training rows too",
            "320 行の評価行のうち 39 行（12.2%）が訓練行にもあります",
        ),
        (
            "MD310",
            "2 columns repeat what others say: b (= a) and d (= c)",
            "2 列がほかの列と同じ内容です: b (= a)、d (= c)",
        ),
        (
            "MD605",
            "A random forest does better on the same rows: +0.16 (+0.117 to +0.204)",
            "同じ行で、ランダムフォレストのほうが良い結果です: +0.16 (+0.117 ～ +0.204)",
        ),
    ],
)
def test_numbers_names_and_differences_stand_where_they_belong(code, title, told):
    assert line_of(Finding(code, "", "problem", title), "ja") == told
    assert line_of(Finding(code, "", "problem", title), "en") == title


def test_braces_of_a_user_are_no_names():
    title = "{evil} = {0.x} is better than lr = {lr}: +1.8 points (+1.1 to +2.6)"
    line = line_of(Finding("MD501", "", "problem", title), "ja")
    assert line.startswith("{evil} = {0.x} は lr = {lr} より良い")


def test_what_has_no_sentence_stays_english_below_its_title():
    finding = Finding("MD501", "better-value", "problem", "Something new")
    assert told_of(finding, "ja") == ("既定値より良い値の有無", "Something new")
    assert told_of(finding, "en") == ("Something new", "")
