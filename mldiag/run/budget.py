"""Budgets: a time, or so many times the cost of one full training."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mldiag.errors import MldiagError
from mldiag.run.fresh_process import runs_again
from mldiag.trial_result import TrialResult

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Budget:
    """What a command may cost; at most one of the limits is set.

    Args:
        seconds: Wall time, in seconds; None for no limit.
        trainings: Multiple of the measured cost of one full default training, everything counted.
        trained_seconds: Time of the trainings alone, in seconds: what a check-up gives to each of its steps.
        of_training: Whether `trainings` counts the time of the trainings alone.
        shown: How a person wrote the budget that this is a part of.
    """

    seconds: float | None = None
    trainings: float | None = None
    trained_seconds: float | None = field(default=None, kw_only=True)
    of_training: bool = field(default=False, kw_only=True)
    shown: str = field(default="", kw_only=True, compare=False)

    def __str__(self) -> str:
        return self.shown

    def remaining(
        self,
        elapsed_seconds: float,
        full_trial_seconds: float | None = None,
        trained_seconds: float = 0.0,
    ) -> float | None:
        """Seconds that are left, never below 0.

        Args:
            elapsed_seconds: Wall time of the command so far, in seconds.
            full_trial_seconds: Measured time of one full default training, in seconds.
            trained_seconds: Time of the trainings so far, one after the other, in seconds.

        Returns:
            None where there is no limit, or where it is not known yet because no full training has
            been measured.

        Example:
            >>> parse_budget("60x").remaining(20.0, full_trial_seconds=0.5)
            10.0
        """
        if self.trained_seconds is not None:
            return max(0.0, self.trained_seconds - trained_seconds)
        limit = self.seconds
        if self.trainings is not None:
            if full_trial_seconds is None:
                return None
            limit = self.trainings * full_trial_seconds
            elapsed_seconds = trained_seconds if self.of_training else elapsed_seconds
        return None if limit is None else max(0.0, limit - elapsed_seconds)


class TrainedSeconds:
    """Time of trainings, one after the other.

    The first in each process also pays for its imports. So the first `WITH_IMPORTS` trainings count as no
    more than `MOST` times a usual one, as soon as that is known.

    Example:
        >>> trained = TrainedSeconds()
        >>> for seconds in (3.0, 2.5, 0.5, 0.4, 1.0):
        ...     trained.add(seconds)
        >>> round(trained.total(0.5), 1), trained.total(None)
        (4.9, 7.4)
    """

    WITH_IMPORTS = 3
    MOST = 3.0

    def __init__(self) -> None:
        self._first: list[float] = []
        self._rest = 0.0

    def add(self, seconds: float, *, in_new_process: bool = False) -> None:
        """Count a training."""
        if in_new_process or len(self._first) < self.WITH_IMPORTS:
            self._first.append(seconds)
        else:
            self._rest += seconds

    def total(self, usual: float | None) -> float:
        """Seconds of all of them.

        Args:
            usual: Seconds of one full training; None where it is not known.
        """
        most = float("inf") if not usual else self.MOST * usual
        return self._rest + sum(min(seconds, most) for seconds in self._first)


GRACE_SHARE = 0.1
"""Share of the time used by which trials in flight may overrun a budget."""

GRACE_SECONDS = 2.0
"""They may in any case overrun it by this."""


class BudgetClock:
    """A budget with the time of the command that it was given to.

    Args:
        budget: The budget; its time starts now.
        full_trial_seconds: Gives the measured time of one full default training, or None.
    """

    def __init__(self, budget: Budget, full_trial_seconds: Callable[[], float | None]) -> None:
        self._budget, self._full_trial_seconds = budget, full_trial_seconds
        self._started = time.monotonic()
        self._grace_ends: float | None = None
        self._trained = TrainedSeconds()

    def trained(self, result: TrialResult) -> None:
        """Count a training of this command."""
        self._trained.add(result.wall_seconds, in_new_process=runs_again(result.spec))

    def remaining(self) -> float | None:
        """Seconds left; None where there is no limit, or where it is not known yet."""
        elapsed = time.monotonic() - self._started
        full = self._full_trial_seconds()
        return self._budget.remaining(elapsed, full, self._trained.total(full))

    def spent(self) -> bool:
        """Whether nothing is left: no trial starts any more."""
        return self.remaining() == 0

    def overrun(self) -> bool:
        """Whether the trials in flight have overrun the budget by more than they may."""
        if not self.spent():
            return False
        now = time.monotonic()
        if self._grace_ends is None:
            self._grace_ends = now + max(GRACE_SECONDS, GRACE_SHARE * (now - self._started))
        return now > self._grace_ends


def parse_budget(text: str | Budget | None) -> Budget:
    """Read `90s`, `10m`, `2h`, `1h30m`, or `60x` for sixty times one full training.

    Args:
        text: The budget as written; None for no limit.

    Raises:
        MldiagError: If it is none of these, or not above zero.

    Example:
        >>> parse_budget("1.5h").seconds
        5400.0
    """
    if isinstance(text, Budget):
        return text
    if text is None:
        return Budget()
    written = str(text).strip().lower().replace(" ", "")
    number = r"(\d+(?:\.\d*)?|\.\d+)"
    if times := re.fullmatch(f"{number}x", written):
        return Budget(trainings=_positive(float(times[1]), text))
    if re.fullmatch(f"(?:{number}[smh])+", written):
        parts = re.findall(f"{number}([smh])", written)
        if len({unit for _, unit in parts}) == len(parts):
            seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in parts)
            return Budget(seconds=_positive(seconds, text))
    nearest = f"{written}s or {written}m" if re.fullmatch(number, written) else ""
    raise MldiagError(
        f"cannot read the budget {text!r}",
        expected="a time (90s, 10m, 2h), or a multiple of one full training (60x)",
        nearest=nearest,
        hint="--budget 10m",
    )


def _positive(value: float, text: str) -> float:
    if not value > 0:
        raise MldiagError(
            f"the budget {text!r} is empty", expected="more than 0", hint="--budget 10m"
        )
    return value
