"""The answer of an audit: what was found in the data, and what mending it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mldiag.data.audited.inspected import Inspected
from mldiag.data.audited.table import TableAudit
from mldiag.declaration import Experiment
from mldiag.findings import Action, Diagnosis, Finding, Outcome, ranked
from mldiag.metrics import Metric
from mldiag.steps.audit.effects import Effect, effects_of, with_effect
from mldiag.steps.audit.look import inspected_of, look
from mldiag.steps.audit.settings import Settings
from mldiag.steps.audit.shown import tables_of
from mldiag.trial_result import TrialResult
from mldiag.wording import plural


@dataclass(frozen=True, kw_only=True)
class AuditDiagnosis(Diagnosis):
    """The findings, with what the figure draws.

    Args:
        inspected: The data.
        effects: What remedies did to the score, by the finding's slug.
        metric: The metric of `effects`.
    """

    inspected: Inspected
    metric: Metric
    effects: dict[str, Effect] = field(default_factory=dict)

    def result(self) -> dict[str, Any]:
        """What was audited, how many findings of each outcome, and the measured effects."""
        counts: dict[str, int] = {}
        for finding in self.findings:
            counts[finding.outcome] = counts.get(finding.outcome, 0) + 1
        return {
            "kind": self.inspected.kind,
            "source": self.inspected.source,
            "data_digest": self.inspected.digest,
            "outcomes": counts,
            **self.inspected_sizes(),
        }

    def inspected_sizes(self) -> dict[str, int]:
        """Rows or files of each side."""
        subject = self.inspected.subject
        sides = (("train", subject.train), ("test", subject.test))
        return {f"n_{name}": len(side) for name, side in sides if side is not None}

    def scalars(self) -> dict[str, float]:
        """How many problems and pieces of advice there are, and the measured changes."""
        outcomes = [finding.outcome for finding in self.findings]
        found = {
            "problems": float(outcomes.count("problem")),
            "advice": float(outcomes.count("advice")),
        }
        for slug, effect in self.effects.items():
            found[f"change_{slug}"] = effect.change.estimate
        return found


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> AuditDiagnosis:
    """Judge the data; remedies that were measured carry their gain.

    Args:
        experiment: The experiment, with what is audited.
        settings: The step's settings.
        results: The trials with and without remedies.
    """
    inspected = inspected_of(experiment)
    found = look(inspected)
    effects = effects_of(experiment, settings, found, results)
    told = [
        with_effect(finding, effects[finding.slug], experiment.metric)
        if finding.slug in effects
        else finding
        for finding in found
    ]
    findings = ranked(told)
    if all(finding.action is None for finding in findings):
        findings = (*findings, _nothing_found(findings))
    return AuditDiagnosis(
        findings=findings,
        headline=_headline(findings),
        outcome=_outcome(findings),
        notices=(
            *inspected.notices,
            *_without_target(inspected),
            *_unmeasured(inspected, settings, findings),
        ),
        tables=tables_of(inspected, findings),
        next_step="" if inspected.typed or not inspected.trains else _next_step(findings),
        inspected=inspected,
        effects=effects,
        metric=experiment.metric,
    )


def _outcome(findings: Sequence[Finding]) -> Outcome:
    """The worst thing found; what could not be judged does not hide what has passed."""
    order: tuple[Outcome, ...] = ("problem", "advice", "passed", "inconclusive")
    outcomes = {finding.outcome for finding in findings}
    return next((outcome for outcome in order if outcome in outcomes), "inconclusive")


def _headline(findings: Sequence[Finding]) -> str:
    problems = [f for f in findings if f.outcome == "problem" and f.caused_by is None]
    advice = [f for f in findings if f.outcome == "advice" and f.caused_by is None]
    if problems:
        more = f" +{len(problems) - 1}" if len(problems) > 1 else ""
        return f"{problems[0].slug}{more}"
    return f"LOOK {advice[0].slug}" if advice else "DATA OK"


def _nothing_found(findings: Sequence[Finding]) -> Finding:
    """One action "none": nothing tried would help."""
    passed = sum(finding.outcome == "passed" for finding in findings)
    return Finding(
        "MD300",
        "nothing-found",
        "passed",
        f"Nothing is wrong with the data that {plural(passed, 'check')} could see",
        action=Action("none", "Leave the data as they are."),
    )


def _next_step(findings: Sequence[Finding]) -> str:
    problem = any(finding.outcome == "problem" for finding in findings)
    return "" if problem else "learning-curve"


def _without_target(inspected: Inspected) -> tuple[str, ...]:
    if not isinstance(inspected.subject, TableAudit) or inspected.subject.target is not None:
        return ()
    return ("no target is named: labels and leaks were not looked at (--target COLUMN)",)


def _unmeasured(
    inspected: Inspected, settings: Settings, findings: Sequence[Finding]
) -> tuple[str, ...]:
    """Why no gain is told, where something was found that a training could measure."""
    found = any(f.outcome in ("problem", "advice") for f in findings)
    if not found or inspected.trains or not settings.measure or not inspected.why_not:
        return ()
    return (f"no gain is measured: {inspected.why_not}",)
