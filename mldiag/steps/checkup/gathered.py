"""What a check-up has in hand when it decides: the steps' reports, their cost, and the check-up before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mldiag.findings import Report

Status = Literal["done", "cut", "skipped", "not_applicable", "failed"]


@dataclass(frozen=True)
class Asked:
    """One step as it was asked, or the reason why it was not.

    Args:
        name: The step.
        status: `done`; `cut` by the budget or the user; `skipped`; `not_applicable` to this experiment; or
            `failed` with an error of its own.
        report: Its answer, or None.
        seconds: Wall time it took, in seconds.
        training_seconds: Time of the trials that it trained itself, in seconds.
        why: Why it was asked now, or why not, for a person.
    """

    name: str
    status: Status
    report: Report | None = None
    seconds: float = 0.0
    training_seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Gathered:
    """Everything that the ranking rests on.

    Args:
        asked: The steps in the order in which they were asked.
        training_seconds: Time of one full training at the defaults, in seconds; None where unknown.
        budget_seconds: What the whole check-up may take, in seconds; None where it could not be told.
        earlier: `Report.to_dict()` of earlier check-ups of this experiment with the time of each in seconds
            since 1970 as `started`, oldest first.
        changed: What has changed in code and data since the latest of them, a line each.
    """

    asked: tuple[Asked, ...] = ()
    training_seconds: float | None = None
    budget_seconds: float | None = None
    earlier: tuple[Mapping[str, Any], ...] = ()
    changed: tuple[str, ...] = ()

    def reports(self) -> tuple[Report, ...]:
        """The answers there are, in the order in which they were asked."""
        return tuple(one.report for one in self.asked if one.report is not None)

    def report_of(self, name: str) -> Report | None:
        """The answer of a step, or None."""
        return next((one.report for one in self.asked if one.name == name and one.report), None)

    def leaves_open(self, name: str, slug: str) -> bool:
        """Whether a step was asked a question and could not tell."""
        report = self.report_of(name)
        found = [] if report is None else [one for one in report.findings if one.slug == slug]
        return any(finding.outcome == "inconclusive" for finding in found)
