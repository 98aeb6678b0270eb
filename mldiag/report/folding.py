"""Findings that say little, told together where there are many of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mldiag.findings import Finding

if TYPE_CHECKING:
    from mldiag.findings import Outcome

FOLD_FROM = 6
"""So many findings of an outcome that asks for nothing are told in one line."""

QUIET: tuple[Outcome, ...] = ("passed", "not_applicable")


def folded(findings: Sequence[Finding], told_as: str = "{n} checks") -> tuple[Finding, ...]:
    """The findings, with one line in place of many that passed or do not apply; those with an action stay.

    Args:
        findings: The findings of a report.
        told_as: The title of the line, with `{n}` for their number.

    Example:
        >>> many = [Finding(f"MD30{i}", f"check-{i}", "passed", "fine") for i in range(8)]
        >>> [(f.title, f.explanation) for f in folded(many)][0][0]
        '8 checks'
    """
    kept: list[Finding] = []
    for outcome in dict.fromkeys(finding.outcome for finding in findings):
        own = [f for f in findings if f.outcome == outcome]
        quiet = [f for f in own if f.action is None] if outcome in QUIET else []
        if len(quiet) < FOLD_FROM:
            quiet = []
        kept += [f for f in own if f not in quiet]
        if quiet:
            told = ", ".join(f.slug for f in quiet)
            kept.append(Finding("", "", outcome, told_as.format(n=len(quiet)), explanation=told))
    return tuple(kept)
