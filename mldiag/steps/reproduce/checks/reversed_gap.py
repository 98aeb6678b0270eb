"""MD125: is the validation score better than the training score?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import CLAIM_ERROR, Action, Check, Finding
from mldiag.metrics import smallest_gain
from mldiag.stats.intervals import paired_difference
from mldiag.trial_result import TrialResult
from mldiag.wording import gain

CHECK = Check(
    code="MD125",
    slug="reversed-gap",
    title="Is the validation score better than the training score?",
    detects=(
        "Validation minus training score, paired over the runs: advice where it is surely above the "
        "smallest gain worth having (one-sided 5 %)."
    ),
    why=(
        "Rows that were trained on are the easier ones. The reverse has a cause: a training score taken "
        "with dropout or augmentation on, one averaged over the epoch, or another kind of rows."
    ),
    fix="Score both sets with the same function, in evaluation mode, after the training.",
    source="Sanity of the split; see scikit-learn, Cross-validation: evaluating estimator performance.",
)


def judge(experiment: Experiment, runs: Sequence[TrialResult]) -> Finding | None:
    """Compare the two scores; None where no training score was given."""
    metric = experiment.metric
    valid = np.array([run.score(metric.name) for run in runs])
    train = np.array([run.score(f"train_{metric.name}") for run in runs])
    if not np.isfinite(train).any():
        return None
    splits = experiment.splits
    ratio = 0.0 if splits.fixed_valid else splits.valid_size() / splits.train_size()
    found = paired_difference(metric.sign * train, metric.sign * valid, valid_to_train=ratio)
    worth = smallest_gain(metric, float(np.nanmean(valid)))
    evidence = {"n": found.n, "difference": found.interval}
    if found.p_greater < CLAIM_ERROR and found.interval.low > worth:
        return CHECK.finding(
            "advice",
            f"The validation score is better than the training score: {gain(metric, found.interval)}",
            explanation=CHECK.why,
            evidence=evidence,
            action=Action("fix_bug", "Score both sets with the same function, in evaluation mode."),
        )
    return CHECK.finding(
        "passed", "The training score is not below the validation score", evidence=evidence
    )
