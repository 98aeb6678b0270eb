"""What a person sees of the page, in headless Chromium: light, dark, on a phone, on paper, by keyboard."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mldiag.findings import Action, Finding, Interval, Table
from mldiag.report.page import report_page

from .checkup_sample import checkup_report, sweep

pytestmark = pytest.mark.browser

REQUIRED = os.environ.get("MLDIAG_REQUIRE_BROWSER") == "1"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
LONG = (
    "<script>document.title='acted'</script>\"'><img src=x onerror=\"document.title='acted'\">" * 60
)

CONTRASTS = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const back = parts(getComputedStyle(e).backgroundColor);
      if (back.length < 4 || back[3] > 0) return back;
    }
    return [255, 255, 255];
  };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest("script")) continue;
    const style = getComputedStyle(element);
    const [light, dark] = [luminance(parts(style.color)), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) weak.push([walker.currentNode.textContent.trim().slice(0, 40), ratio]);
  }
  return weak;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM and not REQUIRED:
        pytest.skip("no chromium on this machine; set MLDIAG_REQUIRE_BROWSER=1 to insist")
    if not REQUIRED:
        pytest.importorskip("playwright", reason="Playwright, which drives the browser, is missing")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield started
        started.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a check-up."""
    folder = tmp_path_factory.mktemp("page")
    file = folder / "report.html"
    file.write_text(report_page(checkup_report(folder), run_id="20261123-000652", started=1.7e9))
    return file


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Open a file; what the page asked for beside itself, and what it complained of, is kept."""
    contexts = []

    def opened(file: Path, **how: Any) -> Any:
        context = browser.new_context(**({"viewport": {"width": 1200, "height": 900}} | how))
        contexts.append(context)
        page = context.new_page()
        page.asked, page.told = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.told.append(message.text))
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def keep_picture(page: Any, name: str) -> None:
    """Keep a screenshot where `MLDIAG_SCREENSHOTS` names a folder."""
    folder = os.environ.get("MLDIAG_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_and_every_figure_is_drawn(visit, written, scheme):
    page = visit(written, color_scheme=scheme)
    assert page.get_by_role("heading", name="TUNE width +2.9pt", level=1).is_visible()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate(CONTRASTS) == []
    widths = page.evaluate("[...document.images].map((image) => image.naturalWidth)")
    assert widths == [480, 480, 480, 480]
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 20, 25)"}[scheme]
    keep_picture(page, f"page-{scheme}")


def test_the_page_asks_for_nothing_and_complains_of_nothing(visit, written):
    page = visit(written)
    assert [url for url in page.asked if not url.startswith("data:")] == [written.as_uri()]
    assert page.told == []


def test_a_phone_shows_it_without_scrolling_sideways(visit, written):
    page = visit(written, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.get_by_text("+2.9 points (+2.1 to +3.7)").first.is_visible()
    keep_picture(page, "page-phone")
    for width in (320, 600, 760, 940, 1100):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") == width


def column(page: Any, table: str, place: int) -> list[str]:
    cells = page.locator(f"{table} tbody tr td:nth-child({place})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_a_table_is_sorted_by_a_click_and_back_by_another(visit, written):
    page = visit(written)
    table = "[aria-labelledby=step-1-table-1]"
    assert column(page, table, 1) == ["36", "1,150", "144"]
    header = page.locator(f"{table} th").first
    header.get_by_role("button").click()
    assert column(page, table, 1) == ["36", "144", "1,150"]  # as numbers, not as texts
    assert header.get_attribute("aria-sort") == "ascending"
    header.get_by_role("button").click()
    assert column(page, table, 1) == ["1,150", "144", "36"]
    assert header.get_attribute("aria-sort") == "descending"
    assert page.get_by_role("status").inner_text() == "sorted by rows, falling"


def test_the_keyboard_reaches_the_verdict_and_sorts_the_plan(visit, written):
    page = visit(written)
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to the verdict"
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "verdict"
    button = page.locator(".plan th button", has_text="Predicted gain").first
    button.focus()
    page.keyboard.press("Enter")
    assert column(page, "#plan .plan", 1) == ["2", "1", "3"]  # what has no gain stays last
    page.keyboard.press("Space")
    assert column(page, "#plan .plan", 1) == ["1", "2", "3"]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_paper_shows_what_is_folded_and_no_dark(visit, written):
    page = visit(written, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == "rgb(255, 255, 255)"
    assert not page.get_by_role("navigation").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    assert page.get_by_text("best value", exact=True).first.is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 0
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_without_script_everything_but_sorting_is_there(visit, written):
    page = visit(written, java_script_enabled=False)
    assert page.locator("th button").count() == 0
    page.get_by_text("The numbers behind it").first.click()
    assert page.get_by_text("gain at 2x", exact=True).is_visible()


@pytest.mark.parametrize("width", [390, 1200])
def test_a_hostile_report_is_text_and_fits(visit, tmp_path, width):
    action = Action("tune", LONG, gain=Interval(0.1, 0.0, 0.2), cost=LONG)
    finding = Finding("MD501", "a", "problem", LONG, LONG, {LONG: LONG, "word": "w" * 5000}, action)
    report = replace(
        sweep(tmp_path), headline=LONG, experiment="w" * 5000, findings=(finding,), notices=(LONG,),
        tables=(Table(LONG, (LONG, "b"), ((LONG, "w" * 5000), ("1", "2"))),), next_command=LONG,
    )  # fmt: skip
    row = {"text": "w" * 5000, "step": LONG, "code": "MD501", "cost": LONG, "note": LONG}
    whole = replace(report, step="checkup", steps=(report,), result={"ranked": [row, row]})
    file = tmp_path / "report.html"
    for told in (report, whole):
        file.write_text(report_page(told))
        page = visit(file, viewport={"width": width, "height": 800})
        assert page.title() != "acted"
        assert page.locator("img[src=x]").count() == 0
        assert page.get_by_role("heading", level=1).inner_text() == LONG
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert [url for url in page.asked if not url.startswith("data:")] == [file.as_uri()]
