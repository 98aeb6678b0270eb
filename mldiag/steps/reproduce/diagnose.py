"""The answer of a reproduction: the report first, then what the bug checks found."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.findings import Finding, Outcome, Table, ranked
from mldiag.steps.reproduce.checks import (
    augmentation_breaks_labels,
    beats_a_dummy,
    blank_inputs,
    determinism,
    metric_disagrees,
    overfits_small_batch,
    overlapping_rows,
    permuted_labels,
    reported_score,
    reversed_gap,
    rows_used,
)
from mldiag.steps.reproduce.judged import Judged, ReproductionDiagnosis, judge
from mldiag.steps.reproduce.runs import look_taken
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.wording import plural, score, setting


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> ReproductionDiagnosis:
    """Judge whether the report comes back, and whether anything speaks of a bug.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    judged = judge(experiment, settings, results)
    _, runs = look_taken(experiment, settings, results)
    own = [result for result in results if not result.spec.interventions]
    dummy = beats_a_dummy.judge(experiment, settings, results)
    found = [
        reported_score.judge(judged),
        determinism.judge(judged, experiment, settings, results),
        dummy,
        permuted_labels.judge(experiment, settings, results),
        blank_inputs.judge(experiment, results, beside_dummy=dummy),
        overfits_small_batch.judge(experiment, settings, results, beside_dummy=dummy),
        overlapping_rows.judge(experiment, settings, results),
        reversed_gap.judge(experiment, runs),
        metric_disagrees.judge(experiment, own),
        rows_used.judge(experiment, own),
        augmentation_breaks_labels.judge(experiment, settings, results),
    ]
    findings = ranked([finding for finding in found if finding is not None])
    first = _report_first(findings)
    return ReproductionDiagnosis(
        findings,
        _headline(judged, first, sum(f.outcome == "passed" for f in findings)),
        first.outcome,
        notices=_differences(judged),
        tables=(_table(judged),),
        next_step="learning-curve" if first.outcome != "problem" else "reproduce --thorough",
        judged=judged,
    )


FEWEST_CHECKS = 3
"""With fewer that could be asked and passed, their number is the verdict: it is no search for bugs."""


def _report_first(findings: Sequence[Finding]) -> Finding:
    """The finding that the command is named after: a bug, else the report, else the first."""
    if findings[0].outcome == "problem":
        return findings[0]
    of_report = [f for f in findings if f.code == reported_score.CHECK.code]
    return of_report[0] if of_report else _overall(findings)


def _overall(findings: Sequence[Finding]) -> Finding:
    """Without a report: the most severe finding; what is open does not hide what has passed."""
    order: tuple[Outcome, ...] = ("problem", "advice", "passed", "inconclusive")
    for outcome in order:
        for finding in findings:
            if finding.outcome == outcome:
                return finding
    return findings[0]


def _headline(judged: Judged, first: Finding, passed: int) -> str:
    """The verdict in few characters."""
    if first.code != reported_score.CHECK.code:
        if first.outcome == "passed" and passed < FEWEST_CHECKS:
            return f"{plural(passed, 'CHECK')} PASSED".upper()
        words = {"problem": "BUG", "advice": "LOOK", "passed": "NO BUG FOUND"}
        word = words.get(first.outcome, "OPEN")
        return word if word == "NO BUG FOUND" else f"{word} {first.slug}"
    if judged.reproduction is None or judged.reproduction.verdict == "inconclusive":
        return "OPEN report"
    if judged.reproduction.verdict == "reproduced":
        return "REPRODUCED"
    if first.evidence.get("suspicious"):
        return "SUSPICIOUS"
    return f"NOT REPRODUCED, {judged.reproduction.side}"


def _differences(judged: Judged) -> tuple[str, ...]:
    """What has changed since the run that is compared with."""
    if judged.earlier is None:
        return ()
    changes = judged.earlier.differences or ("nothing that mldiag can see",)
    return tuple(f"differs from run {judged.earlier.id}: {change}" for change in changes)


def _table(judged: Judged) -> Table:
    metric = judged.metric
    rows = tuple(
        (setting(number), score(metric, float(value)), _gap(judged, float(value)))
        for number, value in enumerate(judged.scores)
    )
    noise = score(metric, judged.noise_sd) if math.isfinite(judged.noise_sd) else "unknown"
    title = f"{plural(len(rows), 'run')}; noise of one run (sd) {noise}; varied: {judged.varied}"
    return Table(title, ("run", metric.name, "against the report"), rows)


def _gap(judged: Judged, value: float) -> str:
    if math.isnan(judged.expected) or not math.isfinite(value):
        return ""
    gap = value - judged.expected
    return f"{gap:+.4g}"
