"""The page of a report: what is on it, that it stands alone, and that nothing from outside can act in it."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mldiag.errors import MldiagError
from mldiag.findings import Action, Finding, Interval, Report, Table
from mldiag.report import page_figures
from mldiag.report.from_record import report_from
from mldiag.report.languages import LANGUAGES
from mldiag.report.page import report_page

from .checkup_sample import checkup_report, sweep

EVIL = "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{ 7*7 }}"
CSS = Path(page_figures.__file__).parent / "templates" / "page.css"


class Parsed(HTMLParser):
    """Tags with their attributes, and the text that a person reads."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self._raw = [], "", False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._raw = tag in ("style", "script")

    def handle_endtag(self, tag):
        self._raw = False

    def handle_data(self, data):
        self.text += "" if self._raw else data

    def all(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def checkup(folder):
    return checkup_report(folder)


@pytest.fixture(scope="module")
def page(checkup):
    return report_page(checkup, run_id="20261123-000652-37961e", started=1_763_856_412.0)


def test_the_verdict_and_the_next_action_come_before_everything_else(page):
    text = " ".join(Parsed(page).text.split())
    text = text[text.index("Skip to the verdict") :]  # behind the title of the browser's window
    order = ["TUNE width +2.9pt", "Do this next", "Set width = 197.", "+2.9 points (+2.1 to +3.7)",
             "The plan, best first", "Collect 1,150 more rows", "Since last time", "The checklist",
             "MORE DATA +2.4pt", "How good the predictions were"]  # fmt: skip
    place = 0
    for part in order:
        place = text.index(part, place)
    assert "2025-11-23 00:06 UTC" in text
    assert "0.936, mean of 5 trainings (sd of one: 0.007)" in text


def test_the_page_is_the_same_from_what_was_kept_of_the_report(checkup, page):
    kept = report_page(checkup.to_dict(), run_id="20261123-000652-37961e", started=1_763_856_412.0)
    assert kept == page


def test_a_report_read_again_is_the_report(checkup):
    again = report_from(checkup.to_dict())
    assert again.to_dict() == checkup.to_dict()
    assert again.steps[2].findings[0].action == checkup.steps[2].findings[0].action


def test_the_page_stands_alone(page):
    parsed = Parsed(page)
    assert [attrs["src"][:22] for attrs in parsed.all("img")] == ["data:image/png;base64,"] * 4
    assert all(attrs["alt"] for attrs in parsed.all("img"))
    linked = [attrs["href"] for tag, attrs in parsed.tags if "href" in attrs]
    outside = [link for link in linked if not link.startswith(("#", "data:"))]
    assert set(outside) == {"http://127.0.0.1:5000/#/experiments/1/runs/ab12"}
    assert not re.search(r"url\(|@import", CSS.read_text())


def test_only_the_style_and_the_script_of_the_page_may_act_in_it(page):
    policy = next(a["content"] for a in Parsed(page).all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"<[^>]+ (style|on\w+)=", page)


def test_every_link_within_the_page_leads_somewhere_and_no_place_is_there_twice(page):
    parsed = Parsed(page)
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {a["href"][1:] for a in parsed.all("a") if a["href"].startswith("#")}
    named = {a["aria-labelledby"] for _, a in parsed.tags if "aria-labelledby" in a}
    assert (links | named) - set(ids) == set()
    assert [tag for tag, _ in parsed.tags if tag in ("main", "nav", "header", "footer", "h1")] == [
        "header", "main", "h1", "nav", "footer",
    ]  # fmt: skip


def test_whatever_a_report_holds_is_text(folder):
    action = Action("tune", EVIL, cost=EVIL, gain=Interval(0.1, 0.0, 0.2))
    finding = Finding(EVIL, EVIL, "problem", EVIL, EVIL, {EVIL: {EVIL: [EVIL]}}, action, EVIL)
    quiet = Finding(EVIL, EVIL, "passed", EVIL, EVIL, caused_by=EVIL)
    logged = {"url": "javascript:alert(1)", "tracking_uri": EVIL}
    part = Report(
        step=EVIL, experiment=EVIL, metric={"name": EVIL, "direction": "maximize"}, outcome="problem",
        headline=EVIL, findings=(finding, quiet), result={}, trials=sweep(folder).trials,
        cost_seconds=0.0, notices=(EVIL,), tables=(Table(EVIL, (EVIL,), ((EVIL,),)),),
        next_command=EVIL, figures=(f"/nowhere/{EVIL}.png",), mlflow=logged,
    )  # fmt: skip
    told = {"text": EVIL, "action": EVIL, "started": EVIL, "predicted": EVIL, "got": EVIL}
    row = {"text": EVIL, "basis": EVIL, "step": EVIL, "code": EVIL, "cost": EVIL, "note": EVIL}
    asked = {"name": EVIL, "status": EVIL, "why": EVIL, "headline": EVIL, "seconds": EVIL}
    whole = replace(
        part, step="checkup", steps=(part,),
        result={"ranked": [row], "steps": [asked], "since_last": told, "history": [told],
                "baseline": {"score": EVIL, "n": EVIL}, "stopped_by": EVIL,
                "changed_since_last": [EVIL], "spent_seconds": EVIL},
    )  # fmt: skip
    pages = [
        report_page(told, run_id=EVIL, lang=lang) for told in (part, whole) for lang in LANGUAGES
    ]
    for page in pages:
        parsed = Parsed(page)
        assert len(parsed.all("script")) == len(parsed.all("style")) == 1
        assert parsed.all("img") == []
        assert not any(name.startswith("on") for _, attrs in parsed.tags for name in attrs)
        assert not any("javascript" in a.get("href", "") for _, a in parsed.tags)
        assert parsed.text.count("{{ 7*7 }}") >= 12
        assert "49" not in parsed.text


def test_a_step_alone_has_its_findings_its_table_and_its_commands(folder):
    page = report_page(sweep(folder))
    parsed = Parsed(page)
    text = " ".join(parsed.text.split())
    assert "follows from MD501" in text
    assert "mldiag sweep digits --all" in text
    assert "p better0.0024" in text
    assert "failed" not in [header.get("data-label") for header in parsed.all("td")]
    assert {"4", "197"} <= {str(int(float(a["data-number"]))) for a in parsed.all("td")
                            if "data-number" in a}  # fmt: skip
    assert "The checklist" not in text


def test_what_is_in_order_is_folded_away(page):
    folded = page.split('<details class="quiet">')[1].split("</details></li>")[0]
    assert "<summary>4 passed, 1 not applicable</summary>" in folded
    assert "3 columns hold the same" not in folded


def test_steps_without_a_report_say_why(page):
    text = " ".join(Parsed(page).text.split())
    assert "skipped the budget was spent" in text
    assert "failed the experiment&#39;s code".replace("&#39;", "'") in text


def test_predictions_are_counted(page):
    assert "1 of 2 gains came inside the 80 % interval" in Parsed(page).text
    assert "What has changed: lr: 0.001 -&gt; 0.0056." in page


def test_the_page_in_japanese_says_in_japanese_what_is_said_with_numbers(checkup):
    page = report_page(checkup, lang="ja")
    text = Parsed(page).text
    assert '<html lang="ja">' in page
    assert "次に行うこと" in text
    assert "width を 197 にする" in text
    assert "+2.9 ポイント (+2.1 ～ +3.7)" in text
    assert "width = 197 は width = 32 より良い: +2.9 ポイント" in text
    assert "Do this next" not in text
    assert page.count("MD501") == report_page(checkup).count("MD501")


@pytest.mark.parametrize("kind", ["gone", "no picture", "too large", "full"])
def test_a_figure_that_is_not_shown_is_said(tmp_path, monkeypatch, kind):
    told = sweep(tmp_path)
    file = Path(told.figures[0])
    if kind == "gone":
        file.unlink()
    elif kind == "no picture":
        file.write_text("root:x:0:0")
    else:
        limit = "FIGURE_LIMIT_BYTES" if kind == "too large" else "PAGE_LIMIT_BYTES"
        monkeypatch.setattr(page_figures, limit, file.stat().st_size - 1)
    page = report_page(told)
    reason = "too large" if kind in ("too large", "full") else "not there any more"
    assert reason in page
    assert str(file) in page
    assert "<img" not in page


def test_the_drawing_stands_in_for_a_picture_that_is_gone(tmp_path):
    told = sweep(tmp_path)
    Path(told.figures[0]).unlink()
    Path(told.figures[1]).write_text('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')
    assert 'src="data:image/svg+xml;base64,' in report_page(told)


def test_figures_are_found_where_they_are_written_now_and_where_a_store_was_moved(tmp_path):
    told = checkup_report(tmp_path / "runs")
    (tmp_path / "runs").rename(tmp_path / "moved")
    assert "<img" not in report_page(told)
    page = report_page(told, figures_in=tmp_path / "moved" / "run-of-checkup")
    assert page.count("<img") == 4


def test_a_metric_that_falls_says_so(folder):
    falling = replace(sweep(folder), metric={"name": "rmse", "direction": "minimize"})
    assert "rmse, lower is better" in report_page(falling)


def test_nothing_helps_and_nothing_is_known(folder):
    none = Finding(
        "MD701", "nothing", "passed", "At the ceiling", action=Action("none", "Stop here.")
    )
    page = report_page(replace(sweep(folder), outcome="passed", findings=(none,)))
    assert "Nothing that was tried would help" in page
    assert "was not measured" not in page
    open_one = report_page(replace(sweep(folder), outcome="inconclusive", findings=()))
    assert "Do this next" not in open_one


def test_a_report_of_an_earlier_version_is_shown_without_what_it_did_not_keep(folder):
    record = sweep(folder).to_dict()
    for name in ("tables", "notices", "figures", "trials", "mlflow"):
        record.pop(name)
    assert "width = 197 is better" in report_page(record)


@pytest.mark.parametrize(
    "change",
    [{"outcome": "fine"}, {"findings": "none"}, {"headline": None, "step": None, "findings": [3]},
     {"tables": [{"title": "t", "columns": ["a"], "rows": [["1", "2"]]}]}, {"steps": [{}]}],
)  # fmt: skip
def test_what_is_no_report_is_refused(folder, change):
    with pytest.raises(MldiagError, match="no report that can be read"):
        report_page(sweep(folder).to_dict() | change)


def test_long_evidence_is_cut_and_says_so(folder):
    many = {"rows": {"train": list(range(500))}, "more": {f"column {i}": i for i in range(200)},
            "text": "x" * 5000, "pairs": [[1, 2]]}  # fmt: skip
    finding = Finding("MD301", "a", "problem", "t", evidence=many)
    text = Parsed(report_page(replace(sweep(folder), findings=(finding,)))).text
    assert "28, 29, ... (500 in all)" in text
    assert "more in report.json" in text
    assert "x" * 2001 not in text


def contrast(one, other):
    """Contrast of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_text_stands_out_in_both_schemes(scheme):
    blocks = re.findall(r":root \{(.*?)\}", CSS.read_text(), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[scheme == "dark"]))
    pairs = [
        (text, back) for text in ("text", "soft", "link", "strong") for back in ("back", "panel")
    ]
    outcomes = ("problem", "advice", "passed", "inconclusive", "idle")
    pairs += [("on-badge", outcome) for outcome in outcomes]
    weak = {pair: contrast(*(colours[name] for name in pair)) for pair in pairs}
    assert {pair: value for pair, value in weak.items() if value < 4.5} == {}
    assert contrast(colours["focus"], colours["back"]) >= 3
    assert contrast(colours["mark"], colours["back"]) >= 3
