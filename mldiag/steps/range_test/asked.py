"""What a step asks of a range test, and what comes of it for one that asks for nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Asked(Protocol):
    """The settings of a step that runs range tests."""

    @property
    def param(self) -> tuple[str, ...]:
        """The learning rate, with its range where one was given; empty for the one with that role."""

    @property
    def repeats(self) -> int:
        """How many seeds."""


@dataclass(frozen=True)
class RangeTest:
    """A range test of the parameter whose role is the learning rate.

    Args:
        param: As for `Asked`.
        repeats: Fewest seeds from which a claim is made.
    """

    param: tuple[str, ...] = ()
    repeats: int = 3
