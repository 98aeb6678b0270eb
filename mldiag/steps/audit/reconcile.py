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
    ("numeric-sentinel", "skewed-features"),
    ("numeric-sentinel", "unit-mix-up"),
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
    ("outliers", "skewed-features"),
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
        marked.append(finding if cause is None else _under(finding, cause))
    return tuple(marked)


def _under(finding: Finding, cause: Finding) -> Finding:
    """The finding as a consequence, which its text says too."""
    told = f"Follows from {cause.code} {cause.slug}: mend that first, then look again."
    explanation = f"{told} {finding.explanation}".strip()
    return replace(finding, caused_by=cause.code, explanation=explanation)


def _cause(finding: Finding, told: dict[str, Finding]) -> Finding | None:
    causes = [told[cause] for cause, slug in CAUSES if slug == finding.slug and cause in told]
    for cause in causes:
        if _covers([cause], finding):
            return cause
    # A code in one column and a unit in the other explain both together: the nearest is named.
    sharing = [cause for cause in causes if _shared(cause, finding)]
    return sharing[0] if sharing and _covers(sharing, finding) else None


def _covers(causes: Sequence[Finding], finding: Finding) -> bool:
    """Whether the causes explain all that the finding names."""
    own = finding.evidence.get("columns")
    others = [cause.evidence.get("columns") or () for cause in causes]
    if own and all(others):
        return set(own) <= {name for names in others for name in names}
    return True


def _shared(cause: Finding, finding: Finding) -> set[str]:
    return set(cause.evidence.get("columns") or ()) & set(finding.evidence.get("columns") or ())
