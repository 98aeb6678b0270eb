"""Whatever a report holds, it leaves as text: in pages, terminals, XML and Markdown."""

import json
import os
import re
from contextlib import ExitStack
from io import StringIO
from unittest.mock import patch
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from markdown_it import MarkdownIt

from mldiag.cli.errors import error_text, failure_of
from mldiag.errors import MldiagError
from mldiag.findings import Table
from mldiag.report.console import print_report, report_text
from mldiag.report.html import report_html
from mldiag.report.json import error_json, report_json
from mldiag.report.junit import report_junit
from mldiag.report.page import report_page
from mldiag.report.progress import ProgressListener
from mldiag.report.streams import console
from mldiag.tracking.context import RunAnswer
from mldiag.tracking.description import description
from tests.security.hostile import MARKDOWN, MARKUP, TERMINAL, checkup_of, report_of, texts
from tests.security.page import LOUD, OURS, Page, our_script

few = settings(max_examples=25, deadline=None, database=None)


@few
@given(text=texts())
@example(text="".join(MARKUP))
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_page_has_our_script_alone(lang, text):
    page = Page(report_page(checkup_of(text), run_id=text, lang=lang))
    assert page.scripts == [our_script()]
    assert page.acting == []
    assert page.tags <= OURS


@few
@given(text=texts())
@example(text="".join(MARKUP))
@example(text="x" * 300)  # a figure of this name was an OSError
def test_what_a_notebook_shows_has_no_script(text):
    page = Page(report_html(report_of(text)))
    assert page.scripts == []
    assert page.acting == []
    assert page.tags <= OURS


class Terminal(StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self):
        return True


def terminal(**environment):
    """What is printed goes to a terminal, which the caller reads."""
    shown = Terminal()
    stack = ExitStack()
    stack.enter_context(patch.dict("os.environ", {"TERM": "xterm", **environment}))
    for stream in ("stdout", "stderr"):
        stack.enter_context(patch(f"sys.{stream}", shown))
    return shown, stack


@few
@given(text=texts())
@example(text="".join(TERMINAL))
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_report_in_a_terminal_moves_nothing(lang, text):
    shown, inside = terminal(NO_COLOR="1")  # with colours rich's own codes would be among them
    with inside:
        print_report(checkup_of(text), console(), lang)
    assert LOUD.search(shown.getvalue()) is None


def test_with_colours_those_of_a_name_are_not_among_them():
    shown, inside = terminal()
    with inside:
        os.environ.pop("NO_COLOR", None)
        console().print("a\x1b[35mb", style="bold red")
    assert "\x1b[1;31m" in shown.getvalue()
    assert "\x1b[35m" not in shown.getvalue()


@few
@given(text=texts())
@example(text="[/]")
@example(text="[bold]x[/bold]")
def test_the_name_of_a_file_under_the_bar_is_no_markup(text):
    shown, inside = terminal(NO_COLOR="1", COLUMNS="500")
    with inside, ProgressListener() as listener:
        listener.looking(text, 1, 2)
        listener.notice(text)
        listener._bar.refresh()
    told = re.sub(r"\x1b\[(\?25[lh]|\d*[AK])|\r", "", shown.getvalue())  # what the bar itself does
    assert LOUD.search(told) is None


@few
@given(text=texts())
@example(text="".join(TERMINAL))
def test_an_error_moves_nothing(text):
    error = MldiagError(text, expected=text, nearest=text, hint=text, given=text)
    assert LOUD.search(error_text(failure_of(error, ["sweep", text]))) is None
    assert LOUD.search(error_json(error, kind="usage", exit_code=2)) is None


@few
@given(text=texts())
@example(text="".join(TERMINAL))
@pytest.mark.parametrize("width", [100, 24])
def test_a_report_as_text_moves_nothing(width, text):
    assert LOUD.search(report_text(checkup_of(text), width=width)) is None


def test_names_of_columns_that_stand_below_one_another_are_no_markup():
    names = tuple(f"[/]{number} a long name" for number in range(8))
    wide = Table("t", names, (("some words that are long",) * 8,))
    told = report_text(report_of("a", tables=(wide,)), width=40)  # was an error of the markup
    assert all(f"[/]{number}" in told for number in range(8))


@few
@given(text=texts())
@example(text="".join(TERMINAL))
def test_json_is_one_line_of_plain_data_that_moves_nothing(text):
    told = report_json(checkup_of(text))
    assert LOUD.search(told) is None
    assert "\n" not in told
    assert json.loads(told)["headline"] == text


@few
@given(text=texts())
@example(text="]]><!DOCTYPE x [<!ENTITY a 'b'>]>&a;")
def test_junit_is_whole_xml(text):
    root = ElementTree.fromstring(report_junit(checkup_of(text)))
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "system-out", "skipped",
        "error",
    }  # fmt: skip


@few
@given(text=texts())
@example(text="\\[here\\](http://evil.example)")
@example(text="`\n\n![x](http://evil.example/seen.png)")
@example(text="".join(MARKDOWN))
def test_the_description_in_mlflow_has_no_picture_link_or_tag_of_its_own(text):
    report = report_of(text)
    answer = RunAnswer(report.to_dict(), tables=report.tables)
    written = description(answer, command=text, run_id="1", figure="f.png")
    assert written
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(written)
    found = [child for token in tokens for child in (token, *(token.children or ()))]
    pictures = [token.attrs["src"] for token in found if token.type == "image"]
    assert pictures in ([], ["get-artifact?path=f.png&run_uuid=1"])
    assert not {token.type for token in found} & {"link_open", "html_block", "html_inline"}
