"""MD521: do two parameters act on each other, so that moving one at a time misleads?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldiag.findings import CLAIM_ERROR, Action, Check, Finding
from mldiag.stats.intervals import is_determined
from mldiag.stats.power import repeats_to_settle, rows_to_settle
from mldiag.wording import amount, gain, number, rows_needed, setting, unknown_noise

if TYPE_CHECKING:
    from mldiag.steps.sweep.pairs.joint import Joint


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD521.

    Args:
        claim_error: One-sided error of "one at a time misleads", over all points of all pairs.
        interaction_error: Error of "there is an interaction", for a pair.
        problem_worths: One at a time is a problem where the pair surely gains this many times the smallest
            gain worth having beyond it.
        most_repeats: More repeats than this are not suggested; nobody runs them.
    """

    claim_error: float = CLAIM_ERROR
    interaction_error: float = 0.05
    problem_worths: float = 4.0
    most_repeats: int = 100


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD521",
    slug="interaction",
    title="Do two parameters act on each other, so that moving one at a time misleads?",
    detects=(
        "A small grid of both parameters together. One at a time misleads where some point beats the best "
        "that it leads to (the defaults, either best alone, or both), by Dunnett's one-sided test over all "
        "points and pairs with an error of {claim_error:.0%}; a problem where the lower end of that gain is "
        "over {problem_worths:g} times the smallest gain worth having. That there is an interaction at all "
        "is an F test of the non-additive part at {interaction_error:.0%} (on fixed rows, a bootstrap); "
        "alone it is no reason to act."
    ),
    why=(
        "The best learning rate moves with width and batch size, an SVM's C with its gamma: parameters that "
        "were tuned one by one can be far from the best pair."
    ),
    fix="Set both together; tune pairs that act on each other together, with --search.",
    source=(
        "Google Research, Deep Learning Tuning Playbook (scientific and nuisance parameters); Dunnett (1955) "
        "for many points against one; Nadeau and Bengio (2003) for redrawn splits."
    ),
    thresholds=THRESHOLDS,
)


def judge(joint: Joint) -> Finding:
    """Judge one pair."""
    found = joint.verdict
    if found == "misleads":
        return _misleads(joint)
    if found == "does not add up":
        return _does_not_add_up(joint)
    if found == "one at a time is safe":
        return _safe(joint)
    return _open(joint)


def told_of(joint: Joint, index: int) -> str:
    """A point for a person: `lr = 0.01, width = 256`."""
    return ", ".join(f"{name} = {setting(value)}" for name, value in joint.point(index).items())


def interaction_of(joint: Joint) -> str:
    """What the test of the interaction says, for a person."""
    first, second = joint.names
    if not math.isfinite(joint.additive.p):
        return ""
    p = "p < 0.001" if joint.additive.p < 0.001 else f"p = {number(joint.additive.p, 2)}"
    if joint.additive.p < THRESHOLDS.interaction_error:
        size = amount(joint.metric, joint.additive.spread)
        where = "" if joint.verdict == "misleads" else ", but not to the harm of one at a time"
        return f"They act on each other ({p}, by about {size}){where}."
    return f"No interaction of {first} and {second} is seen beyond the noise ({p})."


def _misleads(joint: Joint) -> Finding:
    first, second = joint.names
    best, alone = told_of(joint, joint.chosen), told_of(joint, joint.anchor)
    surely = joint.gain.low > THRESHOLDS.problem_worths * joint.worth
    gained = gain(joint.metric, joint.gain)
    return CHECK.finding(
        "problem" if surely else "advice",
        f"{first} and {second} act on each other: together {best} gains another {gained}",
        explanation=(
            f"One at a time leads to {alone}. {interaction_of(joint)} The gain is over that, corrected for "
            "this being the best of the grid; over the defaults it is "
            f"{gain(joint.metric, joint.over_defaults)}."
        ).replace("  ", " "),
        evidence=_evidence(joint),
        action=Action(
            "tune",
            f"Set {best} together.",
            param=f"{first}, {second}",
            value=joint.point(joint.chosen),
            gain=joint.gain,
        ),
    )


def _does_not_add_up(joint: Joint) -> Finding:
    first, second = joint.names
    single, together = told_of(joint, joint.anchor), told_of(joint, joint.design.anchors[3])
    return CHECK.finding(
        "advice",
        f"The gains of {first} and {second} do not add up: set one of them",
        explanation=(
            f"Each has a better value alone, but both together ({together}) score "
            f"{gain(joint.metric, joint.both)} against {single}. {interaction_of(joint)}"
        ),
        evidence=_evidence(joint),
        action=Action(
            "tune",
            f"Set {single}, and leave the other alone.",
            param=f"{first}, {second}",
            value=joint.point(joint.anchor),
        ),
    )


def _safe(joint: Joint) -> Finding:
    first, second = joint.names
    worth = amount(joint.metric, joint.worth)
    return CHECK.finding(
        "passed",
        f"{first} and {second} can be tuned one at a time here",
        explanation=(
            f"One at a time leads to {told_of(joint, joint.anchor)} or as good. The best other point of the "
            f"grid gains {gain(joint.metric, joint.gain)} over it, corrected for choosing; {worth} would be "
            f"worth having. {interaction_of(joint)}"
        ).strip(),
        evidence=_evidence(joint),
        action=Action("none", f"Set {first} and {second} as each alone says."),
    )


def _open(joint: Joint) -> Finding:
    first, second = joint.names
    return CHECK.finding(
        "inconclusive",
        f"Cannot tell yet whether {first} and {second} gain together beyond one at a time",
        explanation=f"{_what_would_settle_it(joint)} {interaction_of(joint)}".strip(),
        evidence=_evidence(joint),
    )


def _what_would_settle_it(joint: Joint) -> str:
    found = joint.comparisons
    missing = int(joint.table.not_run[:, :2].sum())
    if missing:
        return f"{missing} of its trials were not run: the same command goes on where it stopped."
    if not is_determined(joint.gain):
        return unknown_noise(joint.table.scores.shape[1])
    looks = gain(joint.metric, joint.gain)
    shown = (
        f"{told_of(joint, joint.chosen)} looks {looks} better than {told_of(joint, joint.anchor)}."
    )
    difference = max(float(found.difference[joint.chosen]), joint.worth)
    if joint.table.resampled is not None or not found.noise_sd > 0:
        factor = rows_to_settle(difference, float(found.standard_error[joint.chosen]))
        return f"{shown} {rows_needed(factor)}"
    needed = repeats_to_settle(
        difference,
        math.sqrt(2) * found.noise_sd,
        valid_to_train=joint.table.valid_to_train,
        comparisons=len(found.candidates),
        error=found.error,
        limit=THRESHOLDS.most_repeats,
    )
    if needed is None or needed <= found.repeats[found.default]:
        return f"{shown} That is within the noise, and no number of repeats would settle it on these rows."
    return f"{shown} That is within the noise; about {needed} repeats would settle it: --repeats {needed}."


def _evidence(joint: Joint) -> dict[str, Any]:
    return {
        "param": f"{joint.names[0]}, {joint.names[1]}",
        "why_this_pair": joint.design.pair.why,
        "n": int(joint.comparisons.repeats[joint.comparisons.default]),
        "points": len(joint.design.points),
        "one_at_a_time": joint.point(joint.anchor),
        "best_together": joint.point(joint.chosen),
        "gain": joint.gain,
        "gain_over_defaults": joint.over_defaults,
        "p_better": float(joint.comparisons.p_better[joint.chosen]),
        "p_interaction": joint.additive.p,
        "noise_sd": joint.comparisons.noise_sd,
        "smallest_gain_worth_having": joint.worth,
        "uncertainty": joint.table.uncertainty,
    }
