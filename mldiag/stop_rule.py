"""When a training is cut short because it does worse than others did at the same step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StopRule:
    """What a training must reach on its way; plain data that travels with a trial.

    It is no part of what a trial is: a trial that was not cut is the trial without a rule.

    Args:
        metric: Name under which the training reports its score.
        maximize: Whether larger is better.
        thresholds: `(step, score)` in order: the first report at or after the step must be as good.
        steps: Steps of the full training, as far as earlier ones tell.
    """

    metric: str
    maximize: bool
    thresholds: tuple[tuple[int, float], ...]
    steps: int = 0


class Gate:
    """Watches the reports of one training."""

    def __init__(self, rule: StopRule) -> None:
        self._rule, self._next = rule, 0

    def lets_pass(self, step: int, metrics: Mapping[str, float]) -> bool:
        """Whether the training may go on after this report; a score that is no number decides nothing."""
        value = metrics.get(self._rule.metric, math.nan)
        if math.isnan(value):
            return True
        reached = None
        while self._next < len(self._rule.thresholds):
            at, threshold = self._rule.thresholds[self._next]
            if step < at:
                break
            self._next, reached = self._next + 1, threshold
        if reached is None:
            return True
        return value >= reached if self._rule.maximize else value <= reached


def would_cut(rule: StopRule | None, history: Iterable[tuple[int, Mapping[str, float]]]) -> bool:
    """Whether a rule cuts a training that has reported this.

    Example:
        >>> rule = StopRule("accuracy", True, ((2, 0.6),))
        >>> would_cut(rule, [(0, {"accuracy": 0.3}), (2, {"accuracy": 0.5})])
        True
        >>> would_cut(rule, [(0, {"accuracy": 0.3}), (1, {"accuracy": 0.5})])
        False
    """
    if rule is None:
        return False
    gate = Gate(rule)
    return not all(gate.lets_pass(step, metrics) for step, metrics in history)


class TrainingCut(BaseException):
    """Ends a training that does not count its epochs by `trial.epochs`; no `except Exception` catches it."""
