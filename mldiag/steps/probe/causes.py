"""Which finding explains which: one root cause first, what follows from it folded under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mldiag.findings import Finding, Outcome
from mldiag.steps.probe.checks import MODULES

NO_FAULT = ("neural-collapse",)
"""What is information, and neither causes anything nor follows from it."""

EARLIER = tuple(m.CHECK.slug for m in MODULES if m.CHECK.slug not in NO_FAULT)
"""Causes before what follows from them; what is not here is a mistake of rows."""


def with_causes(findings: Sequence[Finding]) -> list[Finding]:
    """Fold what follows from the first problem under it.

    Args:
        findings: What the checks found, in any order.

    Returns:
        The findings; every problem and advice but the root has `caused_by` set where the root explains it.
    """
    speaking = [f for f in findings if f.outcome in ("problem", "advice")]
    candidates = [f for f in speaking if f.slug in EARLIER]
    if len(speaking) < 2 or not candidates:
        return list(findings)
    order = {slug: place for place, slug in enumerate(EARLIER)}
    problems = [f for f in candidates if f.outcome == "problem"] or candidates
    root = min(problems, key=lambda f: _place(f, problems, order))
    return [
        _folded(f, root) if f in speaking and f is not root and _explains(root, f) else f
        for f in findings
    ]


def _folded(finding: Finding, root: Finding) -> Finding:
    """A consequence has no remedy of its own: what would be done about it alone is wrong."""
    told = f"It may well follow from {root.code} ({root.slug}): look again once that is mended."
    outcome: Outcome = "advice" if root.outcome == "advice" else finding.outcome
    return replace(finding, outcome=outcome, caused_by=root.code, explanation=told, action=None)


def _place(finding: Finding, problems: Sequence[Finding], order: dict[str, int]) -> float:
    """Place of a finding among the causes; a NaN born by itself comes before all."""
    slugs = {f.slug for f in problems}
    if finding.slug == "not-finite":
        # No step has been taken yet: nothing that steps do can be the reason.
        step = finding.evidence.get("step")
        begins = step is not None and step <= 1
        if not slugs & (_DIVERGING & _FROM_THE_START if begins else _DIVERGING):
            return -1.0
    if (
        finding.slug == "predicted-class-collapse"
        and max(finding.evidence["true"], default=0) > _UNEVEN
    ):
        return order["over-regularised"] - 0.5
    if finding.slug in _OF_THE_TASK or "dimensions" in finding.evidence:
        return (
            order["vanishing-gradients"] - 0.5
        )  # what the loss asks for comes before how layers look
    later = ("exploding-gradients", "saturated-units", "vanishing-gradients")
    if (
        finding.slug in later
        and not finding.evidence.get("at_start")
        and not finding.evidence.get("gates")
    ):
        return order["learning-rate-too-high"] + 0.5
    return float(order[finding.slug])


_DIVERGING = {
    "learning-rate-too-high",
    "exploding-gradients",
    "updates-too-large",
    "noisy-gradients",
    "bad-initialisation",
}
"""Problems that end in numbers too large for their type."""

_OF_THE_TASK = {"posterior-collapse", "mode-collapse", "codebook-collapse"}
"""Collapses that a loss leads to with layers that are as they should be."""

_FROM_THE_START = {"exploding-gradients", "bad-initialisation"}
"""Those of them that need no step."""

_UNEVEN = 0.85
"""Share of one class from which a model that says nothing else needs no other reason."""

_INDEPENDENT = {("overfitting", "stopped-early"), ("loss-spikes", "overfitting")}


def _explains(root: Finding, other: Finding) -> bool:
    if other.slug not in EARLIER:  # mistakes of a training that went wrong are no news
        learned = root.slug in ("overfitting", "stopped-early")
        return (root.outcome == "problem" and not learned) or root.slug == "underfitting"
    return (root.slug, other.slug) not in _INDEPENDENT
