"""Which step is asked next: cheap looks at everything first, then money where the decision is open.

A first look costs a few trainings or none, and may end the check-up: behind a bug, a leak or a broken split
no other number can be trusted. After it, the steps are asked in the order of what they may still change for
what they cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mldiag.findings import FIX_FIRST, ActionKind, Finding, Report
from mldiag.steps.audit.remedies import remedies_of
from mldiag.steps.checkup.gathered import Asked

FIRST_LOOKS = ("audit", "reproduce", "probe")

TRAININGS: Mapping[str, float] = {
    "audit": 0, "reproduce": 9, "probe": 3, "learning-curve": 9, "capacity": 9, "remedies": 10,
}  # fmt: skip
"""What a step costs in full trainings where it is not cut, as measured on small experiments."""

A_PARAMETER = 9.0
"""Full trainings that a sweep spends on each parameter."""

SHARES: Mapping[str, float] = {
    "reproduce": 0.25, "probe": 0.15, "sweep": 0.45, "learning-curve": 0.25, "capacity": 0.3,
    "remedies": 0.25,
}  # fmt: skip
"""Largest share of the whole budget that a step may take."""

KEPT_FOR_CONFIRMING = 0.2
"""Share of the whole budget that no step may take: what leads is trained again on fresh repeats."""

SLOW_SECONDS = 0.3
"""References that take about this long are tried beside trainings that take as long."""

LARGER_SHARE = 0.5
"""Share of a step that what was seen inside the training asks for, where that is more than its own."""

LEAST_TRAININGS = 2.0
"""With less than this left, no step can say anything."""

SOFT = (
    "beats-a-dummy", "blank-inputs", "overfits-small-batch", "memorises-rows", "reference-families",
    "determinism", "not-finite", "frozen-parameters", "parameter-ignored",
)  # fmt: skip
"""What looks like a bug and may as well be a setting that is far off: the check-up goes on, and sees."""

_OF_VALUE = "for its cost, its answer may change most what to do next"

_FOR_SWEEP: tuple[ActionKind, ...] = (
    "tune", "more_regularization", "less_regularization", "stabilize_training", "balance_classes",
    "change_activation_or_init",
)  # fmt: skip
_FOR_CAPACITY: tuple[ActionKind, ...] = (
    "larger_model",
    "smaller_model",
    "train_longer",
    "change_model",
)


@dataclass(frozen=True)
class Stage:
    """A step to ask next.

    Args:
        name: `remedies` is the audit again, with what it advises measured by trainings.
        share: Largest share of the whole budget.
        why: Why now, for a person.
        settings: Keyword arguments of its settings.
    """

    name: str
    share: float
    why: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> str:
        """Name of the step that is run."""
        return "audit" if self.name == "remedies" else self.name


def next_stage(
    wanted: Sequence[str],
    asked: Sequence[Asked],
    *,
    parameters: int,
    trainings_left: float | None,
    training_seconds: float | None,
    repeats: int,
    gain: float | None,
) -> Stage | None:
    """The step to ask next, or None where the ranking can be made.

    Args:
        wanted: Names of the steps that the user wants, in the order of the checklist.
        asked: What was asked already.
        parameters: Number of declared parameters.
        trainings_left: What is left of the budget, in full trainings; None where it is not known.
        training_seconds: Time of one full training, in seconds, or None.
        repeats: Draws of the rows for each comparison.
        gain: Smallest gain worth having, or None.
    """
    done = {one.name for one in asked}
    common = {"repeats": repeats, "gain": gain}
    if fix_first(asked) is not None:
        return None
    for name in FIRST_LOOKS:
        if name in wanted and name not in done:
            return _first_look(name, repeats)
    if trainings_left is not None and trainings_left < LEAST_TRAININGS:
        return None
    open_ones = [name for name in ("learning-curve", "sweep", "capacity") if name in wanted]
    if "audit" in wanted and _measurable(asked):
        open_ones.append("remedies")
    if not parameters and "sweep" in open_ones:
        open_ones.remove("sweep")
    ahead = [name for name in open_ones if name not in done]
    if not ahead:
        return None
    values = {name: _value(name, asked) / _cost(name, parameters) for name in ahead}
    name = max(ahead, key=lambda one: values[one])
    settings = common | _own_settings(name, training_seconds)
    why = _why(name, asked)
    share = max(SHARES[name], LARGER_SHARE) if why != _OF_VALUE else SHARES[name]
    return Stage(name, share, why, settings)


def _own_settings(name: str, training_seconds: float | None) -> dict[str, Any]:
    """What a step is asked in a check-up: the sweep moves parameters, capacity looks at the rest."""
    if name == "sweep":
        return {"all": True}
    if name == "capacity":
        slow = training_seconds is None or training_seconds >= SLOW_SECONDS
        families = "dummy,linear,forest,boosting" if slow else "dummy,linear,forest"
        return {"moves": False, "memorise": 0, "families": families}
    return {}


def fix_first(asked: Sequence[Asked]) -> Finding | None:
    """The problem behind which no other number can be trusted, if one was found."""
    for one in asked:
        if one.report is None:
            continue
        for finding in one.report.findings:
            kind = finding.action.kind if finding.action is not None else None
            hard = finding.outcome == "problem" and finding.slug not in SOFT
            if hard and kind in FIX_FIRST and finding.caused_by is None:
                return finding
    return None


def _first_look(name: str, repeats: int) -> Stage:
    if name == "audit":
        return Stage(name, 1.0, "it trains nothing", {"measure": False})
    if name == "reproduce":
        told = "a bug would make every other number worthless"
        return Stage(name, SHARES[name], told, {"repeats": repeats, "quick": True})
    return Stage(name, SHARES[name], "one training is looked into", {})


def _cost(name: str, parameters: int) -> float:
    return A_PARAMETER * parameters if name == "sweep" else TRAININGS[name]


def _value(name: str, asked: Sequence[Asked]) -> float:
    """How much the answer may change what is done, from what the first looks have said."""
    kinds = [
        finding.action.kind
        for report in _reports(asked)
        for finding in report.findings
        if finding.action is not None and _asks(finding)
    ]
    doubted = any(
        finding.slug in SOFT and finding.outcome == "problem"
        for report in _reports(asked)
        for finding in report.findings
    )
    for_sweep = any(kind in _FOR_SWEEP for kind in kinds)
    told = {
        "sweep": 2.5 + 2.0 * for_sweep,
        # Other families on the same rows tell a program that is wrong from features that say nothing.
        "capacity": 1.0
        + 2.0 * any(kind in _FOR_CAPACITY for kind in kinds)
        + 3.0 * (doubted and not for_sweep),
        "learning-curve": 0.8 + 1.0 * any(kind in ("more_data", "augment_data") for kind in kinds),
        "remedies": 0.8 + 2.0 * any(kind in ("scale_features", "clean_labels") for kind in kinds),
    }
    return told[name]


def _why(name: str, asked: Sequence[Asked]) -> str:
    reasons = {
        "sweep": (_FOR_SWEEP, "the training asks for other settings"),
        "capacity": (_FOR_CAPACITY, "the training asks for another length or size"),
    }
    kinds, told = reasons.get(name, ((), ""))
    for report in _reports(asked):
        for finding in report.findings:
            action = finding.action
            if _asks(finding) and action is not None and action.kind in kinds:
                return f"{told} ({finding.code} {finding.slug})"
    return _OF_VALUE


def _asks(finding: Finding) -> bool:
    return finding.action is not None and finding.outcome in ("problem", "advice")


def _reports(asked: Sequence[Asked]) -> list[Report]:
    return [one.report for one in asked if one.report is not None]


def _measurable(asked: Sequence[Asked]) -> bool:
    """Whether the audit has advised something whose gain a training can tell."""
    audits = [one.report for one in asked if one.name == "audit" and one.report is not None]
    return any(remedies_of(report.findings) for report in audits)
