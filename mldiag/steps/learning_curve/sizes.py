"""The training sizes of a curve: the largest one halved and halved again."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.steps.learning_curve.augmentation import augmented_sizes
from mldiag.steps.learning_curve.settings import SIZES_HINT, Settings
from mldiag.trial_spec import TrialSpec

SMALLEST_ROWS = 10
"""No curve starts lower: the noise of so few rows says nothing about more of them."""

ROWS_PER_CLASS = 2
"""Nor with fewer rows of each class than this on average."""

FEWEST_POINTS = 5
"""Sizes that the adaptive design has at least, where the rows suffice: with sizes half-way between."""


def curve_grid(experiment: Experiment, settings: Settings) -> list[list[TrialSpec]]:
    """Specs by size (small to large) and repeat."""
    return [
        [experiment.spec(repeat=repeat, size=size) for repeat in range(settings.repeats)]
        for size in curve_sizes(experiment, settings)
    ]


def augmented_grid(experiment: Experiment, settings: Settings) -> list[list[TrialSpec]]:
    """The twins of `curve_grid` with augmentation on, of the largest size, its half and its quarter.

    Smaller sizes have an empty row; all have one where augmentation is not asked for.
    """
    sizes = curve_sizes(experiment, settings)
    wanted = augmented_sizes(sizes) if settings.augment else ()
    return [
        [experiment.augmented(spec) for spec in row] if size in wanted else []
        for size, row in zip(sizes, curve_grid(experiment, settings), strict=True)
    ]


def curve_sizes(experiment: Experiment, settings: Settings) -> tuple[int, ...]:
    """Training sizes in ascending order; the last is every row that each repeat can train on.

    The sizes are halves of the full one, so that the last doubling is measured itself. In the full design,
    sizes half-way between (in the logarithm) fill up from the top to `points`; in the adaptive one only to
    `FEWEST_POINTS`, since repeats of the largest sizes tell more for their time.

    Raises:
        MldiagError: If a size asked for is larger than the data allow, or there is one size only.
    """
    full = experiment.splits.train_size(settings.repeats)
    if settings.sizes:
        return _asked_sizes(settings.sizes, full)
    labels = experiment.splits.labels
    classes = 0 if labels is None else len(np.unique(labels))
    smallest = min(max(SMALLEST_ROWS, ROWS_PER_CLASS * classes), max(2, full // 2))
    halvings = min(math.floor(math.log2(full / smallest)), settings.points - 1)
    sizes = {round(full / 2**k) for k in range(halvings + 1)}
    adaptive = settings.design == "adaptive"
    wanted = min(FEWEST_POINTS, settings.points) if adaptive else settings.points
    for k in range(halvings):
        if len(sizes) < wanted:
            sizes.add(round(full / 2 ** (k + 0.5)))
    return tuple(sorted(sizes))


def half_of(sizes: Sequence[int]) -> int:
    """Index of the size nearest to half of the largest, on the logarithmic scale."""
    return int(np.argmin(np.abs(np.log(np.asarray(sizes[:-1]) / (sizes[-1] / 2)))))


def _asked_sizes(asked: Sequence[float], full: int) -> tuple[int, ...]:
    fractions = all(size <= 1 for size in asked)
    sizes = {max(1, round(size * full)) if fractions else round(size) for size in asked}
    if max(sizes) > full:
        raise MldiagError(
            f"a training size of {max(sizes)} rows",
            expected=f"at most the {full} rows that every repeat can train on",
            nearest=str(full),
            hint=SIZES_HINT,
        )
    if len(sizes) < 2:
        raise MldiagError("one training size", expected="at least two", hint=SIZES_HINT)
    return tuple(sorted(sizes))
