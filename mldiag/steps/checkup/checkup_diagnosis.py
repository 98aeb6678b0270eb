"""The numbers of a check-up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from mldiag.findings import Diagnosis, Interval
from mldiag.metrics import Metric, named_metric
from mldiag.steps.checkup.gathered import Gathered
from mldiag.steps.checkup.history import Came
from mldiag.steps.checkup.weighed import Weighed


@dataclass(frozen=True, eq=False)
class CheckupDiagnosis(Diagnosis):
    """What comes next, and what it rests on.

    Args:
        ranked: The remedies in order.
        metric: The user's metric.
        baseline: Score of the training as it stands, with its 80 % interval.
        sd: Standard deviation of one score.
        n: Number of scores.
        worth: Smallest gain worth having.
        gathered: What the steps have said.
        stopped_by: Code of what must be done before any other number can be trusted, or None.
        since_last: Whether the last check-up's prediction came true, or None.
        history: The same of every earlier one.
    """

    ranked: tuple[Weighed, ...] = ()
    metric: Metric = field(default_factory=lambda: named_metric("score", maximize=True))
    baseline: Interval = field(default_factory=lambda: Interval(math.nan, math.nan, math.nan))
    sd: float = math.nan
    n: int = 0
    worth: float = 0.0
    gathered: Gathered = field(default_factory=Gathered)
    stopped_by: str | None = None
    since_last: Came | None = None
    history: tuple[Came, ...] = ()

    def result(self) -> dict[str, Any]:
        """The plan, the steps and what they cost, as plain data."""
        spent = sum(one.training_seconds for one in self.gathered.asked)
        training = self.gathered.training_seconds
        return {
            "baseline": {"score": self.baseline.estimate, "low": self.baseline.low,
                         "high": self.baseline.high, "sd": self.sd, "n": self.n},
            "ranked": [_row(number, one) for number, one in enumerate(self.ranked, start=1)],
            "steps": [
                {
                    "name": one.name,
                    "status": one.status,
                    "outcome": one.report.outcome if one.report else None,
                    "headline": one.report.headline if one.report else "",
                    "seconds": one.seconds,
                    "trainings": one.training_seconds / training if training else None,
                    "why": one.why,
                }
                for one in self.gathered.asked
            ],
            "smallest_gain_worth_having": self.worth,
            "training_seconds": training,
            "budget_seconds": self.gathered.budget_seconds,
            "spent_seconds": sum(one.seconds for one in self.gathered.asked),
            "spent_trainings": spent / training if training else None,
            "stopped_by": self.stopped_by,
            "since_last": None if self.since_last is None else self.since_last.to_dict(),
            "changed_since_last": self.gathered.changed,
            "history": [came.to_dict() for came in self.history],
        }  # fmt: skip

    def scalars(self) -> dict[str, float]:
        """What MLflow's table of runs shows: the score, and what the next action gains."""
        first = self.ranked[0].gain if self.ranked else None
        shown = {f"baseline_{self.metric.name}": self.baseline.estimate, "noise_sd": self.sd}
        if first is not None:
            shown |= {"gain": first.estimate, "gain_low": first.low, "gain_high": first.high}
        return shown


def _row(number: int, one: Weighed) -> dict[str, Any]:
    candidate = one.candidate
    return {
        "rank": number,
        "kind": candidate.kind,
        "param": candidate.param,
        "value": candidate.value,
        "text": candidate.text,
        "gain": one.gain,
        "claimed": one.claimed,
        "expected": one.expected,
        "p": one.p,
        "basis": candidate.basis,
        "fresh_repeats": one.fresh,
        "step": candidate.step,
        "code": candidate.finding.code,
        "after": one.cause,
        "note": one.note,
        "cost": candidate.cost,
    }
