"""The answer of a check-up: one next action, its gain, and the ranked rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import (
    CLAIM_ERROR,
    Action,
    ActionKind,
    Finding,
    Interval,
    Outcome,
    Report,
    Table,
)
from mldiag.metrics import Metric, smallest_gain
from mldiag.stats.intervals import sample_sd
from mldiag.steps import STEPS
from mldiag.steps.checkup.candidates import candidates_of
from mldiag.steps.checkup.checks import fix_this_first, nothing_would_help, prediction_came_true
from mldiag.steps.checkup.checkup_diagnosis import CheckupDiagnosis
from mldiag.steps.checkup.gathered import Gathered
from mldiag.steps.checkup.guess import guess_of, nobody_learns
from mldiag.steps.checkup.history import came_true
from mldiag.steps.checkup.rank import FAR_OFF_WORTHS, OF_NO_SIGNAL, in_order, is_question
from mldiag.steps.checkup.settings import Settings
from mldiag.steps.checkup.stages import fix_first
from mldiag.steps.checkup.weighed import Weighed, weigh
from mldiag.steps.score_table import score_table
from mldiag.trial_result import TrialResult
from mldiag.wording import duration, gain, gain_short, setting_short

_HEADS: dict[ActionKind, str] = {
    "fix_bug": "FIX BUG", "fix_labels": "FIX LABELS", "fix_leak": "FIX LEAK", "fix_split": "FIX SPLIT",
    "clean_labels": "CLEAN LABELS", "clean_data": "CLEAN DATA", "scale_features": "SCALE",
    "balance_classes": "BALANCE", "more_data": "MORE DATA", "augment_data": "AUGMENT", "tune": "TUNE",
    "train_longer": "TRAIN LONGER", "larger_model": "LARGER", "smaller_model": "SMALLER",
    "more_regularization": "REGULARIZE", "less_regularization": "LOOSEN",
    "change_activation_or_init": "ACTIVATION", "stabilize_training": "STABILIZE",
    "change_model": "CHANGE MODEL", "none": "NOTHING HELPS",
}  # fmt: skip

COMPARING = ("learning-curve", "sweep", "capacity")
"""Steps that compare trainings."""


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> CheckupDiagnosis:
    """Rank what the steps have said.

    Args:
        experiment: The experiment.
        settings: The settings, with what the steps have said.
        results: The training as it stands, and what leads on fresh repeats.
    """
    gathered, metric = settings.gathered or Gathered(), experiment.metric
    baseline, sd, n = _baseline(experiment, settings, results)
    worth = settings.gain or smallest_gain(metric, baseline.estimate)
    worth = worth if math.isfinite(worth) else 0.0
    candidates = candidates_of(experiment, gathered)
    guess, repeats = guess_of(experiment, gathered), settings.repeats
    weighed = weigh(experiment, candidates, results, repeats=repeats, worth=worth, guess=guess)
    hard = fix_first(gathered.asked)
    silent = nobody_learns(gathered, guess, repeats, CLAIM_ERROR)
    ranked = in_order(weighed, hard=hard, worth=worth, nobody_learns=silent)
    history = tuple(came_true(gathered, metric, baseline, sd, n))
    own = _own_findings(
        ranked, gathered, metric, hard=hard, worth=worth, silent=silent,
        no_signal=silent and guess is not None,
    )  # fmt: skip
    promising = _most_promising(ranked, worth)
    findings = [
        _told(number, one, metric, worth, promising=one is promising)
        for number, one in enumerate(ranked, start=1)
    ]
    none = next((f for f in own if f.slug == nothing_would_help.CHECK.slug), None)
    if none is not None:
        findings = [none, *findings]
    since = prediction_came_true.judge(history)
    findings += [f for f in own if f is not none] + ([since] if since is not None else [])
    return CheckupDiagnosis(
        tuple(findings),
        _headline(ranked, none, metric),
        _outcome(findings, none),
        tables=(_table_of_steps(gathered),),
        notices=_notices(gathered),
        next_step=_next_step(experiment, ranked),
        steps=_in_checklist_order(gathered),
        in_order=True,
        ranked=tuple(ranked),
        metric=metric,
        baseline=baseline,
        sd=sd,
        n=n,
        worth=worth,
        gathered=gathered,
        stopped_by=hard.code if hard is not None else None,
        since_last=history[-1] if history and gathered.changed else None,
        history=history,
    )


def _baseline(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> tuple[Interval, float, int]:
    """The score as it stands, the spread of one, and how many there are."""
    specs = list(dict.fromkeys(experiment.spec(repeat=r) for r in range(settings.repeats)))
    table = score_table(experiment, [specs], results)
    scores = table.scores[0][np.isfinite(table.scores[0])]
    if not len(scores):
        return Interval(math.nan, math.nan, math.nan), math.nan, 0
    return table.interval(0), sample_sd(scores), len(scores)


def _own_findings(
    ranked: Sequence[Weighed],
    gathered: Gathered,
    metric: Metric,
    *,
    hard: Finding | None,
    worth: float,
    silent: bool,
    no_signal: bool,
) -> list[Finding]:
    left_out = [one.name for one in gathered.asked if one.status == "skipped"]
    explained = OF_NO_SIGNAL if silent else ()
    broken = hard is not None or any(
        is_question(one) or (_fails(one) and one.candidate.finding.slug not in explained)
        for one in ranked[:1]
    )
    asked = [one for one in gathered.asked if one.name in COMPARING]
    trained = [one for one in asked if one.report is not None and one.report.trials.planned]
    compared = bool(trained) and len(trained) >= min(2, len(asked))
    compared = compared and not any(_looks_better(one.report, worth) for one in trained)
    found = [
        fix_this_first.judge(hard, left_out),
        nothing_would_help.judge(
            ranked, metric, worth=worth, compared=compared, broken=broken, no_signal=no_signal,
            labels_unknown=gathered.leaves_open("audit", "label-errors"),
        ),
    ]  # fmt: skip
    return [finding for finding in found if finding is not None]


def _looks_better(report: Report | None, worth: float) -> bool:
    """Whether a step saw a gain worth having, but nothing of the noise that would tell whether it is one."""
    for finding in report.findings if report is not None else ():
        seen = finding.evidence.get("gain") if finding.outcome == "inconclusive" else None
        if isinstance(seen, Interval) and seen.estimate >= worth and not math.isfinite(seen.low):
            return True
    return False


def _fails(one: Weighed) -> bool:
    """Whether it stands for a problem of the training itself, which no other finding explains."""
    if one.cause is not None or (one.gain is not None and one.candidate.seen_in is None):
        return False
    return one.candidate.seen_in is not None or one.candidate.finding.outcome == "problem"


def _most_promising(ranked: Sequence[Weighed], worth: float) -> Weighed | None:
    """Where nothing is claimed, the one remedy that may still be asked for; else None."""
    if any(one.claimed for one in ranked):
        return None
    measured = [one for one in ranked if one.gain is not None]
    seen = [one for one in measured if one.candidate.seen_in is not None and one.expected > 0]
    hopeful = [one for one in measured if one.expected >= worth]
    return next(iter([*seen, *hopeful]), None)


def _told(number: int, one: Weighed, metric: Metric, worth: float, *, promising: bool) -> Finding:
    """The finding of a step, with what the check-up knows of its remedy."""
    candidate, finding = one.candidate, one.candidate.finding
    outcome: Outcome = finding.outcome
    if one.gain is not None:
        far = one.claimed and one.gain.low > FAR_OFF_WORTHS * worth
        outcome = "problem" if far else "advice" if one.claimed else "inconclusive"
    evidence = {
        **finding.evidence,
        "rank": number,
        "basis": candidate.basis,
        "expected_gain": one.expected,
        "p_over_all_steps": one.p,
        "fresh_repeats": one.fresh,
        "step": candidate.step,
    }
    action: Action | None = Action(
        candidate.kind, candidate.text, candidate.param, candidate.value, one.gain, candidate.cost
    )
    if one.gain is not None and not one.claimed and not promising:
        action = None
    note = f" ({one.note[:1].upper()}{one.note[1:]}.)" if one.note else ""
    title, settled = finding.title, finding.outcome in ("problem", "advice")
    if one.claimed and one.gain is not None and not settled:
        title = f"{candidate.text.rstrip('.')}: {gain(metric, one.gain)}"
        note = (
            f" The step alone could not claim this; {one.fresh} fresh repeats confirmed it.{note}"
        )
    elif one.gain is not None and one.fresh and settled and one.claimed:
        title, note = _with_fresh_repeats(one, metric, note)
    elif settled and not note and not one.claimed and candidate.gain and candidate.gain.low > 0:
        note = (
            " (Sure by itself, but not after correcting for everything that the check-up compares.)"
        )
    return replace(
        finding,
        title=title,
        outcome=outcome,
        evidence=evidence,
        action=action,
        explanation=f"{finding.explanation}{note}".strip(),
        caused_by=one.cause,
    )


def _with_fresh_repeats(one: Weighed, metric: Metric, note: str) -> tuple[str, str]:
    """The title with the gain that the action tells, and a note of what the step saw before."""
    title, own = one.candidate.finding.title, one.candidate.finding.evidence.get("gain")
    if not isinstance(own, Interval) or one.gain is None:
        return title, note
    before, now = gain(metric, own), gain(metric, one.gain)
    if before == now or before not in title:
        return title, note
    told = f" ({one.candidate.step} alone saw {before}; here with {one.fresh} fresh repeats.)"
    return title.replace(before, now), f"{told}{note}"


def _headline(ranked: Sequence[Weighed], none: Finding | None, metric: Metric) -> str:
    """The verdict in few characters: MLflow's lists cut names after about 14."""
    if none is not None:
        return "NOTHING HELPS" if none.outcome == "passed" else "OPEN"
    if not ranked:
        return "OPEN"
    first = ranked[0]
    head = _HEADS[first.candidate.kind]
    if first.candidate.kind == "tune" and first.candidate.param:
        head = f"{head} {first.candidate.param.rsplit('__', 1)[-1]}"
        if isinstance(first.candidate.value, (int, float, str)):
            head = f"{head}={setting_short(first.candidate.value)}"
    if first.gain is None:
        return f"{head}?" if is_question(first) else f"{head} FIRST"
    return f"{head} {gain_short(metric, first.gain.estimate)}"


def _outcome(findings: Sequence[Finding], none: Finding | None) -> Outcome:
    if none is not None:
        return none.outcome
    return findings[0].outcome if findings else "inconclusive"


def _table_of_steps(gathered: Gathered) -> Table:
    rows = []
    for one in gathered.asked:
        trained = (
            one.training_seconds / gathered.training_seconds if gathered.training_seconds else None
        )
        answer = one.report.headline if one.report is not None else one.status.replace("_", " ")
        rows.append(
            (
                one.name,
                answer,
                duration(one.seconds) if one.seconds else "",
                "" if not trained else f"{trained:.1f}",
                one.why,
            )
        )
    return Table("What was asked", ("step", "answer", "time", "trainings", "why"), tuple(rows))


def _notices(gathered: Gathered) -> tuple[str, ...]:
    """Which steps had to be given up; what they said on the way is in their own reports."""
    return tuple(
        f"{one.name} was not judged: {one.why}"
        for one in gathered.asked
        if one.status in ("failed", "not_applicable")
    )


def _in_checklist_order(gathered: Gathered) -> tuple[Report, ...]:
    places = {step.name: step.number for step in STEPS}
    return tuple(sorted(gathered.reports(), key=lambda report: places[report.step]))


def _next_step(experiment: Experiment, ranked: Sequence[Weighed]) -> str:
    """The command that looks closer at what comes first."""
    if not ranked:
        return ""
    first = ranked[0].candidate
    if first.param is not None and first.param in experiment.params:
        return f"sweep --param {first.param}"
    return first.step
