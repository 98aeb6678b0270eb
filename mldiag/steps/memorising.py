"""Trials that score on the few rows they train on: how they are described, and how far they got."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mldiag.declaration import Experiment
from mldiag.metrics import Metric
from mldiag.reference.specs import reference_spec
from mldiag.trial import SCORE_TRAINING_ROWS
from mldiag.trial_spec import Intervention, Plain, TrialSpec

ROWS = 64
"""Rows to memorise, unless there are many classes."""

ROWS_PER_CLASS = 3

DRAWS = 2
"""Draws of the rows that must be there: the trials of several steps are the same where they agree on it."""

MEMORISED = 0.9
"""Share of the way from a dummy to all that can be memorised; bagged trees, which leave out rows, do."""

SCORED_AS_TRAINED = (Intervention(SCORE_TRAINING_ROWS),)


def rows_to_memorise(experiment: Experiment, wanted: int = ROWS) -> int:
    """Rows to memorise: as asked, more where there are many classes; 0 where it cannot be done.

    Args:
        experiment: The experiment.
        wanted: Rows that are asked for; 0 for none.
    """
    if experiment.fixed_rows or not wanted:
        return 0
    labels = experiment.splits.labels
    classes = 0 if labels is None else len(np.unique(labels))
    return min(max(wanted, ROWS_PER_CLASS * classes), experiment.splits.train_size(DRAWS))


def may_count_epochs(experiment: Experiment) -> bool:
    """Whether the train function may count with `trial.epochs`.

    Estimators and commands, which mldiag trains itself and which tell their digest, do not.
    """
    return not hasattr(experiment.train, "digest_parts")


def as_many_updates(experiment: Experiment, rows: int) -> float:
    """Fidelity with which few rows get as many updates as all rows do, where `trial.epochs` counts."""
    if not may_count_epochs(experiment):
        return 1.0
    return round(max(1.0, experiment.splits.train_size() / rows), 2)


def memorising_spec(
    experiment: Experiment,
    rows: int,
    *,
    params: Mapping[str, Plain] | None = None,
    repeat: int = 0,
    fidelity: float = 1.0,
) -> TrialSpec:
    """The trial of the model on the rows to memorise.

    Args:
        experiment: The experiment.
        rows: How many, from `rows_to_memorise`.
        params: Values that differ from the defaults.
        repeat: Which draw of the rows.
        fidelity: Share of the full training, in epochs.
    """
    return experiment.spec(
        params, repeat=repeat, size=rows, fidelity=fidelity, interventions=SCORED_AS_TRAINED
    )


def memorising_reference(
    experiment: Experiment, family: str, rows: int, *, repeat: int = 0
) -> TrialSpec:
    """The trial of a reference on the rows to memorise, such as a dummy or the table of the rows."""
    return reference_spec(experiment, family, repeat, size=rows, further=SCORED_AS_TRAINED)


def share_of_way(metric: Metric, score: float, *, dummy: float, most: float) -> float:
    """How far a score is from a dummy's (0) to all that can be had (1); NaN where it cannot be told.

    Example:
        >>> from mldiag.metrics import named_metric
        >>> share_of_way(named_metric("accuracy"), 0.75, dummy=0.5, most=1.0)
        0.5
        >>> share_of_way(named_metric("rmse"), 3.0, dummy=2.0, most=0.0)
        -0.5
    """
    way = metric.sign * (most - dummy)
    return metric.sign * (score - dummy) / way if way > 0 else math.nan
