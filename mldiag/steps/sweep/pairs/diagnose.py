"""The answer of pairs: each parameter alone, then what both together add, and what tuning changes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import Diagnosis, Finding, Table, ranked
from mldiag.stats.intervals import is_determined
from mldiag.steps.sweep.checks import (
    interaction,
    nuisance_retuned,
    parameter_ignored,
    schedule_length,
)
from mldiag.steps.sweep.one_at_a_time.diagnose import AxesDiagnosis
from mldiag.steps.sweep.pairs.alone import judged_alone
from mldiag.steps.sweep.pairs.choose import chosen_pairs
from mldiag.steps.sweep.pairs.design import design_of
from mldiag.steps.sweep.pairs.joint import Joint, measure_pair
from mldiag.steps.sweep.pairs.retuned import Retuned, retuned
from mldiag.steps.sweep.pairs.schedule import Schedule, measure_schedule
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.wording import gain, gain_short, number, plural, score_interval, setting


@dataclass(frozen=True)
class PairsDiagnosis(Diagnosis):
    """The findings, each parameter alone, and what was measured of each pair."""

    alone: AxesDiagnosis | None = None
    joints: tuple[Joint, ...] = ()
    retunings: tuple[Retuned, ...] = ()
    schedule: Schedule | None = None

    def result(self) -> dict[str, Any]:
        """Everything as plain data."""
        whole: dict[str, Any] = {} if self.alone is None else dict(self.alone.result())
        whole["pairs"] = [_plain_joint(joint) for joint in self.joints]
        if self.schedule is not None:
            whole["schedule"] = {
                "param": self.schedule.param,
                "lengths": self.schedule.lengths,
                "rates": self.schedule.rates,
                "means": self.schedule.means,
                "optima": self.schedule.optima,
            }
        return whole

    def curves(self) -> dict[str, dict[int, float]]:
        """Those of each parameter alone."""
        return {} if self.alone is None else self.alone.curves()

    def scalars(self) -> dict[str, float]:
        """Those of each parameter alone, and the largest gain of a pair beyond it."""
        numbers = {} if self.alone is None else dict(self.alone.scalars())
        gains = [joint.gain.estimate for joint in self.joints if is_determined(joint.gain)]
        return numbers | ({"pair_gain": max(gains)} if gains else {})


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> PairsDiagnosis:
    """Judge each parameter alone, then the pairs.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    alone = judged_alone(experiment, settings, results)
    pairs, left_out = chosen_pairs(experiment.params, alone.axes)
    # a pair with a nuisance parameter is judged twice, and both share the error of a claim
    # The other half of the error belongs to each parameter alone.
    families = 2 * max(1, len(pairs) + sum(pair.nuisance is not None for pair in pairs))
    designs = [design_of(experiment, settings, pair) for pair in pairs]
    joints = tuple(
        measure_pair(experiment, settings, design, results, families=families)
        for design in designs
        if _begun(design.specs, results)
    )
    tuned = tuple(
        found for joint in joints if (found := retuned(joint, families=families)) is not None
    )
    schedule = measure_schedule(experiment, settings, alone.axes, results)
    own = [
        *(interaction.judge(joint) for joint in joints),
        *(nuisance_retuned.judge(found) for found in tuned),
        *([] if schedule is None else [schedule_length.judge(schedule)]),
    ]
    if not pairs:
        own.append(_no_pair(alone, left_out))
    findings = ranked([*own, *_still_true(alone.findings, joints)])
    return PairsDiagnosis(
        findings,
        _headline(joints, findings, alone),
        findings[0].outcome,
        notices=(
            *alone.notices,
            *(f"{' and '.join(pair.names)}: looked at together, {pair.why}" for pair in pairs),
            *(f"not looked at together: {line}" for line in left_out),
        ),
        tables=(*(_joint_table(joint) for joint in joints), *alone.tables),
        next_step=_next_step(joints, alone),
        alone=alone,
        joints=joints,
        retunings=tuned,
        schedule=schedule,
    )


def _still_true(findings: Sequence[Finding], joints: Sequence[Joint]) -> list[Finding]:
    """Findings of each alone, without "changes nothing" of a parameter that matters beside another."""
    matter = {name for joint in joints if joint.verdict == "misleads" for name in joint.names}
    ignored = parameter_ignored.CHECK.code
    return [f for f in findings if f.code != ignored or f.evidence.get("param") not in matter]


def _begun(specs: Sequence[Sequence[Any]], results: Sequence[TrialResult]) -> bool:
    found = {result.spec.digest for result in results}
    return any(spec.digest in found for row in specs for spec in row)


def _no_pair(alone: AxesDiagnosis, left_out: Sequence[str]) -> Finding:
    why = "; ".join(left_out) or "a pair needs two parameters: name another with --param, or --all"
    return interaction.CHECK.finding(
        "not_applicable" if len(alone.axes) > 1 else "skipped",
        "No two parameters were looked at together",
        explanation=why[0].upper() + why[1:] + ".",
        evidence={"param": ", ".join(found.axis.name for found in alone.axes)},
    )


def _headline(joints: Sequence[Joint], findings: Sequence[Finding], alone: AxesDiagnosis) -> str:
    """The first finding in few characters."""
    if findings[0].code == nuisance_retuned.CHECK.code and findings[0].action is not None:
        gained = findings[0].action.gain
        if gained is not None:
            metric = joints[0].metric
            return f"TUNE {findings[0].evidence['param']} {gain_short(metric, gained.estimate)}"
    for joint in joints:
        if findings[0].evidence.get("param") != f"{joint.names[0]}, {joint.names[1]}":
            continue
        if joint.verdict == "misleads":
            return f"PAIR {gain_short(joint.metric, joint.gain.estimate)} {'+'.join(joint.names)}"
        if joint.verdict == "inconclusive":
            return f"OPEN {'+'.join(joint.names)}"
        if joint.verdict == "does not add up":
            return f"ONE OF {'+'.join(joint.names)}"
        return f"OK {'+'.join(joint.names)}"
    if findings[0].code == schedule_length.CHECK.code:
        return f"LENGTH {findings[0].evidence['param']}"
    return alone.headline


def _next_step(joints: Sequence[Joint], alone: AxesDiagnosis) -> str:
    """Where pairs act on each other, search them together; else what one at a time says."""
    for joint in joints:
        if joint.verdict == "misleads":
            first, second = map(shlex.quote, joint.names)
            return f"sweep --search auto --param {first} --param {second}"
    return alone.next_step


def _joint_table(joint: Joint) -> Table:
    """The points that matter: the defaults, the bests alone, both, and the best together."""
    roles = ("the defaults", "first alone", "second alone", "both bests")
    labels: dict[int, list[str]] = {}
    for label, index in zip(roles, joint.design.anchors, strict=True):
        first, second = joint.names
        shown = label.replace("first", first).replace("second", second)
        labels.setdefault(index, []).append(shown)
    surely = joint.verdict == "misleads"
    labels.setdefault(joint.chosen, []).append("best together" if surely else "best of the others")
    rows = []
    for index, names in labels.items():
        point = joint.point(index)
        shown = ", ".join(f"{name}={setting(value)}" for name, value in point.items())
        against = (
            "" if index == joint.anchor else gain(joint.metric, joint.comparisons.intervals[index])
        )
        star = " *" if joint.comparisons.claimed[index] else ""
        rows.append(
            (
                shown + star,
                ", ".join(names),
                score_interval(joint.metric, joint.means[index]),
                against,
            )
        )
    legend = "; * surely better" if joint.comparisons.claimed.any() else ""
    return Table(
        f"{' and '.join(joint.names)} together, {plural(len(joint.design.points), 'point')}; gains over the "
        f"best that one at a time leads to, not corrected for choosing{legend}",
        ("point", "", "validation", "difference"),
        tuple(rows),
    )


def _plain_joint(joint: Joint) -> dict[str, Any]:
    return {
        "params": joint.names,
        "verdict": joint.verdict,
        "levels": joint.design.levels,
        "mean": joint.levels,
        "repeats": np.array(joint.repeats).reshape(joint.design.shape),
        "one_at_a_time": joint.point(joint.anchor),
        "best_together": joint.point(joint.chosen),
        "gain": joint.gain if is_determined(joint.gain) else None,
        "p_interaction": number(joint.additive.p),
    }
