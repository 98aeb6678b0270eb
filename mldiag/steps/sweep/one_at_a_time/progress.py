"""An axis, the values that may be tried on it, and what came back: all of it follows from the results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.declaration import Experiment
from mldiag.metrics import smallest_gain
from mldiag.steps.sweep.axes import Axis
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain, TrialSpec

Floats = NDArray[np.float64]
Cell = tuple[Plain, int]


@dataclass(frozen=True, eq=False)
class Progress:
    """An axis, its candidates, and what has been run of them.

    Args:
        axis: The parameter.
        candidates: Values that may be tried, in order.
        place: Where they stand on the parameter's own scale, the range being 0 to 1; shape (C,).
        scores: Shape (C, R), higher is better; NaN not run, -inf no score.
        default: Position of the default.
        worth: Smallest gain worth having, in the metric's unit.
        full: Trials of the full grid.
    """

    axis: Axis
    candidates: tuple[Plain, ...]
    place: Floats
    scores: Floats
    default: int
    worth: float
    full: int

    @property
    def run(self) -> int:
        """Trials that came back."""
        return int((~np.isnan(self.scores)).sum())

    @property
    def repeats(self) -> NDArray[np.int64]:
        """Scores of each candidate."""
        return np.asarray(np.isfinite(self.scores).sum(axis=1), dtype=np.int64)

    @property
    def tried(self) -> NDArray[np.intp]:
        """Positions of the candidates with a trial that came back."""
        return np.flatnonzero((~np.isnan(self.scores)).any(axis=1))

    def cells(self, values: Sequence[int], repeats: range) -> list[Cell]:
        """Cells of some candidates that were not run yet."""
        return [
            (self.candidates[v], r) for v in values for r in repeats if np.isnan(self.scores[v, r])
        ]


def progress_of(
    experiment: Experiment, settings: Settings, axis: Axis, results: Sequence[TrialResult]
) -> Progress:
    """Arrange an axis' results by candidate and repeat."""
    repeats = effective_repeats(experiment, settings, axis)
    candidates = axis.candidates(settings.values)
    found = {result.spec.digest: result for result in results}
    tried = _tried_values(experiment, axis, results)
    metric = experiment.metric
    scores = np.full((len(candidates), repeats), np.nan)
    for position, value in enumerate(candidates):
        if not _is_in(value, tried):
            continue
        for repeat in range(repeats):
            result = found.get(axis.spec(experiment, value, repeat).digest)
            if result is not None:
                score = metric.sign * metric.judged(result.score(metric.name))
                scores[position, repeat] = score if math.isfinite(score) else -math.inf
    default = candidates.index(axis.values[axis.default])
    known = scores[default][np.isfinite(scores[default])]
    present = metric.sign * float(known.mean()) if known.size else 0.0
    return Progress(
        axis=axis,
        candidates=candidates,
        place=axis.place(candidates),
        scores=scores,
        default=default,
        worth=settings.gain or smallest_gain(metric, present),
        full=settings.values * repeats,
    )


def effective_repeats(experiment: Experiment, settings: Settings, axis: Axis) -> int:
    """Repeats that differ: where neither rows nor seed vary, one trial says everything."""
    value = axis.values[axis.default]
    specs = {axis.spec(experiment, value, r).digest for r in range(settings.repeats)}
    return len(specs)


def specs_of(experiment: Experiment, axis: Axis, cells: Sequence[Cell]) -> list[TrialSpec]:
    """Descriptions of cells."""
    return [axis.spec(experiment, value, repeat) for value, repeat in cells]


def _tried_values(
    experiment: Experiment, axis: Axis, results: Sequence[TrialResult]
) -> list[Plain]:
    """Values of the axis in trials that have everything else at the axis' base point."""
    base = experiment.defaults | dict(axis.base)
    base.pop(axis.name, None)
    found: list[Plain] = []
    for result in results:
        params: Mapping[str, Plain] = dict(result.spec.params)
        value = params.get(axis.name)
        same = all(params.get(name) == wanted for name, wanted in base.items())
        if same and not _is_in(value, found):
            found.append(value)
    return found


def _is_in(value: Plain, values: Sequence[Plain]) -> bool:
    return any(value == other and type(value) is type(other) for other in values)
