"""The trials with augmentation beside their twins without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mldiag.declaration import Experiment
from mldiag.findings import Interval
from mldiag.steps.learning_curve.augmentation import AugmentationEffect, measure_augmentation
from mldiag.steps.learning_curve.curve import Curve
from mldiag.steps.learning_curve.settings import Settings
from mldiag.steps.learning_curve.sizes import augmented_grid, curve_grid
from mldiag.steps.score_table import score_table
from mldiag.trial_result import TrialResult


@dataclass(frozen=True)
class Augmented:
    """The curve with augmentation on.

    Args:
        rows: Training rows of the sizes that were run both ways, ascending.
        scores: Mean validation score with augmentation at each, in the user's metric.
        effect: Against the twins without it; None where no pair has a score.
    """

    rows: tuple[int, ...]
    scores: tuple[Interval, ...]
    effect: AugmentationEffect | None


def compare_augmented(
    experiment: Experiment, settings: Settings, curve: Curve, results: Sequence[TrialResult]
) -> Augmented:
    """Measure what augmentation does at the sizes that were run both ways."""
    twins, plain = augmented_grid(experiment, settings), curve_grid(experiment, settings)
    both = [position for position, row in enumerate(twins) if row]
    grid = [[*plain[p]] for p in both] + [[*twins[p]] for p in both]
    table = score_table(experiment, grid, results)
    rows = tuple(curve.sizes[position] for position in both)
    effect = measure_augmentation(
        rows,
        table.scores[: len(both)],
        table.scores[len(both) :],
        worth=curve.worth,
        valid_to_train=table.valid_to_train,
        resampled=table.resampled,
    )
    scores = tuple(table.interval(len(both) + position) for position in range(len(both)))
    return Augmented(rows, scores, effect)
