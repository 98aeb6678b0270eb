"""The answer of the learning curve."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.findings import Finding, Outcome, Table, ranked
from mldiag.steps.learning_curve.ahead import DOUBLINGS, STEPS_A_DOUBLING, Ahead
from mldiag.steps.learning_curve.checks import (
    augmentation,
    more_data,
    rows_ignored,
    target_score,
    train_validation_gap,
)
from mldiag.steps.learning_curve.compare_augmented import compare_augmented
from mldiag.steps.learning_curve.curve import Curve, measure_curve
from mldiag.steps.learning_curve.curve_diagnosis import CurveDiagnosis
from mldiag.steps.learning_curve.settings import Settings
from mldiag.steps.learning_curve.verdict import Verdict
from mldiag.trial import NOT_AUGMENTED
from mldiag.trial_result import TrialResult
from mldiag.wording import amount, gain, gain_short, plural, score_interval

_HEADS: dict[Verdict, str] = {
    "still improving": "MORE DATA",
    "saturated": "SATURATED",
    "getting worse": "WORSE",
    "inconclusive": "OPEN",
}


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> CurveDiagnosis:
    """Judge the curve that the results draw.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    if experiment.fixed_rows:
        finding = more_data.CHECK.finding(
            "not_applicable",
            "The training rows of this experiment cannot be varied",
            explanation=experiment.fixed_rows,
        )
        return CurveDiagnosis((finding,), "NOT APPLICABLE", "not_applicable")
    curve = measure_curve(experiment, settings, results)
    if curve is None:
        finding = more_data.CHECK.finding(
            "inconclusive",
            "Too few training sizes gave a score",
            explanation="A curve needs at least two; see the trials that failed or were not run.",
        )
        return CurveDiagnosis((finding,), "OPEN no curve", "inconclusive")
    verdict, findings = _judge(curve, settings)
    augmented = None
    if settings.augment and experiment.augment is not None:
        augmented = compare_augmented(experiment, settings, curve, results)
        ignored_rows = any(NOT_AUGMENTED in result.notices for result in results)
        findings.append(
            augmentation.judge(
                augmented.effect,
                curve.metric,
                augmentation=experiment.augment,
                never_read=ignored_rows,
            )
        )
    told = curve.doubling.interval if curve.ahead is None else curve.ahead.gain
    shown = gain_short(curve.metric, told.estimate)
    ignored = any(f.code == rows_ignored.CHECK.code and f.action for f in findings)
    return CurveDiagnosis(
        ranked(findings),
        "ROWS IGNORED" if ignored else f"{_HEADS[verdict]} {shown}",
        _outcome(findings),
        tables=(_table(curve), *([_forecast(curve, curve.ahead)] if curve.ahead else [])),
        next_step=_next_step(experiment),
        curve=curve,
        verdict=verdict,
        target_score=settings.target_score,
        augmented=augmented,
    )


def _next_step(experiment: Experiment) -> str:
    """Whatever the curve says, a badly set parameter would change it."""
    if not experiment.params:
        return ""
    return (
        "sweep --all"
        if len(experiment.params) > 1
        else f"sweep --param {shlex.quote(next(iter(experiment.params)))}"
    )


def _judge(curve: Curve, settings: Settings) -> tuple[Verdict, list[Finding]]:
    ignored = rows_ignored.judge(curve)
    if ignored is not None:  # nothing else can be said of a curve that no row has drawn
        return "inconclusive", [ignored]
    verdict, finding = more_data.judge(curve)
    findings = [finding, train_validation_gap.judge(curve, verdict)]
    if settings.target_score is not None:
        findings.append(target_score.judge(curve, settings.target_score))
    return verdict, findings


def _outcome(findings: Sequence[Finding]) -> Outcome:
    return ranked(findings)[0].outcome


def _table(curve: Curve) -> Table:
    rows = tuple(
        (
            f"{size:,}",
            score_interval(curve.metric, valid),
            score_interval(curve.metric, train),
            plural(failed, "trial") if failed else "",
        )
        for size, valid, train, failed in zip(
            curve.sizes, curve.valid, curve.train, curve.failed, strict=True
        )
    )
    return Table(
        f"{curve.metric.name} by training rows, 80 % intervals {curve.uncertainty}",
        ("rows", "validation", "train", "without a score"),
        rows,
    )


def _forecast(curve: Curve, ahead: Ahead) -> Table:
    worth = amount(curve.metric, curve.worth)
    rows = []
    for doublings in DOUBLINGS:
        at = doublings * STEPS_A_DOUBLING
        rows.append(
            (
                f"{ahead.rows[at]:,} ({2**doublings}x)",
                score_interval(curve.metric, ahead.scores[at]),
                gain(curve.metric, ahead.gains[at]),
                f"{ahead.chance(curve.worth, doublings=doublings):.0%}",
            )
        )
    return Table(
        f"forecast of {curve.metric.name} with more rows of the same kind, 80 % intervals",
        ("rows", "validation", "gain", f"chance of {worth}"),
        tuple(rows),
    )
