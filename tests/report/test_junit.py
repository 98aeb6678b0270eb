"""JUnit XML: the structure that CI servers read, the outcomes, and texts that XML cannot hold."""

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from mldiag.findings import Action, Finding
from mldiag.report.from_record import report_from
from mldiag.report.junit import report_junit

from .checkup_sample import checkup_report, sweep

ALLOWED = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
        {"properties", "testcase"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"classname", "name", "time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
    "system-out": (set(), set()),
}
"""Attributes and children of every element, as Jenkins' junit-10.xsd and Ant's JUnit.xsd both know them."""


def parsed(report, **given):
    root = ElementTree.fromstring(report_junit(report, **given).encode())
    for element in root.iter():
        attributes, children = ALLOWED[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        assert [child.tag for child in suite][:1] in ([], ["properties"], ["testcase"])
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(name)) == len(suite.findall(f"testcase/{tag}"))
        names = Counter((case.get("classname"), case.get("name")) for case in cases)
        assert set(names.values()) <= {1}
        assert all(len(case) == 1 for case in cases)
    for name in ("tests", "failures", "errors"):
        assert int(root.get(name)) == sum(int(suite.get(name)) for suite in root)
    return root


def test_a_suite_a_step_and_a_case_a_check(tmp_path):
    root = parsed(checkup_report(tmp_path), started=1_763_856_412.0)
    assert [suite.get("name") for suite in root] == [
        "learning-curve", "audit", "sweep", "capacity", "probe",
    ]  # fmt: skip
    assert root[0].get("timestamp") == "2025-11-23T00:06:52"
    assert [case.get("name") for case in root[2].iter("testcase")] == [
        "MD501 better-value [width]", "MD502 edge-of-range [width]", "MD501 better-value [lr]",
    ]  # fmt: skip


def test_every_outcome_has_its_place(tmp_path):
    root = parsed(sweep(tmp_path))
    problem, advice, open_one = root.iter("testcase")
    failure = problem.find("failure")
    assert failure.get("type") == "MD501"
    assert failure.get("message").startswith("width = 197 is better")
    assert "-> Set width = 197: +2.9 points (+2.1 to +3.7)" in failure.text
    assert "again: mldiag sweep digits --all" in failure.text
    assert "follows from MD501" in advice.find("system-out").text
    assert open_one.find("skipped").get("message").startswith("inconclusive: Cannot tell")
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "0")


def test_what_passed_and_what_does_not_apply(tmp_path):
    audit = next(s for s in parsed(checkup_report(tmp_path)) if s.get("name") == "audit")
    tags = [case[0].tag for case in audit.iter("testcase")]
    assert tags == ["system-out"] * 5 + ["skipped"]
    assert audit.findall("testcase/skipped")[0].get("message").startswith("not applicable: ")


def test_a_step_that_failed_is_an_error_and_one_that_was_left_out_is_skipped(tmp_path):
    suites = {suite.get("name"): suite for suite in parsed(checkup_report(tmp_path))}
    assert suites["probe"].find("testcase/error").get("message").startswith("failed: the exp")
    assert suites["capacity"].find("testcase/skipped").get("message").startswith("skipped: the b")


def test_what_a_checkup_found_itself_is_a_suite_of_its_own(tmp_path):
    report = checkup_report(tmp_path)
    own = Finding(
        "MD701", "ceiling", "passed", "Nothing would help", action=Action("none", "Stop.")
    )
    root = parsed(replace(report, findings=(*report.findings, own)))
    assert root[-1].get("name") == "checkup"
    assert [case.get("name") for case in root[-1].iter("testcase")] == ["MD701 ceiling"]


def test_a_step_asked_twice_is_two_suites_and_equal_checks_are_counted(tmp_path):
    report = checkup_report(tmp_path)
    root = parsed(replace(report, steps=(*report.steps, report.steps[2])))
    assert [suite.get("name") for suite in root][:4] == [
        "learning-curve", "audit", "sweep", "sweep 2",
    ]  # fmt: skip
    twice = Finding("MD301", "a", "advice", "b")
    cases = parsed(replace(sweep(tmp_path), findings=(twice, twice))).iter("testcase")
    assert [case.get("name") for case in cases] == ["MD301 a", "MD301 a (2)"]


@pytest.mark.parametrize(
    "text",
    [
        "a\x00b",
        "\x1b[31mred\x1b[0m",
        "half \ud800 surrogate",
        "\ufffe]]>",
        "<a b='\"&'>",
        "日本 🙂",
    ],
)
def test_texts_that_xml_cannot_hold_are_told_without_what_it_cannot(tmp_path, text):
    finding = Finding(text, text, "problem", text, text, {"param": text}, command=text)
    report = replace(sweep(tmp_path), experiment=text, headline=text, findings=(finding,))
    root = parsed(report)
    left = "".join(c for c in text if c in "\t\n" or (c >= " " and c not in "\ud800\ufffe"))
    assert root.find("testsuite/testcase/failure").get("message") == left


def test_a_kept_report_gives_the_same(tmp_path):
    report = checkup_report(tmp_path)
    assert report_junit(report_from(report.to_dict())) == report_junit(report)
