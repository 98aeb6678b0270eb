"""MD531: does the default learning rate lie where training works, by a learning rate that rises?"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldiag.findings import CLAIM_ERROR, Action, Check, Finding, Interval
from mldiag.stats.intervals import is_determined
from mldiag.trial_result import TrialResult
from mldiag.wording import number, plural, setting

if TYPE_CHECKING:
    from mldiag.steps.range_test.curve import RangeCurve
    from mldiag.steps.range_test.subject import Subject
    from mldiag.steps.range_test.summary import RangeSummary


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD531.

    Args:
        claim_error: One-sided error over seeds of "beyond where training breaks" and of "too low".
        too_low: A default this factor below the suggested value, or more, is told.
        fewest_seeds: Below so many seeds nothing is claimed.
    """

    claim_error: float = CLAIM_ERROR
    too_low: float = 30.0
    fewest_seeds: int = 3


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD531",
    slug="learning-rate-range",
    title="Does the learning rate lie where training works?",
    detects=(
        "The learning rate rises exponentially within one short training, step by step, in at least "
        "{fewest_seeds} seeds. A problem where the default lies beyond the rate at which the loss turns up "
        "or leaves its range, advice where it lies {too_low:g} times or more below the suggested value, "
        "each at a one-sided error of {claim_error:.0%} over the seeds on the logarithmic scale."
    ),
    why=(
        "Too high and training diverges or learns nothing; too low and it stands still. A range test costs "
        "less than one training and tells which decades a sweep should look at."
    ),
    fix="Sweep the suggested range; where the default breaks, start with the suggested value.",
    source="Smith (2017), Cyclical Learning Rates for Training Neural Networks, WACV: the range test.",
    thresholds=THRESHOLDS,
)


def judge(
    subject: Subject,
    curves: Sequence[RangeCurve],
    summary: RangeSummary | None,
    tried: Sequence[TrialResult],
) -> Finding:
    """Judge the default.

    Args:
        subject: The parameter that rose.
        curves: What was read of each seed.
        summary: The seeds together; None where the loss does not fall.
        tried: The trials.
    """
    if subject.refusal:
        return _not_applicable(subject.refusal, subject.hint)
    if not tried:
        return CHECK.finding(
            "inconclusive",
            f"{subject.name} was not tested: no trial was run",
            explanation="The same command goes on where it stopped.",
        )
    if not curves:
        return _nothing_seen(subject, tried)
    if summary is None:
        return _never_falls(subject, curves)
    evidence = _evidence(subject, summary)
    if summary.p_beyond < THRESHOLDS.claim_error and summary.seeds >= THRESHOLDS.fewest_seeds:
        return _breaks(subject, summary, evidence)
    if summary.p_too_low < THRESHOLDS.claim_error and summary.seeds >= THRESHOLDS.fewest_seeds:
        return _too_low(subject, summary, evidence)
    return _in_range(subject, summary, evidence)


def suggested(subject: Subject, summary: RangeSummary) -> str:
    """The range to sweep, as written after `--param`."""
    return f"{subject.name}={setting(summary.sweep_low)}:{setting(summary.sweep_high)}:log"


def rate_interval(interval: Interval) -> str:
    """A rate with its interval: `0.21 (0.15 to 0.3)`."""
    if not is_determined(interval):
        return f"{number(interval.estimate, 2)} (interval unknown)"
    ends = (number(end, 2) for end in (interval.low, interval.high))
    return f"{number(interval.estimate, 2)} ({' to '.join(ends)})"


def _not_applicable(why: str, how: str) -> Finding:
    return CHECK.finding("not_applicable", f"No range test here: {why}", explanation=how)


def _nothing_seen(subject: Subject, tried: Sequence[TrialResult]) -> Finding:
    """Why there is no curve: the training failed, stepped too little, or steps where nobody looks."""
    failed = [result for result in tried if result.status != "ok"]
    if failed:
        return CHECK.finding(
            "inconclusive",
            f"The training failed while {subject.name} was rising",
            explanation=failed[0].error.strip().splitlines()[-1] if failed[0].error else "",
        )
    steps = max(len(result.history) for result in tried)
    if steps == 0:
        return _not_applicable(
            "no step of an optimizer was seen",
            "mldiag sees the steps of torch optimizers and of scikit-learn's MLP and SGD models. A training "
            f"with an update of its own can be swept: mldiag sweep --param {shlex.quote(subject.name)}.",
        )
    if not any("loss" in values for result in tried for _, values in result.history):
        return _not_applicable(
            "optimizers stepped, but no loss was seen",
            "The loss is read where gradients begin: call backward() on the loss itself, a single number.",
        )
    return CHECK.finding(
        "inconclusive",
        f"A training of {plural(steps, 'step')} is too short to see what {subject.name} does",
        explanation="Count its epochs with trial.epochs(...), and the range test goes on until its end.",
    )


def _never_falls(subject: Subject, curves: Sequence[RangeCurve]) -> Finding:
    low, high = (setting(end) for end in (subject.low, subject.high))
    return CHECK.finding(
        "inconclusive",
        f"The loss does not fall anywhere between {subject.name} = {low} and {high}",
        explanation=(
            "Not by more than its noise from minibatch to minibatch. Either the range is wrong (give one of "
            f"your own: --param {shlex.quote(f'{subject.name}=1e-6:10:log')} --range-test), "
            "or nothing is learned at all."
        ),
        evidence={"param": subject.name, "seeds": len(curves)},
    )


def _evidence(subject: Subject, found: RangeSummary) -> dict[str, Any]:
    return {
        "param": subject.name,
        "default": subject.default,
        "n": found.seeds,
        "begins": found.begins,
        "steepest": found.steepest,
        "lowest": found.lowest,
        "breaks": found.breaks if found.breaks_somewhere else None,
        "suggestion": found.suggestion,
        "suggested_range": [found.sweep_low, found.sweep_high],
        "p_beyond": found.p_beyond,
        "p_too_low": found.p_too_low,
    }


def _next(subject: Subject, found: RangeSummary) -> str:
    return f"Sweep {setting(found.sweep_low)} to {setting(found.sweep_high)} to choose"


def _breaks(subject: Subject, found: RangeSummary, evidence: dict[str, Any]) -> Finding:
    name, default = subject.name, setting(subject.default)
    return CHECK.finding(
        "problem",
        f"{name} = {default} lies beyond where training breaks: {rate_interval(found.breaks)}",
        explanation=(
            f"As {name} rises within one training, the loss is lowest at {rate_interval(found.lowest)} and "
            f"turns up after it, in {found.broken} of {plural(found.seeds, 'seed')}."
        ),
        evidence=evidence,
        action=Action(
            "stabilize_training",
            f"Start with {name} = {setting(found.suggestion)}. {_next(subject, found)}: --param "
            f"{suggested(subject, found)}.",
            param=name,
            value=found.suggestion,
        ),
    )


def _too_low(subject: Subject, found: RangeSummary, evidence: dict[str, Any]) -> Finding:
    name, default = subject.name, setting(subject.default)
    factor = number(found.suggestion / subject.default, 2) if subject.default > 0 else "far"
    return CHECK.finding(
        "advice",
        f"{name} = {default} is low: about {factor} times less than the range test suggests",
        explanation=(
            f"The loss only begins to fall at {rate_interval(found.begins)} and falls fastest at "
            f"{rate_interval(found.steepest)}. A long training can make up for a low rate, a short one "
            "cannot."
        ),
        evidence=evidence,
        action=Action(
            "tune",
            f"Try {name} = {setting(found.suggestion)}. {_next(subject, found)}: --param "
            f"{suggested(subject, found)}.",
            param=name,
            value=found.suggestion,
        ),
    )


def _in_range(subject: Subject, found: RangeSummary, evidence: dict[str, Any]) -> Finding:
    """The default works, unless too few seeds or seeds that disagree leave it open."""
    name, default = subject.name, subject.default
    few = found.seeds < THRESHOLDS.fewest_seeds
    beyond = found.breaks_somewhere and default > found.breaks.estimate
    if few or beyond:
        why = (
            f"Only {plural(found.seeds, 'seed')}: --repeats {THRESHOLDS.fewest_seeds} or more would tell."
            if few
            else "The seeds do not agree: more of them would tell (--repeats)."
        )
        looks = "; it looks as if it were beyond where training breaks" if beyond else ""
        return CHECK.finding(
            "inconclusive",
            f"Cannot tell yet whether {name} = {setting(default)} lies where training works{looks}",
            explanation=why,
            evidence=evidence,
        )
    breaks = (
        f"training breaks at {rate_interval(found.breaks)}"
        if found.breaks_somewhere
        else f"training does not break up to {setting(subject.high)}"
    )
    return CHECK.finding(
        "passed",
        f"{name} = {setting(default)} lies where training works: {breaks}",
        explanation=(
            f"The loss begins to fall at {rate_interval(found.begins)} and is lowest at "
            f"{rate_interval(found.lowest)}; by its fall {setting(found.suggestion)} would do as well. A "
            f"range test compares no scores: {_next(subject, found).lower()} among them."
        ),
        evidence=evidence,
        action=Action("none", f"Leave {name} = {setting(default)}, unless a sweep finds better."),
    )
