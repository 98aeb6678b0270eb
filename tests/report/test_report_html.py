import re

import pytest

from mldiag.findings import Action, Finding, Table
from mldiag.report.html import FIGURE_LIMIT_BYTES, report_html

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
EVIL = "<script>alert(1)</script>"


def test_every_text_is_escaped(a_report):
    report = a_report(
        experiment=EVIL, headline=EVIL, next_command=EVIL, notices=(EVIL,),
        metric={"name": EVIL, "direction": "maximize"},
        findings=(Finding(EVIL, "a", "problem", EVIL, EVIL, action=Action("tune", EVIL)),),
        tables=(Table(EVIL, (EVIL,), ((EVIL,),)),),
    )  # fmt: skip
    html = report_html(report)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") >= 10


def test_the_figure_is_inlined_so_that_the_notebook_stands_alone(a_report, tmp_path):
    figure = tmp_path / "plot.png"
    figure.write_bytes(PNG)
    html = report_html(a_report(figures=(str(tmp_path / "plot.svg"), str(figure))))
    assert "data:image/png;base64,iVBOR" in html
    assert not re.search(r"(src|href)=\"(?!data:)", html)


def test_a_missing_or_huge_figure_is_left_out(a_report, tmp_path):
    huge = tmp_path / "huge.png"
    huge.write_bytes(b"0" * (FIGURE_LIMIT_BYTES + 1))
    assert "<img" not in report_html(a_report(figures=(str(huge), str(tmp_path / "gone.png"))))


def test_the_report_renders_itself_where_a_renderer_is_handed_in(a_report):
    assert "lr=.028" in a_report(as_html=report_html)._repr_html_()
    assert a_report()._repr_html_() is None


@pytest.mark.browser
def test_a_browser_shows_verdict_and_figure_in_light_and_dark(a_report, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    figure = tmp_path / "plot.png"
    figure.write_bytes(PNG)
    page_file = tmp_path / "report.html"
    page_file.write_text(
        "<!doctype html><meta charset=utf-8>" + report_html(a_report(figures=(str(figure),)))
    )
    with sync_api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
        except sync_api.Error as error:
            pytest.skip(f"no chromium: {error}")
        backgrounds = set()
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme)
            page.goto(page_file.as_uri())
            assert page.get_by_text("lr=.028 +1.8pt").is_visible()
            assert page.evaluate("document.querySelector('img').naturalWidth") == 1
            backgrounds.add(
                page.evaluate(
                    "getComputedStyle(document.querySelector('.mldiag-report')).backgroundColor"
                )
            )
        browser.close()
    assert len(backgrounds) == 2
