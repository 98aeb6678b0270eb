"""Which trials draw the curve: a first look at every size, and a second one where it is still open."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from mldiag.data.augmentation import no_augmentation
from mldiag.declaration import Experiment
from mldiag.steps.learning_curve.curve import measure_curve
from mldiag.steps.learning_curve.settings import Settings
from mldiag.steps.learning_curve.sizes import augmented_grid, curve_grid
from mldiag.steps.learning_curve.verdict import FEWEST_REPEATS, verdict_of
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

FIRST_LOOK, SECOND_LOOK = (1, 2, 2), (0, 1, 1)
"""Repeats that a look leaves out at the largest size, at its half and at its quarter.

These three take most of the time. The level at the largest size matters most to a forecast, so it gets
more repeats than the next two. Chosen on curves of LCDB among a dozen such designs, and measured in
`benchmarks/learning_curve_cost.txt`.
"""

EVERYTHING = ()


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """The first look; where its results leave the verdict open, one more repeat of the largest sizes.

    The full design, sizes that were named, and a curve with augmentation, whose trials come in pairs, are run
    at once with every repeat.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back.
        remaining_seconds: Time left, in seconds, or None without a budget.

    Raises:
        MldiagError: If augmentation is asked for and none is declared, or a size is wrong.
    """
    if experiment.fixed_rows:
        return []
    if settings.augment and experiment.augment is None:
        raise no_augmentation(experiment.name)
    if settings.design == "full" or settings.sizes or settings.augment:
        twins = chain.from_iterable(augmented_grid(experiment, settings))
        return [] if results else [*_look(experiment, settings, EVERYTHING), *dict.fromkeys(twins)]
    if not results:
        return _look(experiment, settings, FIRST_LOOK)
    if _is_settled(experiment, settings, results):
        return []
    return _look(experiment, settings, SECOND_LOOK)


def _look(experiment: Experiment, settings: Settings, left_out: Sequence[int]) -> list[TrialSpec]:
    """The trials of every size, but for some repeats of the largest ones."""
    grid = curve_grid(experiment, settings)[::-1]
    chosen: list[TrialSpec] = []
    for position, row in enumerate(grid):
        out = left_out[position] if position < len(left_out) else 0
        chosen += row[: max(min(FEWEST_REPEATS, len(row)), len(row) - out)]
    return list(dict.fromkeys(chosen))


def _is_settled(experiment: Experiment, settings: Settings, results: Sequence[TrialResult]) -> bool:
    curve = measure_curve(experiment, settings, results)
    return curve is None or verdict_of(curve, first_look=True) != "inconclusive"
