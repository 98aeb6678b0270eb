"""What trials cost, learned from those that have run."""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING

from mldiag.trial import reference_family
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

_MEASURED = frozenset({"ok", "diverged", "failed"})


class CostModel:
    """Seconds of a trial as a + b x (training rows x fidelity), fitted as results come in.

    Args:
        experiment: The experiment, for the number of rows and the defaults.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._defaults = experiment.defaults
        self._count = 0
        self._sums = [0.0, 0.0, 0.0, 0.0]  # of x, x * x, seconds, x * seconds
        self._full: list[float] = []

    def size(self, spec: TrialSpec) -> float:
        """Training rows x fidelity: what the cost of a trial is taken to grow with."""
        splits, rows = self._experiment.splits, spec.rows
        count = rows.size
        if count is None:
            full = rows.split == "reserve"
            count = len(splits.development) if full else splits.train_size_of(rows.repeat)
        return count * spec.fidelity

    def learn(self, result: TrialResult) -> None:
        """Take in what a trial has cost; those that were ended from outside say nothing."""
        if result.status not in _MEASURED or not result.wall_seconds:
            return
        if reference_family(result.spec) is not None:  # another learner than the experiment's
            return
        size, seconds = self.size(result.spec), result.wall_seconds
        self._count += 1
        for position, value in enumerate((size, size * size, seconds, size * seconds)):
            self._sums[position] += value
        if result.status != "failed" and self.is_full_default(result.spec):
            insort(self._full, seconds)  # in order: the median is asked for with every trial

    def seconds(self, spec: TrialSpec) -> float | None:
        """Expected seconds of a trial; None before anything was measured."""
        return self.seconds_of(1, self.size(spec))

    def seconds_of(self, trials: int, size: float) -> float | None:
        """Expected seconds of several trials one after the other, of the given sizes in total."""
        if not self._count:
            return None
        x, xx, y, xy = (total / self._count for total in self._sums)
        variance = xx - x * x
        slope = (xy - x * y) / variance if variance > 1e-9 * xx else y / x if x else 0.0
        slope = min(max(slope, 0.0), y / x if x else 0.0)  # neither term is below zero
        return trials * (y - slope * x) + slope * size

    def full_trial_seconds(self) -> float | None:
        """Measured seconds of one full training at the defaults; None before there was one."""
        middle = len(self._full) // 2
        if not self._full:
            return None
        return (self._full[middle] + self._full[~middle]) / 2

    def is_full_default(self, spec: TrialSpec) -> bool:
        """Whether a trial is a full training at the defaults."""
        whole = spec.rows.size is None and spec.rows.digest is None and spec.fidelity == 1
        return whole and not spec.interventions and dict(spec.params) == self._defaults
