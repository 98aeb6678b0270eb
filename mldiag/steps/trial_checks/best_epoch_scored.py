"""MD101: does the train function return its best epoch instead of its last?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.findings import Action, Check, Finding
from mldiag.trial_result import BEST_EPOCH, TrialResult
from mldiag.wording import plural

CHECK = Check(
    code="MD101",
    slug="best-epoch-scored",
    title="Is the best epoch returned instead of the last?",
    detects=(
        "In most trials with reports, the returned score equals the best report and not the last one."
    ),
    why=(
        "The best of many epochs on the scoring rows is chosen by their noise: it flatters every score, "
        "and the more epochs, the more."
    ),
    fix="Choose the epoch on trial.stop, which holds training rows for that, or return the last epoch.",
    source="By construction: the maximum of noisy scores is biased upwards.",
)


def judge(results: Sequence[TrialResult]) -> Finding | None:
    """Advice where most trials with reports returned their best epoch."""
    reporting = [result for result in results if len(result.history) > 2]
    flattered = [r for r in reporting if any(BEST_EPOCH in notice for notice in r.notices)]
    if not flattered or 2 * len(flattered) <= len(reporting):
        return None
    return CHECK.finding(
        "advice",
        f"The best epoch is returned, not the last, in {len(flattered)} of {plural(len(reporting), 'trial')}",
        explanation="Scores chosen on the rows that they are measured on are too good.",
        evidence={"trials": len(flattered), "of": len(reporting)},
        action=Action(
            "fix_bug", "Choose the epoch on trial.X_stop and trial.y_stop, or return the last."
        ),
    )
