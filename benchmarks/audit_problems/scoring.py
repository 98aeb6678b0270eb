"""What counts as found: the right check, and the right column or rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from audit_problems.common import Cell, Injected
from audit_problems.known_facts import FACTS, PROBLEMS

SPOKEN = ("problem", "advice")
RECALL, PRECISION = 0.8, 0.5
"""Of the rows that a fault changed so many must be named; of the named rows so many must be right."""


@dataclass(frozen=True)
class Score:
    """What an audit made of a fault.

    Args:
        outcome: `found`, `missed`, or `there before` where the clean table has the trait in truth.
        why: What was wrong, in a few words.
        severity: `problem` or `advice` where it was found.
        others: Checks that speak of this table and not of the clean one, without the right one.
    """

    outcome: str
    why: str = ""
    severity: str = ""
    others: tuple[str, ...] = ()


def score(findings: Sequence[Any], injected: Injected, clean: Sequence[Any]) -> Score:
    """Compare what was said of the table with the fault, and of the clean one, with what was done to it."""
    right = (injected.slug, *injected.also)
    spoken = [f for f in findings if f.outcome in SPOKEN]
    others = sorted(
        {f.slug for f in spoken} - {f.slug for f in clean if f.outcome in SPOKEN} - set(right)
    )
    why = f"{injected.slug} says nothing"
    for finding in (f for f in spoken if f.slug in right):
        missing = _missing(finding, injected)
        if missing:
            why = missing
            continue
        before = _said_before(finding.slug, clean, injected)
        if not before:
            return Score("found", severity=finding.outcome, others=tuple(others))
        if finding.slug in FACTS.get(injected.tables.name, {}):
            return Score("there before", why="a fact of the clean table")
        why = "says the same of the clean table"
    silent = [f for f in findings if f.slug in right and f.outcome not in SPOKEN]
    if silent and why.endswith("says nothing"):
        why = f"{silent[0].slug}: {silent[0].outcome}, {silent[0].title}"
    return Score("missed", why=why, others=tuple(others))


def _missing(finding: Any, injected: Injected) -> str:
    """What the evidence lacks; empty where the column or the rows are right."""
    if not injected.columns and not injected.rows:
        return ""
    columns = set(finding.evidence.get("columns") or ())
    hits = sum(any(name in columns for name in names) for names in injected.columns)
    if injected.columns and hits >= injected.share * len(injected.columns):
        return ""
    held = held_rows(finding.evidence)
    if injected.rows and held:
        recall = sum(not unit.isdisjoint(held) for unit in injected.rows) / len(injected.rows)
        fitting = frozenset().union(injected.right, *injected.rows)
        precision = len(held & fitting) / len(held)
        if recall >= RECALL and precision >= PRECISION:
            return ""
        return f"rows: recall {recall:.2f}, precision {precision:.2f} of {len(held)}"
    return f"names {sorted(columns)[:4]}, not {[names[0] for names in injected.columns][:4]}"


def _said_before(slug: str, clean: Iterable[Any], injected: Injected) -> bool:
    """Whether the clean table was said to have this in these columns too; rows differ in any case."""
    if injected.rows and not injected.columns:
        return False
    return any(f.slug == slug and f.outcome in SPOKEN and not _missing(f, injected) for f in clean)


def held_rows(evidence: Any) -> set[Cell]:
    """The rows that a finding names."""
    rows = evidence.get("rows") or {}
    return {(side, int(i)) for side, positions in rows.items() for i in positions}


def false_alarms(table: str, findings: Iterable[Any]) -> dict[str, list[Any]]:
    """Findings on a clean table: problems that are none, advice, and advice that is not known to be true."""
    spoken = list(findings)
    facts, problems = FACTS.get(table, {}), PROBLEMS.get(table, {})
    told = [f for f in spoken if f.outcome == "problem" and f.slug not in problems]
    advice = [f for f in spoken if f.outcome == "advice"]
    return {
        "problem": told,
        "advice": advice,
        "unfounded": [f for f in advice if f.slug not in facts],
    }
