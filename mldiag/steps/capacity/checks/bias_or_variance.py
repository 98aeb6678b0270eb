"""MD607: bias or variance? What everything that was tried says together."""

from __future__ import annotations

from mldiag.findings import Check, Finding, Outcome
from mldiag.steps.capacity.verdict import Judged, Verdict

CHECK = Check(
    code="MD607",
    slug="bias-or-variance",
    title="Bias or variance?",
    detects=(
        "High bias: what surely gains is more capacity, less regularization, longer training, or a family "
        "that validates above what the model reaches on its own training rows. High variance: what surely "
        "gains is the opposite. Mixed: both. The gap between train and validation score is shown and never "
        "judged alone. At the ceiling: MD606. Else inconclusive."
    ),
    why="The two ask for opposite remedies, and each makes the other worse.",
    fix="Take the first action; then ask again, because what it changes may uncover the other.",
    source=(
        "Geman, Bienenstock and Doursat (1992), Neural Computation 4, for the two; Belkin et al. (2019), "
        "PNAS 116(32), for why the gap does not tell them apart."
    ),
)

_TOLD: dict[Verdict, tuple[str, str]] = {
    "high bias": (
        "High bias: the model fits less than the rows show",
        "What gains lets the model fit more; more rows would not help it.",
    ),
    "high variance": (
        "High variance: the model fits more than the rows can bear",
        "What gains holds the model back; more rows of the same kind may do the same: mldiag learning-curve.",
    ),
    "mixed": (
        "Bias and variance: one part of the model fits too little, another too much",
        "Some of what gains lets the model fit more, some holds it back. Take the first, then ask again.",
    ),
    "broken": (
        "Neither bias nor variance counts before the model works",
        "A model that does worse than none, or cannot fit a few rows, has a bug or a training that goes "
        "wrong.",
    ),
    "ceiling": (
        "Neither bias nor variance: the model is at the ceiling of its data",
        "Nothing that was tried gains, and there is evidence that nothing will.",
    ),
    "inconclusive": (
        "Bias or variance cannot be told: nothing surely gains, and nothing shows a ceiling",
        "The findings on each part say what would settle them.",
    ),
}


def judge(judged: Judged, *, gap: str, cause: str, outcome: Outcome) -> Finding:
    """Name the verdict.

    Args:
        judged: The joined verdict.
        gap: Train and validation score for a person, or empty.
        cause: Code of the finding that it rests on.
        outcome: Outcome of that finding.
    """
    title, why = _TOLD[judged.verdict]
    return CHECK.finding(
        "inconclusive" if judged.verdict == "inconclusive" else outcome,
        title,
        explanation=f"{why} {gap}".strip(),
        evidence={"verdict": judged.verdict, "remedies": [r.kind for r in judged.remedies]},
        caused_by=cause or None,
    )
