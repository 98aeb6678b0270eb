"""Findings that follow from one another: the cause is told first, its consequences under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mldiag.findings import Finding

CAUSES: tuple[tuple[str, str], ...] = (
    ("train-test-overlap", "near-train-test-overlap"),
    ("train-test-overlap", "id-overlap"),
    ("duplicate-rows", "near-duplicate-rows"),
    ("duplicate-rows", "conflicting-labels"),
    ("label-variants", "new-labels"),
    ("label-variants", "label-errors"),
    ("conflicting-labels", "label-errors"),
    ("category-variants", "new-categories"),
    ("missing-spellings", "mixed-types"),
    ("numeric-sentinel", "outliers"),
    ("numeric-sentinel", "feature-drift"),
    ("unit-mix-up", "outliers"),
    ("unit-mix-up", "feature-drift"),
    ("scaler-refitted-on-test", "feature-drift"),
    ("missing-share-changed", "feature-drift"),
    ("new-categories", "feature-drift"),
    ("target-leakage", "order-predicts-target"),
    ("target-leakage", "missingness-predicts-target"),
    ("feature-drift", "joint-drift"),
    ("scaler-refitted-on-test", "joint-drift"),
    ("new-categories", "joint-drift"),
    ("missing-share-changed", "joint-drift"),
    ("unit-mix-up", "skewed-features"),
    ("label-drift", "joint-drift"),
)
"""(cause, consequence) by slug, nearest cause first for each consequence."""

TOLD = ("problem", "advice")


def reconciled(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Mark the findings that follow from another one.

    Where both name columns, they must share one; a consequence that names a column of its own stays a
    finding of its own.

    Example:
        >>> cause = Finding("MD333", "unit-mix-up", "problem", "", evidence={"columns": ["height"]})
        >>> found = reconciled([cause, Finding("MD332", "outliers", "advice", "",
        ...                                    evidence={"columns": ["height"]})])
        >>> found[1].caused_by
        'MD333'
    """
    told = {finding.slug: finding for finding in findings if finding.outcome in TOLD}
    marked = []
    for finding in findings:
        cause = _cause(finding, told) if finding.outcome in TOLD else None
        marked.append(finding if cause is None else replace(finding, caused_by=cause.code))
    return tuple(marked)


def _cause(finding: Finding, told: dict[str, Finding]) -> Finding | None:
    for cause_slug, consequence in CAUSES:
        cause = told.get(cause_slug)
        if consequence == finding.slug and cause is not None and _covers(cause, finding):
            return cause
    return None


def _covers(cause: Finding, finding: Finding) -> bool:
    """Whether the cause explains all that the finding names."""
    own, others = finding.evidence.get("columns"), cause.evidence.get("columns")
    if own and others:
        return set(own) <= set(others)
    return True
