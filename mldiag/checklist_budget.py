"""What a check-up may still spend, and how it is shared out between the steps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from mldiag.run.budget import Budget
from mldiag.steps.checkup.gathered import Asked
from mldiag.steps.checkup.stages import KEPT_FOR_CONFIRMING, Stage


@dataclass
class Purse:
    """What is left of the budget: of a time by the clock, of trainings by what was trained."""

    budget: Budget
    least: float = 0.0
    training_seconds: float | None = None
    started: float = field(default_factory=time.monotonic)

    def seconds(self) -> float | None:
        """The whole budget in seconds; None before a training was measured."""
        if self.budget.trainings is None:
            return self.budget.seconds
        if self.training_seconds is None:
            return None
        return max(self.least, self.budget.trainings * self.training_seconds)

    def left(self, asked: list[Asked]) -> float | None:
        """Seconds that are left; None before a training was measured."""
        whole = self.seconds()
        if whole is None:
            return None
        if self.budget.trainings is None:
            return max(0.0, whole - (time.monotonic() - self.started))
        return max(0.0, whole - sum(one.training_seconds for one in asked))

    def trainings_left(self, asked: list[Asked]) -> float | None:
        """What the steps may still spend, in full trainings."""
        left, whole = self.left(asked), self.seconds()
        if left is None or whole is None or not self.training_seconds:
            return None
        return max(0.0, left - KEPT_FOR_CONFIRMING * whole) / self.training_seconds

    def of_stage(self, stage: Stage, asked: list[Asked]) -> Budget:
        """The budget of a step."""
        left, whole = self.left(asked), self.seconds()
        if left is None or whole is None:
            trainings = self.budget.trainings
            share = None if trainings is None else stage.share * trainings
            return replace(self.budget, trainings=share, of_training=True)
        kept = KEPT_FOR_CONFIRMING * whole
        return self._of(min(stage.share * whole, max(0.0, left - kept)))

    def of_the_rest(self, asked: list[Asked]) -> Budget:
        """The budget of what leads, tried again; nothing where the user interrupted."""
        if any(map(was_interrupted, asked)):
            return self._of(0.0)
        left = self.left(asked)
        return self.budget if left is None else self._of(left)

    def _of(self, seconds: float) -> Budget:
        if self.budget.trainings is None:
            return replace(self.budget, seconds=seconds)
        return replace(self.budget, trainings=None, trained_seconds=seconds)


def was_interrupted(one: Asked) -> bool:
    """Whether the user stopped a step."""
    return one.report is not None and bool(one.report.result.get("interrupted"))
