"""What is judged on the trials of any step, one file each: the reports of every command carry these."""

from collections.abc import Sequence

from mldiag.findings import Finding
from mldiag.steps.trial_checks import best_epoch_scored, failed_trials
from mldiag.trial_result import TrialResult

CHECKS = (best_epoch_scored.CHECK, failed_trials.CHECK)


def judge_trials(results: Sequence[TrialResult]) -> list[Finding]:
    """Findings on the trials themselves; none where all is well."""
    judged = (check.judge(results) for check in (best_epoch_scored, failed_trials))
    return [finding for finding in judged if finding is not None]
