"""A learning rate that rises exponentially within one training: the schedule, the record, its end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from mldiag.trial_spec import Intervention, TrialSpec

RAMP = "ramp_learning_rate"
"""Kind of the intervention; its arguments are `param`, `low`, `high` and `steps`."""

BLOWN_UP = 4.0
"""The ramp ends where the loss stands this many times what it had gained above where it began."""

LEAST_GAIN = 0.25
"""Share of the first loss that counts as gained, so that noise alone never ends a ramp."""


class RampOver(BaseException):
    """Ends a training from inside an optimizer's step; no `except Exception` of the user's holds it up."""


@dataclass
class Ramp:
    """The state of one range test.

    Args:
        low: Learning rate of the first step, in the unit of the parameter.
        high: Learning rate of the last step.
        steps: Number of steps.
        reference: The parameter's own value in this trial; what an optimizer was given in its place is kept
            as a ratio, so that groups with rates of their own keep them.
        record: `(step, values)` of every step taken.
        over: Whether the last step was taken.
        optimizers: Which optimizers stepped, by their address.

    Example:
        >>> ramp = Ramp(1e-4, 1e-2, 3, reference=1e-3)
        >>> for loss in (2.0, 1.5, 1.0):
        ...     ramp.saw_loss(loss)
        ...     try:
        ...         ramp.end_step()
        ...     except RampOver:
        ...         break
        >>> [round(values["lr"], 6) for _, values in ramp.record]
        [0.0001, 0.001, 0.01]
    """

    low: float
    high: float
    steps: int
    reference: float
    record: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    over: bool = False
    optimizers: set[int] = field(default_factory=set)
    _losses: list[float] = field(default_factory=list)
    _ratios: dict[int, tuple[object, float]] = field(default_factory=dict)
    _first: list[float] = field(default_factory=list)
    _recent: float = math.nan
    _best: float = math.inf

    @property
    def rate(self) -> float:
        """Learning rate of the present step, in the unit of the parameter."""
        share = len(self.record) / max(self.steps - 1, 1)
        return float(self.low * (self.high / self.low) ** share)

    def rate_for(self, owner: object, given: float) -> float:
        """What an optimizer, or one of its groups, is to step with.

        Args:
            owner: The optimizer or group; its own rate is remembered from the first call on.
            given: The rate that it had by itself.
        """
        if id(owner) not in self._ratios:  # the owner is held, so that its id is not given away
            ratio = given / self.reference if given > 0 and self.reference > 0 else 1.0
            self._ratios[id(owner)] = (owner, ratio)
        return self.rate * self._ratios[id(owner)][1]

    def saw_loss(self, loss: float) -> None:
        """Take in a loss of which gradients were computed."""
        self._losses.append(float(loss))

    def begin_step(self) -> None:
        """End the training here where the ramp is over and the user's code went on."""
        if self.over:
            raise RampOver

    def end_step(self, **measured: float) -> None:
        """Write down the step and go on to the next rate.

        Args:
            **measured: What else is known of the step; what is not finite is left out.

        Raises:
            RampOver: After the last step, and where the loss is not finite or has blown up.
        """
        values = {"lr": self.rate}
        values |= {name: value for name, value in measured.items() if math.isfinite(value)}
        loss = sum(self._losses) / len(self._losses) if self._losses else None
        self._losses.clear()
        broken = loss is not None and (not math.isfinite(loss) or self._has_blown_up(loss))
        if loss is not None and math.isfinite(loss):
            values["loss"] = loss
        if broken:
            values["broken"] = 1.0
        self.record.append((len(self.record), values))
        if broken or len(self.record) >= self.steps:
            self.over = True
            raise RampOver

    def note_broken(self) -> None:
        """Write down that the training raised an error after the loss had left its range."""
        if self.record:
            self.record[-1][1]["broken"] = 1.0

    @property
    def rising(self) -> bool:
        """Whether the loss has climbed above where it began."""
        start = sum(self._first) / len(self._first) if self._first else math.nan
        return self._recent > start + 0.5 * abs(start)

    def _has_blown_up(self, loss: float) -> bool:
        """Compare a running mean of the loss with where it began and how far it had come down."""
        if len(self._first) < 5:
            self._first.append(loss)
        start = sum(self._first) / len(self._first)
        self._recent = loss if math.isnan(self._recent) else 0.7 * self._recent + 0.3 * loss
        self._best = min(self._best, self._recent)
        gained = max(start - self._best, LEAST_GAIN * abs(start))
        return len(self.record) >= 5 and self._recent > start + BLOWN_UP * gained


def ramp_of(spec: TrialSpec) -> Intervention | None:
    """The range test that a trial is, if it is one.

    Example:
        >>> ramp_of(TrialSpec("a.py")) is None
        True
    """
    return next((change for change in spec.interventions if change.kind == RAMP), None)


def endless(epochs: Iterator[int], count: int, ramp: Ramp) -> Iterator[int]:
    """Epochs for as long as the ramp goes on; only the user's own number where no step is ever seen.

    Args:
        epochs: Far more epochs than are needed, ended by the time limit.
        count: Epochs of the full training.
        ramp: The range test.
    """
    for epoch in epochs:
        if epoch >= count and not ramp.record:
            return
        yield epoch
