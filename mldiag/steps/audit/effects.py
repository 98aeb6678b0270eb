"""What a remedy did to the score, from the trials with and without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import Finding, Interval
from mldiag.metrics import Metric, smallest_gain
from mldiag.steps.audit.look import inspected_of
from mldiag.steps.audit.remedies import Remedy, remedies_of, remedy_grid
from mldiag.steps.audit.settings import Settings
from mldiag.steps.score_table import score_table
from mldiag.trial_result import TrialResult
from mldiag.wording import gain as told_gain
from mldiag.wording import score as told_score


@dataclass(frozen=True)
class Effect:
    """A remedy's effect on the score.

    Args:
        remedy: The remedy.
        before: Mean score without it, with its 80 % interval, in the user's metric.
        after: Mean score with it.
        change: Paired difference, positive where the remedy scores better.
        claimed: Whether it surely scores better, at 5 % over all remedies of the audit.
        claimed_worse: Whether it surely scores worse.
        worth: Smallest gain worth having.
        repeats: Pairs of trials that have a score.
        same: Whether it changed no score at all.
    """

    remedy: Remedy
    before: Interval
    after: Interval
    change: Interval
    claimed: bool
    claimed_worse: bool
    worth: float
    repeats: int
    same: bool


def effects_of(
    experiment: Experiment,
    settings: Settings,
    findings: Sequence[Finding],
    results: Sequence[TrialResult],
) -> dict[str, Effect]:
    """The effects that were measured, by the finding's slug."""
    done = {result.spec.digest for result in results}
    preprocessed = inspected_of(experiment).preprocessed
    remedies = remedies_of(findings, preprocessed=preprocessed) if results else ()
    found = {}
    for remedy in remedies:
        grid = remedy_grid(experiment, remedy, settings.repeats)
        if any(spec.digest in done for spec in grid[1]):
            effect = _effect(experiment, settings, remedy, results, len(remedies))
            found.update({} if effect is None else {remedy.slug: effect})
    return found


def _effect(
    experiment: Experiment,
    settings: Settings,
    remedy: Remedy,
    results: Sequence[TrialResult],
    families: int,
) -> Effect | None:
    grid = remedy_grid(experiment, remedy, settings.repeats)
    scores = score_table(experiment, grid, results).scores
    scored = [bool(np.isfinite(column).all()) for column in scores.T]
    pairs = sum(scored)
    if pairs < min(2, settings.repeats):  # a budget that ran out, or failures
        return None
    paired = [[spec for spec, both in zip(row, scored, strict=True) if both] for row in grid]
    table = score_table(experiment, paired, results)
    compared = table.compare(0, families=families)
    before = table.interval(0)
    return Effect(
        remedy=remedy,
        before=before,
        after=table.interval(1),
        change=compared.intervals[1],
        claimed=bool(compared.claimed[1]),
        claimed_worse=bool(compared.claimed_worse[1]),
        worth=settings.gain or smallest_gain(experiment.metric, before.estimate),
        repeats=pairs,
        same=bool(compared.identical[1]),
    )


def with_effect(finding: Finding, effect: Effect, metric: Metric) -> Finding:
    """The finding with what its remedy did; a gain where the score without it is no false one."""
    told = {
        "remedy": effect.remedy.words,
        "score_before": effect.before,
        "score_after": effect.after,
        "change": effect.change,
        "pairs": effect.repeats,
    }
    finding = replace(
        finding,
        evidence={**finding.evidence, "measured": told},
        explanation=f"{finding.explanation} {_sentence(effect, metric)}".strip(),
    )
    if finding.action is None or effect.remedy.flattered or effect.same:
        return finding
    return replace(finding, action=replace(finding.action, gain=effect.change))


def _sentence(effect: Effect, metric: Metric) -> str:
    words, change = effect.remedy.words, told_gain(metric, effect.change)
    if effect.remedy.flattered:
        scores = (
            f"{told_score(metric, effect.before.estimate)} before, "
            f"{told_score(metric, effect.after.estimate)} with {words}"
        )
        if effect.claimed_worse:
            return f"Measured: {scores}: the first is flattered."
        return f"Measured: {scores} ({change})."
    if effect.same:
        return f"Measured: {words}, the scores are the same."
    if effect.claimed:
        return f"Measured: {words}, the model gains {change}."
    if effect.claimed_worse:
        return f"Measured: {words}, the model loses ({change}): leave it as it is."
    if effect.change.high < effect.worth:
        return f"Measured: {words}, the model gains next to nothing ({change})."
    return f"Measured: {words}, {change}: not settled by {effect.repeats} repeats."
