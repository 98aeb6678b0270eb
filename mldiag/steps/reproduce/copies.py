"""What scoring rows that stand among the training rows do to the score: the runs once more without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mldiag.data.row_keys import row_keys
from mldiag.declaration import Experiment
from mldiag.findings import Interval
from mldiag.metrics import smallest_gain
from mldiag.steps.reproduce.runs import run_specs
from mldiag.steps.reproduce.settings import Settings
from mldiag.steps.score_table import score_table
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Intervention, TrialSpec

MOST_ROWS = 20_000
"""More rows than this are not named in a trial: so many copies need no measurement."""


@dataclass(frozen=True)
class Flattery:
    """The score with the copies among the training rows, less the score without them.

    Args:
        change: Paired difference with its 80 % interval, positive where the copies make the score better.
        without: Mean score without them.
        claimed: Whether they surely make it better.
        negligible: Whether they surely make it better by less than is worth having.
        pairs: Runs that were compared.
    """

    change: Interval
    without: float
    claimed: bool
    negligible: bool
    pairs: int


def copy_specs(experiment: Experiment, settings: Settings) -> list[TrialSpec]:
    """The runs, trained without the copies of their scoring rows; none where these cannot be named."""
    specs = [_without_copies(experiment, spec) for spec in run_specs(experiment, settings)]
    return [spec for spec in specs if spec is not None] if all(specs) else []


def flattery_of(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Flattery | None:
    """What the copies do to the score; None before two pairs of runs have one."""
    done = {result.spec.digest for result in results if result.status == "ok"}
    pairs = [
        (spec, bare)
        for spec, bare in zip(
            run_specs(experiment, settings), copy_specs(experiment, settings), strict=False
        )
        if spec.digest in done and bare.digest in done
    ]
    if len(pairs) < 2:
        return None
    table = score_table(experiment, list(zip(*pairs, strict=True)), results)
    difference = table.difference(1, 0)
    change, without = difference.interval, table.interval(1).estimate
    worth = smallest_gain(experiment.metric, table.interval(0).estimate)
    return Flattery(
        change=change,
        without=without,
        claimed=bool(table.compare(0).claimed_worse[1]),
        negligible=bool(np.isfinite(change.high)) and change.high < worth,
        pairs=len(pairs),
    )


def _without_copies(experiment: Experiment, spec: TrialSpec) -> TrialSpec | None:
    dataset = experiment.dataset
    if dataset is None:
        return None
    train, valid = experiment.splits.rows(spec.rows)
    of_train, of_valid = row_keys(dataset.X(train)), row_keys(dataset.X(valid))
    if of_train is None or of_valid is None:
        return None
    copies = train[np.isin(of_train, of_valid)]
    if not 0 < len(copies) <= min(MOST_ROWS, len(train) // 2):
        return None
    named = tuple(int(row) for row in np.sort(copies))
    return replace(spec, interventions=(Intervention("drop_rows", (("rows", named),)),))
