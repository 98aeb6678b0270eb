"""How much of a budget is left: the time of the command, or that of its trainings alone."""

from __future__ import annotations

import time
from collections.abc import Callable

from mldiag.run.budget import Budget
from mldiag.run.fresh_process import runs_again
from mldiag.trial_result import TrialResult


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
