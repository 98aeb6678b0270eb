"""What a person sees: MLflow's own pages, in headless Chromium, on a run that a command left."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from mldiag.tracking.ui import find_links
from tests.tracking.samples import HEADLINE, SIZES, VERDICT

pytestmark = pytest.mark.browser

REQUIRED = os.environ.get("MLDIAG_REQUIRE_BROWSER") == "1"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
PATIENCE_MS = 90_000  # the pages are megabytes of script; on a busy machine they take their time


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


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A visitor who was never here before: no settings, and the first-visit panel in the way."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.abort())
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def links(shown: Any) -> dict[str, str]:
    return {link.label: link.url for link in find_links(shown.base, experiment="digits")}


def visit(page: Any, url: str) -> None:
    """Open a page and close the assistant's panel, which the first visit opens unasked."""
    page.goto(url, wait_until="commit")
    page.get_by_text("MLflow Assistant").first.wait_for()
    close = page.get_by_role("button", name="Close")
    close.first.click()
    close.first.wait_for(state="detached")


def see(thing: Any) -> None:
    """Wait until a person can see it; fail if that takes longer than a person waits."""
    thing.wait_for(state="visible")


def keep_picture(page: Any, name: str) -> None:
    """Keep a screenshot where `MLDIAG_SCREENSHOTS` names a folder."""
    folder = os.environ.get("MLDIAG_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")


def test_the_list_shows_the_verdict_and_unfolds_into_the_trials(page, links, shown):
    visit(page, links["all runs"])
    see(page.get_by_role("link", name=HEADLINE))
    see(page.get_by_text(f"{shown.trials + 1} matching runs"))
    see(page.get_by_text("digits (d16e57)"))
    row = page.get_by_role("gridcell").filter(has=page.get_by_role("link", name=HEADLINE))
    row.get_by_role("button").first.click()  # the plus sign before the name
    see(page.get_by_role("link", name=f"n={SIZES[0]} r0", exact=True))
    keep_picture(page, "list")


def test_the_run_page_shows_verdict_figure_table_and_child_runs(page, links, shown):
    visit(page, links["last run"])
    see(page.get_by_role("heading", name=HEADLINE))
    see(page.get_by_text(VERDICT))
    see(page.get_by_text("Collect 860 more rows."))
    keep_picture(page, "run-folded")
    for size in SIZES:  # the ten that are listed: every point of the first repeat
        see(page.get_by_role("link", name=f"n={size} r0", exact=True))
    page.get_by_text("Show more").click()
    figure = page.locator("img[src*='get-artifact']")
    figure.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => { const i = document.querySelector(\"img[src*='get-artifact']\");"
        " return i && i.complete && i.naturalWidth > 300 }"
    )
    see(figure)
    details = page.get_by_text(shown.tracked.run_id, exact=True).bounding_box()
    assert details["x"] + details["width"] < 1440  # the figure leaves room beside it
    see(page.get_by_role("cell", name="0.969", exact=True))
    see(page.get_by_text("mldiag sweep --param lr"))
    keep_picture(page, "run")


def test_the_chart_view_draws_the_curve(page, links):
    visit(page, links["its charts"])
    see(page.get_by_text("accuracy_mean", exact=True))
    line = page.locator("path.js-line").first
    line.wait_for()
    points = re.findall(r"-?\d+(?:\.\d+)?,-?\d+(?:\.\d+)?", line.get_attribute("d") or "")
    assert len(points) == len(SIZES)
    heights = [float(point.split(",")[1]) for point in points]
    assert heights == sorted(heights, reverse=True)  # the curve rises: pixels count downwards
    keep_picture(page, "charts")


def test_the_description_leads_to_a_comparison_of_the_trials(page, links, shown):
    visit(page, links["last run"])
    page.get_by_text("Show more").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Compare the trials").click()
    comparison = opened.value
    see(comparison.get_by_text(f"Comparing {shown.trials - 1} Runs from 1 Experiment"))
    see(comparison.get_by_text("log10_train_rows").first)
    see(comparison.get_by_text("accuracy", exact=True).first)
    comparison.locator("svg.main-svg").first.wait_for()  # the plot of all trials
    keep_picture(comparison, "compare")


def test_the_printed_comparison_is_the_same(page, links, shown):
    visit(page, links["its trials"])
    see(page.get_by_text(f"Comparing {shown.trials - 1} Runs from 1 Experiment"))


def test_a_failed_trial_is_seen_as_failed_with_its_error(page, links):
    visit(page, links["last run"])
    page.get_by_role("link", name="n=99 r0", exact=True).click()
    see(page.get_by_role("heading", name="n=99 r0"))
    see(page.get_by_text("Failed", exact=True))
    see(page.get_by_text("ValueError: the loader at https://***@host broke").first)
    keep_picture(page, "failed")


def test_the_trials_are_a_table(page, shown):
    tracked = shown.tracked
    visit(
        page,
        f"{shown.base}/#/experiments/{tracked.experiment_id}/runs/{tracked.run_id}"
        "/artifacts/trials.json?workflowType=machine_learning",
    )
    see(page.get_by_text("View as table"))
    see(page.get_by_text("n=44 r1", exact=True))
    keep_picture(page, "trials")
