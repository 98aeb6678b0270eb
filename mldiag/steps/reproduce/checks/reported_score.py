"""MD111: does the reported score come back?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mldiag.findings import Action, Check, Finding, Interval
from mldiag.steps.reproduce.equivalence import Reproduction
from mldiag.steps.reproduce.judged import Judged
from mldiag.wording import amount, gain, gain_short, plural, score


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD111.

    Args:
        claim_error: Error of each of the two one-sided tests, over all looks.
        suspicious_sds: Better than the report by this many standard deviations of a run, and by more
            than twice the tolerance, is no success but a reason to look for a leak.
    """

    claim_error: float = 0.05
    suspicious_sds: float = 4.0


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD111",
    slug="reported-score",
    title="Does the reported score come back?",
    detects=(
        "Two one-sided tests at {claim_error:.0%}: reproduced where the interval of the difference lies "
        "inside the tolerance, not reproduced where it lies outside, else inconclusive with the runs that "
        "would settle it. Better by over {suspicious_sds:g} standard deviations of a run is suspicious."
    ),
    why="As long as a known result does not come back, every other number may be that of a bug.",
    fix="Compare the split, the preprocessing, the metric and the versions with those of the report.",
    source=(
        "Schuirmann (1987), Journal of Pharmacokinetics 15, for equivalence; Bouthillier et al. (2021), "
        "MLSys, for what to vary."
    ),
    thresholds=THRESHOLDS,
)


def judge(found: Judged) -> Finding | None:
    """The verdict on a report; None where none was given."""
    if math.isnan(found.expected):
        return None
    evidence: dict[str, Any] = {
        "n": int(found.scores.size),
        "expected": found.expected,
        "tolerance": found.tolerance,
        "noise_sd": found.noise_sd,
        "varied": found.varied,
    }
    judged = found.reproduction
    if judged is None:
        return CHECK.finding(
            "inconclusive",
            "The report cannot be judged yet: not every run gave a score",
            explanation="The same command goes on where it stopped.",
            evidence=evidence,
        )
    evidence |= {
        "difference": Interval(judged.estimate, judged.low, judged.high, judged.level),
        "verdict": judged.verdict,
        "side": judged.side,
        "runs_needed": judged.runs_needed,
    }
    if judged.verdict == "inconclusive":
        return _open(found, judged, evidence)
    if judged.verdict == "reproduced":
        return CHECK.finding(
            "passed",
            f"Reproduced: {_mean(found)}, within {_tolerance(found)} of {_reported(found)}",
            explanation=_told(found, judged),
            evidence=evidence,
            action=Action("none", "The reported result comes back: look elsewhere."),
        )
    return _not_reproduced(found, judged, evidence)


def is_suspicious(found: Judged, judged: Reproduction) -> bool:
    """Whether our score is better than the report by more than any honest difference explains."""
    if judged.side != "better":
        return False
    noise = found.noise_sd if math.isfinite(found.noise_sd) else 0.0
    limit = max(THRESHOLDS.suspicious_sds * noise, 2 * found.tolerance)
    return abs(judged.estimate) > limit


def _not_reproduced(found: Judged, judged: Reproduction, evidence: dict[str, Any]) -> Finding:
    title = f"Not reproduced, {judged.side}: {_mean(found)} against {_reported(found)}"
    if is_suspicious(found, judged):
        return CHECK.finding(
            "problem",
            f"Suspicious: {_mean(found)}, far better than {_reported(found)}",
            explanation=(
                f"{_told(found, judged)} A result that is better than its own report by so much mostly "
                "comes of another split, of rows on both sides of it, or of a score on training rows."
            ),
            evidence=evidence | {"suspicious": True},
            action=Action("fix_split", "Compare the split and what is scored with the report's."),
        )
    if judged.side == "better":
        return CHECK.finding(
            "advice", title, explanation=_told(found, judged), evidence=evidence,
            action=Action("fix_bug", "Find what differs from the report before relying on the gain."),
        )  # fmt: skip
    return CHECK.finding(
        "problem", title, explanation=_told(found, judged), evidence=evidence,
        action=Action("fix_bug", "Find what differs from the report: split, preprocessing, versions."),
    )  # fmt: skip


def _open(found: Judged, judged: Reproduction, evidence: dict[str, Any]) -> Finding:
    needed = judged.runs_needed
    if needed is not None and needed > found.scores.size:
        settle = (
            f"About {needed} runs would settle it if the report does come back: --seeds {needed}."
        )
    elif needed is not None:
        settle = "More runs would settle it: --seeds " + str(2 * int(found.scores.size)) + "."
    elif judged.variance is not None:
        settle = (
            "No number of runs would settle it: what is not known is the report's side. A wider tolerance, "
            "the report's own spread (--reported-sd, --reported-runs), or its test set would."
        )
    else:
        settle = "More runs with different seeds would tell: --seeds 5."
    return CHECK.finding(
        "inconclusive",
        f"Cannot tell whether {_reported(found)} comes back: {_mean(found)}",
        explanation=f"{_told(found, judged)} {judged.reason} {settle}".strip(),
        evidence=evidence,
    )


def _told(found: Judged, judged: Reproduction) -> str:
    signed = judged.estimate if found.metric.maximize else -judged.estimate
    if judged.low == judged.high:
        exact = gain_short(found.metric, signed)
        interval = f"Difference {exact}, {judged.basis}."
    elif math.isnan(judged.low):
        interval = (
            f"The difference is {amount(found.metric, judged.estimate)}, without an interval."
        )
    else:
        shown = Interval(judged.estimate, judged.low, judged.high, judged.level)
        better = gain(found.metric, shown if found.metric.maximize else _turned(shown))
        interval = f"Difference {better} ({judged.level:.0%} interval), {judged.basis}."
    return f"{interval} Varied: {found.varied}."


def _turned(interval: Interval) -> Interval:
    """Positive where better, as every difference that a person reads."""
    return Interval(-interval.estimate, -interval.high, -interval.low, interval.level)


def _mean(found: Judged) -> str:
    return (
        f"{score(found.metric, float(found.scores.mean()))} over {plural(found.scores.size, 'run')}"
    )


def _reported(found: Judged) -> str:
    if found.earlier is not None:
        return f"the {score(found.metric, found.expected)} of run {found.earlier.id}"
    return f"the reported {score(found.metric, found.expected)}"


def _tolerance(found: Judged) -> str:
    return amount(found.metric, found.tolerance)
