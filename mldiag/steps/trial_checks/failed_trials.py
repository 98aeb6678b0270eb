"""MD102: which trials gave no score, and why?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mldiag.findings import Check, Finding
from mldiag.trial_result import TrialResult
from mldiag.wording import plural

CHECK = Check(
    code="MD102",
    slug="failed-trials",
    title="Which trials gave no score?",
    detects="Any trial that diverged, raised, timed out, ran out of memory or lost its worker.",
    why="What is missing is not missing at random: the trials that fail are the hard ones.",
    fix="Read the error below; trials that ran out of time or memory are tried again by the next command.",
    source="By construction.",
)


def judge(results: Sequence[TrialResult]) -> Finding | None:
    """Advice that counts the trials without a score by cause; None where all gave one."""
    lost = [result for result in results if result.status not in ("ok", "cut")]
    if not lost:
        return None
    causes = Counter(result.status for result in lost)
    counted = ", ".join(
        f"{count} {cause.replace('_', ' ')}" for cause, count in causes.most_common()
    )
    errors = Counter(_last_line(result.error) for result in lost if result.error)
    return CHECK.finding(
        "advice",
        f"{plural(len(lost), 'trial')} of {len(results)} gave no score: {counted}",
        explanation="; ".join(text for text, _ in errors.most_common(3)),
        evidence={"by_cause": dict(causes), "trials": len(results)},
    )


def _last_line(error: str) -> str:
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    return lines[-1] if lines else ""
