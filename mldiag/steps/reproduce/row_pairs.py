"""Two single trials on the same scoring rows, compared row by row."""

from __future__ import annotations

from mldiag.declaration import Experiment
from mldiag.findings import Interval
from mldiag.scoring.scorer import scorer_of
from mldiag.stats.bootstrap import resample_mean, resample_score
from mldiag.stats.fixed_rows import fixed_rows_difference
from mldiag.trial_result import TrialResult


def row_difference(
    experiment: Experiment, first: TrialResult, second: TrialResult
) -> Interval | None:
    """Second minus first, positive where the second is better, by a paired bootstrap over their rows.

    Args:
        experiment: The experiment.
        first: A finished trial.
        second: Another one on the same scoring rows.

    Returns:
        The 80 % interval; None where no kept predictions give the scores that were reported.
    """
    scorer = scorer_of(experiment)
    kept = [first.predictions, second.predictions]
    if scorer is None or kept[0] is None or kept[1] is None or kept[0].truth is None:
        return None
    if not all(map(scorer.explains, (first, second))):
        return None
    truth, sign = kept[0].truth, experiment.metric.sign
    by_row = [scorer.rows(truth, part.values) for part in kept if part is not None]
    if all(row is not None for row in by_row):
        resampled = resample_mean([[sign * row] for row in by_row if row is not None])
    else:
        resampled = resample_score(
            truth,
            [[part.values] for part in kept if part is not None],
            lambda some_truth, values: sign * scorer(some_truth, values),
        )
    return fixed_rows_difference(resampled, first=0, second=1).interval
