"""The report as one page: a single HTML file that needs no network, no script and no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mldiag import __version__
from mldiag.findings import Report
from mldiag.report.from_record import report_from
from mldiag.report.page_bars import WIDTH
from mldiag.report.page_figures import Figures
from mldiag.report.page_language import Language
from mldiag.report.page_parts import Section, ShownFinding, section
from mldiag.report.page_plan import (
    asked_of,
    checklist_of,
    facts_of,
    plan_of,
    ranked_of,
    told_of,
)
from mldiag.report.page_predictions import date_of, predictions_of

_TEMPLATES = Path(__file__).parent / "templates"


def report_page(
    report: Report | Mapping[str, Any],
    *,
    figures_in: Path | None = None,
    run_id: str = "",
    started: float | None = None,
    lang: str = "en",
) -> str:
    """The page of a report: verdict and next action, the plan, then every step with its evidence.

    Everything from outside is escaped, and the page forbids its reader's browser to load or to run
    anything that is not in it.

    Args:
        report: The report of a step or of a check-up, or what `Report.to_dict()` gave of it.
        figures_in: Folder in which the report's own figures lie at this moment, where it is another than
            their paths say; figures of a check-up's steps are looked for in the folders beside it too.
        run_id: Id of the run, if it has one.
        started: When it began, in seconds since 1970 UTC; None where that is not known.
        lang: One of `mldiag.report.languages.LANGUAGES`; what a report says with numbers stays English.

    Returns:
        The HTML.

    Raises:
        MldiagError: If the plain data are no report.

    Example:
        >>> from mldiag.findings import TrialCounts
        >>> metric = {"name": "accuracy", "direction": "maximize"}
        >>> page = report_page(Report("sweep", "<b>", metric, "passed", "FLAT", (), {}, TrialCounts(), 0.0))
        >>> page.startswith("<!doctype html>"), "&lt;b&gt;" in page, "<b>" in page
        (True, True, False)
    """
    told = report if isinstance(report, Report) else report_from(report)
    language = Language(lang)
    labels = language.labels
    figures = Figures(figures_in, labels)
    own = section(told, figures, language, anchor="findings", own=True)
    asked = asked_of(told)
    steps = [
        section(one.report, figures, language, anchor=one.anchor, own=False)
        for one in asked
        if one.report is not None
    ]
    anchors = {one.report.step: one.anchor for one in asked[::-1] if one.report is not None}
    anchors |= {one.name: one.anchor for one in asked if one.report is not None}
    own = _without_told_again(own, steps)
    plan = plan_of(told, anchors, language)
    since, history = predictions_of(told, language)
    script, style = _text("page.js"), _text("page.css")
    rendered: str = _template().render(
        labels=labels, lang=lang, report=told, own=own, steps=steps, plan=plan,
        best=plan[0] if plan else None, nothing=bool(plan) and _is_none(told),
        best_told=told_of(plan[0], language) if plan else "",
        open=told.outcome == "inconclusive",
        word=language.outcome(told.outcome), facts=facts_of(told, language),
        checklist=checklist_of(told, language) if told.step == "checkup" else [],
        since=since, changed=_changed(told), history=history,
        judged=[one for one in history if one.inside is not None],
        extra=bool(own.loud or own.quiet or own.tables), stopped_by=str(told.result.get("stopped_by") or ""),
        run_id=run_id, date=date_of(started), version=__version__, bar_width=WIDTH,
        script=script, style=style, script_digest=_digest(script), style_digest=_digest(style),
    )  # fmt: skip
    return rendered


def _without_told_again(own: Section, steps: list[Section]) -> Section:
    """A check-up repeats findings of its steps, which stand below with all that belongs to them."""
    told = {_said(one) for step in steps for one in (*step.loud, *step.quiet)}
    return own._replace(
        loud=[one for one in own.loud if _said(one) not in told],
        quiet=[one for one in own.quiet if _said(one) not in told],
        tables=own.tables if not steps else [],  # its plan and its checklist are laid out anyway
    )


def _said(finding: ShownFinding) -> tuple[str, str]:
    """What makes a finding the same, in whatever language it is shown."""
    return finding.code, finding.more or finding.title


def _changed(report: Report) -> list[str]:
    """What has changed since the check-up before."""
    listed = report.result.get("changed_since_last")
    return list(map(str, listed)) if isinstance(listed, (list, tuple)) else []


def _is_none(report: Report) -> bool:
    """Whether the first action is to leave everything as it is."""
    return str(ranked_of(report)[0].get("kind")) == "none"


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=StrictUndefined,
    )  # fmt: skip
    return environment.get_template("page.html.j2")


@cache
def _text(name: str) -> Any:
    """Our own style and script, the only texts that go into the page as they are."""
    from markupsafe import Markup

    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _digest(text: str) -> str:
    """How a page names a script or a style that its browser may use."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
