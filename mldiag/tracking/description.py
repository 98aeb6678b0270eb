"""The description at the top of a run's page: verdict, figure, table, next command."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mldiag import wording
from mldiag.findings import Table
from mldiag.tracking.context import RunAnswer
from mldiag.tracking.names import TAG_LENGTH

_GAP = "\u00a0\u00a0"  # MLflow sets the columns of a table without any space between them

TABLE_ROWS = 40
"""Most rows of a table in the description; all of them are in report.json."""


def description(
    answer: RunAnswer, *, command: str, run_id: str, figure: str | None, pages: str = ""
) -> str:
    """Write the description in Markdown, at most 8,000 characters, the most wanted first.

    MLflow shows the first lines and folds the rest, and cuts what is longer.

    Args:
        answer: What the command found.
        command: The command line that repeats it.
        run_id: MLflow's id of the run that holds the figure.
        figure: Artifact path of the figure, or None.
        pages: Links to more pages, in Markdown.

    Example:
        >>> finding = {"outcome": "passed", "title": "No more rows needed"}
        >>> answer = RunAnswer({"headline": "FLAT", "findings": [finding]})
        >>> print(description(answer, command="mldiag learning-curve", run_id="1", figure=None))
        **No more rows needed**
        <BLANKLINE>
        Run again: `mldiag learning-curve`
    """
    report = answer.report
    findings: Sequence[Mapping[str, Any]] = report.get("findings") or ()
    parts = [_verdict(report, findings)]
    if figure:
        parts.append(f"![the figure](get-artifact?path={quote(figure)}&run_uuid={run_id})")
    if findings:
        parts.append(_text(findings[0].get("explanation") or ""))
    parts += [_table(table) for table in answer.tables]
    if report.get("next_command"):
        parts.append(f"**Next:** {_code(report['next_command'])}")
    parts += [_others(findings), _cost(report), f"Run again: {_code(command)}"]
    parts.append(pages)
    return _fitted(parts)


def _verdict(report: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> str:
    title = findings[0]["title"] if findings else report.get("headline") or "No finding"
    action = findings[0].get("action") if findings else None
    advice = f"\n\n**What to do:** {_text(action['text'])}" if action else ""
    return f"**{_text(title)}**{advice}"


def _others(findings: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"- {finding['outcome'].replace('_', ' ')}: {_text(finding['title'])}"
        for finding in findings[1:]
    ]
    return "\n".join(["Also looked at:", "", *lines]) if lines else ""


def _table(table: Table) -> str:
    rows = table.rows[:TABLE_ROWS]
    filled = [n for n in range(len(table.columns)) if any(row[n] for row in table.rows)]
    lines = [_row([table.columns[n] for n in filled]), "|" + " --- |" * len(filled)]
    lines += [_row([row[n] for n in filled]) for row in rows]
    left = len(table.rows) - TABLE_ROWS
    below = f"\n\n{wording.plural(left, 'more row')} in report.json" if left > 0 else ""
    head = f"{_text(table.title)}\n\n" if table.title else ""
    return head + "\n".join(lines) + (below or "\n\n" + _GAP)


def _row(cells: Sequence[str]) -> str:
    shown = (_text(cell).replace("|", "\\|") for cell in cells)
    return "|" + "|".join(f" {_GAP}{cell}{_GAP} " for cell in shown) + "|"


def _cost(report: Mapping[str, Any]) -> str:
    trials = report.get("trials")
    if not trials:
        return ""
    if report.get("steps"):
        run = sum(one["trials"]["run"] for one in (report, *report["steps"]))
        return f"{wording.plural(run, 'trial')} trained, over all steps"
    text = wording.plural(trials["planned"], "trial")
    details = [f"{trials['cached']} from the store"] if trials["cached"] else []
    details += [f"{trials['failed']} failed"] if trials["failed"] else []
    if details:
        text += f" ({', '.join(details)})"
    return f"{text}, {wording.duration(report.get('cost_seconds'))} of training"


def _text(text: str) -> str:
    """One line that Markdown shows as written: no tags, emphasis or line breaks of its own."""
    text = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\*_`\[\]])", r"\\\1", text)


def _code(text: str) -> str:
    """A command on one line, which Markdown shows as it is, whatever names it holds.

    Example:
        >>> print(_code("mldiag list"), _code("mldiag list 'a`b'"))
        `mldiag list` ``mldiag list 'a`b'``
    """
    text = re.sub(r"\s*[\r\n]\s*", " ", str(text)).strip()
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{room}{text}{room}{fence}"


def _fitted(parts: Sequence[str]) -> str:
    text = parts[0][:TAG_LENGTH]
    for part in parts[1:]:
        if part and len(text) + 2 + len(part) <= TAG_LENGTH:
            text += f"\n\n{part}"
    return text
