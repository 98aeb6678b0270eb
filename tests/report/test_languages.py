import io
import re
import string
from typing import get_args

import pytest
from rich.cells import cell_len
from rich.console import Console

from mldiag.cli.explain import known_checks
from mldiag.errors import MldiagError
from mldiag.findings import OUTCOMES, Action, ActionKind, Finding, Interval, TrialCounts
from mldiag.metrics import named_metric
from mldiag.report.console import print_report, report_text
from mldiag.report.languages import LANGUAGES, VARIABLE, chosen_language
from mldiag.report.languages.lines import NO_END, NO_START, JapaneseText, break_places
from mldiag.report.languages.sentences import action_text, gain_text, more_of
from mldiag.report.languages.words import (
    ENGLISH,
    FIELDS,
    action_kinds,
    english_digest,
    page_words,
    phrases,
    question_of,
    texts,
    title_of,
    translate,
    verdicts,
    words,
)
from mldiag.report.page_words import ENGLISH as PAGE
from mldiag.steps import COMMANDS

CHECKS = known_checks()
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
POLITE = ("ます。", "です。", "ません。", "ください。", "ました。", "でした。", "ますか。")
ACCURACY = named_metric("accuracy")


def placeholders(text):
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(text) if name)


def test_every_check_is_translated_from_its_present_english_and_nothing_else_is():
    made_from = {code: entry["english"] for code, entry in texts("ja").items()}
    present = {code: english_digest(check) for code, check in CHECKS.items()}
    wrong = {code: digest for code, digest in present.items() if made_from.get(code) != digest}
    assert wrong == {}, "translate these anew in report/languages/ja, then write their digest there"
    assert set(made_from) == set(present)


@pytest.mark.parametrize("code", CHECKS)
def test_a_translation_is_whole_japanese_and_fills_in_the_same_thresholds(code):
    check, own = CHECKS[code], translate(CHECKS[code], "ja")
    for name in FIELDS:
        assert JAPANESE.search(getattr(own, name))
        assert getattr(own, name) != getattr(check, name)
    assert placeholders(own.detects) == placeholders(check.detects)
    assert "{" not in own.detection()
    assert not own.title.endswith(("。", "？", "か", "ます", "です"))
    for said in (own.detects, own.why, own.fix):
        assert re.sub(r"（[^（）]*）(?=。$)", "", said).endswith(POLITE)
    assert (own.code, own.slug, own.source) == (check.code, check.slug, check.source)


def test_titles_tell_checks_apart():
    titles = [entry["title"] for entry in texts("ja").values()]
    assert len(set(titles)) == len(titles)


def test_a_changed_english_text_has_another_digest():
    from dataclasses import replace

    check = CHECKS["MD201"]
    changed = {english_digest(replace(check, **{name: "another"})) for name in FIELDS}
    assert len(changed | {english_digest(check)}) == 5
    assert english_digest(replace(check, source="another book")) == english_digest(check)


def test_every_word_of_the_console_and_of_the_page_has_its_translation():
    for own, english in ((words("ja"), ENGLISH), (page_words("ja"), PAGE)):
        assert set(own) == set(english)
        for name, text in english.items():
            assert placeholders(own[name]) == placeholders(text), name
    assert set(action_kinds("ja")) == set(get_args(ActionKind))
    assert set(verdicts("ja")) == set(OUTCOMES) <= set(words("ja"))
    assert all(JAPANESE.search(question_of(step.name, "ja", "?")) for step in COMMANDS)
    assert words("en") is ENGLISH
    assert question_of("sweep", "en", "Are they right?") == "Are they right?"


def test_a_code_that_the_catalogue_lacks_stays_english():
    assert title_of(Finding("MD999", "new", "advice", "It is new"), "ja") == "It is new"
    assert question_of("new-step", "ja", "Is it new?") == "Is it new?"


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (Action("tune", "Set lr = 0.028.", "lr", 0.028), "lr を 0.028 にする"),
        (Action("tune", "Look at lr.", "lr"), "パラメータを調整する（lr）"),
        (Action("tune", "Set a = 1, b = 2.", value={"a": 1, "b": 2}), "a を 1、b を 2 にする"),
        (
            Action("larger_model", "Set width = 64.", "width", 64),
            "width を 64 にする（モデルを大きくする）",
        ),
        (Action("fix_leak", "Drop total.", "total"), "リークを取り除く（total）"),
        (Action("none", "Stop here."), "変更しない"),
    ],
)
def test_actions_are_told_by_their_kind(action, told):
    assert action_text(action, ACCURACY, "ja") == told


def test_the_english_of_an_action_is_told_where_it_says_more():
    assert more_of(Action("tune", "Set a = 1 and b = 2.", value={"a": 1, "b": 2})) == ""
    for text in ("Set a = 1, which the test suggests.", "Set a = 1 and b = 2.", "Drop a."):
        assert more_of(Action("tune", text, "a", 1)) == text


@pytest.mark.parametrize("kind", get_args(ActionKind))
def test_every_kind_of_action_is_told_with_its_gain(kind):
    gain = Interval(0.018, 0.011, 0.026)
    told = action_text(Action(kind, "Do it.", gain=gain), ACCURACY, "ja")
    assert told.endswith(": +1.8 ポイント (+1.1 ～ +2.6)")
    rmse = action_text(Action(kind, "Do it.", gain=gain), named_metric("rmse"), "ja")
    assert rmse.endswith(": rmse が +0.018 (+0.011 ～ +0.026) 改善")


def test_a_gain_without_an_interval_says_so():
    nan = float("nan")
    assert gain_text(ACCURACY, Interval(0.01, nan, nan)) == "+1.0 ポイント (区間不明)"


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_japanese_report_keeps_to_the_width_and_holds_the_numbers(a_report, width):
    text = report_text(a_report(figures=("a/plot.png",)), width, "ja")
    kept = [line for line in text.splitlines() if not line.startswith(("次に", "試行"))]
    assert max(map(cell_len, kept)) <= width
    joined = re.sub(r"\s+", "", text)
    for part in (
        "lr=.028 +1.8pt", "digits の sweep、accuracy", "ハイパーパラメータは適切か：助言あり",
        "既定値より良い値の有無  MD501", "Another value of lr is better", "Nine values were tried.",
        "-> lr を 0.028 にする: +1.8 ポイント (+1.1 ～ +2.6)", "合格", "図の中の文字は英語です。",
        "45 試行: 訓練 40、保存済み 5、スコアなし 1。訓練時間は合計 1 分 1 秒",
        "次に    mldiag learning-curve experiment.py",
    ):  # fmt: skip
        assert re.sub(r"\s+", "", part) in joined


def test_a_report_without_figures_findings_or_trials_is_told_too(a_report):
    report = a_report(
        findings=(), tables=(), trials=TrialCounts(), outcome="inconclusive", next_command=""
    )
    text = report_text(report, lang="ja")
    assert "ハイパーパラメータは適切か：判定不能" in text
    assert "試行    試行は不要でした" in text
    assert phrases("ja")["figures"] not in text


def test_findings_told_together_are_counted(a_report):
    many = tuple(Finding(f"MD30{i}", f"check-{i}", "passed", "fine") for i in range(8))
    assert "合格  8 件の検査" in report_text(a_report(findings=many), lang="ja")


def test_english_is_the_default_and_unchanged(a_report):
    report = a_report()
    assert report_text(report) == report_text(report, lang="en")
    assert not JAPANESE.search(report_text(report))
    stream = io.StringIO()
    print_report(report, Console(file=stream, width=100, color_system=None))
    assert not JAPANESE.search(stream.getvalue())


@pytest.mark.parametrize("width", [2, 7, 20, 33, 80])
def test_lines_are_broken_where_japanese_may_be(width):
    for entry in texts("ja").values():
        text = entry["why"]
        places = break_places(text, width)
        lines = [text[a:b] for a, b in zip([0, *places], [*places, None], strict=True)]
        assert "".join(lines) == text
        assert max(cell_len(line.rstrip()) for line in lines) <= width
        if width >= 20:  # below that, words are cut anyway
            assert all(line[0] not in NO_START for line in lines[1:])
            assert all(line[-1] not in NO_END for line in lines)


def test_what_must_not_be_broken_is_not():
    text = JapaneseText("長い" * 60)
    stream = io.StringIO()
    Console(file=stream, width=40, color_system=None).print(text, soft_wrap=True)
    assert stream.getvalue().rstrip() == text.plain


def test_the_language_is_the_one_given_else_that_of_the_environment(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert chosen_language(None) == LANGUAGES[0] == "en"
    monkeypatch.setenv(VARIABLE, "ja")
    assert (chosen_language(None), chosen_language("en")) == ("ja", "en")
    monkeypatch.setenv(VARIABLE, "")
    assert chosen_language(None) == "en"


@pytest.mark.parametrize(("given", "nearest"), [("jp", "ja"), ("eng", "en"), ("japanese", "ja")])
def test_an_unknown_language_is_told_with_the_nearest(given, nearest, monkeypatch):
    with pytest.raises(MldiagError) as raised:
        chosen_language(given)
    assert (raised.value.nearest, raised.value.hint) == (nearest, "--lang ja")
    monkeypatch.setenv(VARIABLE, given)
    with pytest.raises(MldiagError) as raised:
        chosen_language(None)
    assert raised.value.hint == "MLDIAG_LANG=ja"
