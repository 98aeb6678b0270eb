"""How trials are to be run, and who is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mldiag.run.budget import Budget
from mldiag.trial_result import TrialResult


@dataclass(frozen=True)
class RunSettings:
    """What the user chose.

    Args:
        jobs: Trials at a time; None for as many as there are cores, at most as many as trials.
        engine: `auto`, the name of an engine, or the address of a Dask scheduler.
        fresh: Whether the store is ignored; new results are still kept.
        budget: Such as `90s`, `10m`, `2h` or `60x`; None for no limit.
        time_limit: Seconds that one trial may take; None for no limit.
        gpus: GPUs of each trial.
    """

    jobs: int | None = None
    engine: str = "auto"
    fresh: bool = False
    budget: str | Budget | None = None
    time_limit: float | None = None
    gpus: int = 0


@dataclass(frozen=True)
class PlanSummary:
    """What is about to be run.

    Args:
        trials: Different trials asked for.
        cached: How many of them the store has.
        seconds: Time that the others will take, in seconds; None where nothing is known of it.
    """

    trials: int
    cached: int
    seconds: float | None = None


class Listener(Protocol):
    """What an executor tells as it goes; for progress bars, tracking and notices."""

    def planned(self, summary: PlanSummary) -> None:
        """The trials of one round are known; none has started."""

    def finished(self, result: TrialResult, cached: bool) -> None:
        """A result is there and in the store."""

    def looking(self, at: str, number: int, of: int) -> None:
        """A check of the data begins, or files are read: which, its number from 0, and how many there are."""

    def notice(self, text: str) -> None:
        """Something the user should know."""


class SilentListener:
    """Tells nobody."""

    def planned(self, summary: PlanSummary) -> None:
        """Nothing is told."""

    def finished(self, result: TrialResult, cached: bool) -> None:
        """Nothing is told."""

    def looking(self, at: str, number: int, of: int) -> None:
        """Nothing is told."""

    def notice(self, text: str) -> None:
        """Nothing is told."""
