"""The report as JUnit XML, which every CI server shows: a test suite a step, a test case a check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from mldiag.findings import Finding, Report
from mldiag.report.console import OUTCOME_WORDS, action_line, report_metric
from mldiag.report.from_record import number_from

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped (section 2.2 of the W3C's recommendation)."""


def report_junit(report: Report, *, started: float | None = None) -> str:
    """One suite for each step; of a check-up those of its steps, then what it found itself.

    A problem is a failure. What could not be told, did not apply or was left out is skipped. Advice passes
    and is printed with its case. A step that failed with an error of its own is an error.

    Args:
        report: The report.
        started: When it began, in seconds since 1970 UTC; None where that is not known.

    Example:
        >>> from mldiag.findings import TrialCounts
        >>> found = (Finding("MD501", "tune", "problem", "lr is off"),)
        >>> metric = {"name": "accuracy", "direction": "maximize"}
        >>> report = Report("sweep", "digits", metric, "problem", "TUNE", found, {}, TrialCounts(), 1.5)
        >>> text = report_junit(report)
        >>> '<failure message="lr is off" type="MD501">' in text, 'failures="1"' in text
        (True, True)
    """
    stamp = datetime.fromtimestamp(started or 0.0, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suites = list(_suites(report))
    root = ElementTree.Element("testsuites", {"name": _clean(f"mldiag {report.experiment}")})
    for suite in suites:
        suite.set("timestamp", stamp)
        suite.set(
            "hostname", "localhost"
        )  # some readers want one; which machine is nobody's business
    root.extend(suites)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    root.set("time", f"{sum(float(suite.get('time', '0')) for suite in suites):.3f}")
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _suites(report: Report) -> Iterator[ElementTree.Element]:
    told: set[tuple[str, str]] = set()
    names: dict[str, int] = {}
    for step in report.steps:
        told |= {(finding.code, finding.title) for finding in step.findings}
        names[step.step] = names.get(step.step, 0) + 1
        again = f" {names[step.step]}" if names[step.step] > 1 else ""
        yield _suite(step, step.findings, step.step + again)
    yield from _unanswered(report)
    own = tuple(f for f in report.findings if (f.code, f.title) not in told)
    if own or not report.steps:
        yield _suite(report, own, report.step)


def _suite(report: Report, findings: tuple[Finding, ...], name: str) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": _clean(name)})
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in (
        ("experiment", report.experiment), ("metric", report.metric.get("name", "")),
        ("outcome", report.outcome), ("headline", report.headline),
    ):  # fmt: skip
        ElementTree.SubElement(properties, "property", {"name": key, "value": _clean(value)})
    taken: dict[str, int] = {}
    for finding in findings:
        suite.append(_case(finding, report, name, taken))
    return _counted(suite, report.cost_seconds)


def _case(
    finding: Finding, report: Report, suite: str, taken: dict[str, int]
) -> ElementTree.Element:
    """One check; several findings of one check are told apart by their parameter, or counted."""
    name = " ".join(filter(None, (finding.code, finding.slug, _subject(finding))))
    taken[name] = taken.get(name, 0) + 1
    if taken[name] > 1:
        name = f"{name} ({taken[name]})"
    place = _clean(f"mldiag.{report.experiment}.{suite}")
    case = ElementTree.Element(
        "testcase", {"classname": place, "name": _clean(name), "time": "0.000"}
    )
    text = _clean("\n".join(_lines(finding, report)))
    message = {"message": _clean(finding.title)}
    if finding.outcome == "problem":
        ElementTree.SubElement(
            case, "failure", message | {"type": _clean(finding.code)}
        ).text = text
    elif finding.outcome in ("advice", "passed"):
        ElementTree.SubElement(case, "system-out").text = text
    else:
        word = OUTCOME_WORDS[finding.outcome][0]
        told = {"message": _clean(f"{word}: {finding.title}")}
        ElementTree.SubElement(case, "skipped", told).text = text
    return case


def _subject(finding: Finding) -> str:
    param = finding.evidence.get("param")
    return f"[{param}]" if isinstance(param, str) else ""


def _lines(finding: Finding, report: Report) -> Iterator[str]:
    yield f"{OUTCOME_WORDS[finding.outcome][0]}: {finding.title}"
    if finding.explanation:
        yield finding.explanation
    if finding.action is not None:
        yield f"-> {action_line(finding.action, report_metric(report))}"
    if finding.caused_by:
        yield f"follows from {finding.caused_by}"
    if finding.command:
        yield f"again: {finding.command}"
    if finding.code:
        yield f"more: mldiag explain {finding.code}"


def _unanswered(report: Report) -> Iterator[ElementTree.Element]:
    """Steps that a check-up was to ask and that gave no report."""
    listed = report.result.get("steps")
    for one in listed if isinstance(listed, list) and report.step == "checkup" else []:
        if not isinstance(one, Mapping) or one.get("outcome") is not None:
            continue
        name, status = str(one.get("name")), str(one.get("status"))
        suite = ElementTree.Element("testsuite", {"name": _clean(name)})
        place = _clean(f"mldiag.{report.experiment}.{name}")
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": place, "name": _clean(name), "time": "0.000"}
        )
        message = _clean(": ".join(filter(None, (status, str(one.get("why") or "")))))
        if status == "failed":
            ElementTree.SubElement(case, "error", {"message": message, "type": status})
        else:
            ElementTree.SubElement(case, "skipped", {"message": message})
        yield _counted(suite, _seconds(one))


def _seconds(told: Mapping[str, Any]) -> float:
    seconds = number_from(told.get("seconds"))
    return seconds if seconds >= 0 else 0.0


def _counted(suite: ElementTree.Element, seconds: float) -> ElementTree.Element:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", f"{seconds:.3f}")
    return suite


def _clean(text: str) -> str:
    r"""Text without what XML cannot hold, such as the colours of a terminal or half a surrogate.

    Example:
        >>> _clean("a\x1b[31m\x00b\n")
        'a[31mb\n'
    """
    return _NOT_XML.sub("", text)
