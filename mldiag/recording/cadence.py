"""Which steps of a training are looked at closely: all at first, then fewer and fewer."""

from __future__ import annotations

DENSE = 6
"""Steps at the beginning that are all looked at: initialisation shows there, and only there."""

GROWTH = 10
"""A gap between looks is at most one part in so many of the steps so far: about 24 looks for each tenfold."""

WIDEST = 256
"""Widest gap, in steps: at half of a step's time a look, a long training pays a fifth of a percent."""


class Cadence:
    """Says which steps are sampled; the same for every training, so that verdicts do not depend on the clock.

    Args:
        every: Look at every so many steps; None for a gap that widens from 1 to `WIDEST`.

    Example:
        >>> cadence = Cadence()
        >>> seen = [step for step in range(60) if cadence.samples(step)]
        >>> len(seen), seen[-6:]
        (33, [36, 39, 42, 46, 50, 55])
    """

    def __init__(self, every: int | None = None) -> None:
        self._every = every
        self._next = 0

    @property
    def next_step(self) -> int:
        """The step that is looked at next."""
        return self._next

    def samples(self, step: int) -> bool:
        """Whether a step is looked at; to be asked once for each step, in order."""
        if step < self._next:
            return False
        if self._every is not None:
            self._next = step + self._every
        elif step < DENSE:
            self._next = step + 1
        else:
            self._next = step + min(max(step // GROWTH, 1), WIDEST)
        return True

    def widen(self) -> None:
        """Take half as many looks from now on, where `every` was given and the record is full."""
        if self._every is not None:
            self._every *= 2
