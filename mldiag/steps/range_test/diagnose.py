"""The answer of a range test: where training begins to learn, and where it breaks."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mldiag.declaration import Experiment
from mldiag.findings import Diagnosis, Finding, Table
from mldiag.steps.range_test import learning_rate_range
from mldiag.steps.range_test.asked import Asked
from mldiag.steps.range_test.curve import RangeCurve, read_curve
from mldiag.steps.range_test.plan import planned_range_specs
from mldiag.steps.range_test.subject import Subject, subject_of
from mldiag.steps.range_test.summary import RangeSummary, summarize
from mldiag.trial_result import TrialResult
from mldiag.wording import number, plural, setting, setting_short


@dataclass(frozen=True)
class RangeTestDiagnosis(Diagnosis):
    """The findings, and the curve of every seed."""

    subject: Subject | None = None
    curves_by_seed: tuple[RangeCurve, ...] = ()
    summary: RangeSummary | None = None

    def result(self) -> dict[str, Any]:
        """The points with their intervals, and every curve, as plain data."""
        if self.subject is None or self.summary is None:
            return {}
        found = self.summary
        return {
            "param": self.subject.name,
            "default": self.subject.default,
            "begins": found.begins,
            "steepest": found.steepest,
            "lowest": found.lowest,
            "breaks": found.breaks if found.breaks_somewhere else None,
            "suggestion": found.suggestion,
            "suggested_range": [found.sweep_low, found.sweep_high],
            "curves": [
                {"seed": curve.seed, "rates": curve.rates, "losses": curve.losses}
                for curve in self.curves_by_seed
            ],
        }

    def curves(self) -> dict[str, dict[int, float]]:
        """Smoothed loss by step, one series a seed."""
        return {
            f"range_test/loss_seed_{curve.seed}": dict(enumerate(map(float, curve.smooth)))
            for curve in self.curves_by_seed
        }

    def scalars(self) -> dict[str, float]:
        """Where the loss begins to fall, is lowest and breaks, and the suggestion."""
        if self.summary is None:
            return {}
        numbers = {
            "begins": self.summary.begins.estimate,
            "lowest": self.summary.lowest.estimate,
            "suggestion": self.summary.suggestion,
        }
        if self.summary.breaks_somewhere:
            numbers["breaks"] = self.summary.breaks.estimate
        return numbers


def diagnose(
    experiment: Experiment, settings: Asked, results: Sequence[TrialResult]
) -> RangeTestDiagnosis:
    """Judge the default learning rate by what the range tests say.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    subject = subject_of(experiment, settings)
    found = {result.spec.digest: result for result in results}
    planned = planned_range_specs(experiment, settings, results)
    tried = [found[spec.digest] for spec in planned if spec.digest in found]
    curves = [
        read_curve(result.history, seed=result.spec.rows.repeat or result.spec.seed)
        for result in tried
    ]
    read = tuple(curve for curve in curves if curve is not None)
    summary = summarize(read, subject.default, too_low=learning_rate_range.THRESHOLDS.too_low)
    finding = learning_rate_range.judge(subject, read, summary, tried)
    return RangeTestDiagnosis(
        (finding,),
        _headline(subject, summary, finding),
        finding.outcome,
        tables=() if summary is None else (_table(subject, summary),),
        next_step=f"sweep --param {shlex.quote(_asked(subject, summary))}",
        subject=subject,
        curves_by_seed=read,
        summary=summary,
    )


def _asked(subject: Subject, summary: RangeSummary | None) -> str:
    return subject.name if summary is None else learning_rate_range.suggested(subject, summary)


def _headline(subject: Subject, summary: RangeSummary | None, finding: Finding) -> str:
    if finding.outcome == "problem":
        return f"BREAKS {subject.name}={setting_short(subject.default)}"
    if finding.outcome == "advice" and summary is not None:
        return f"RAISE {subject.name}={setting_short(summary.suggestion)}"
    if finding.outcome == "passed":
        return f"OK {subject.name}={setting_short(subject.default)}"
    return f"N/A {subject.name}" if finding.outcome == "not_applicable" else f"OPEN {subject.name}"


def _table(subject: Subject, found: RangeSummary) -> Table:
    breaks = (
        learning_rate_range.rate_interval(found.breaks)
        if found.breaks_somewhere
        else f"not up to {setting(subject.high)}"
    )
    rows = (
        ("the loss begins to fall", learning_rate_range.rate_interval(found.begins)),
        ("it falls fastest", learning_rate_range.rate_interval(found.steepest)),
        ("it is lowest", learning_rate_range.rate_interval(found.lowest)),
        ("training breaks", breaks),
        ("suggested to start with", number(found.suggestion, 2)),
        ("the default", setting(subject.default)),
    )
    return Table(
        f"what happens as {subject.name} rises, {plural(found.seeds, 'seed')}, 80 % intervals over seeds",
        ("", subject.name),
        rows,
    )
