"""How a parameter that was moved up and down is judged, whatever its role."""

from __future__ import annotations

import shlex

from mldiag.findings import Action, Check, Finding
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.steps.capacity.told import numbers_of, severity, train_beside, undecided
from mldiag.steps.capacity.verdict import Remedy, remedy_of
from mldiag.wording import amount, gain, setting

WORDS = {
    "larger_model": ("a larger model", "It has room to fit more of what the rows show."),
    "smaller_model": ("a smaller model", "It fits more than the rows can bear."),
    "more_regularization": ("more regularization", "It fits more than the rows can bear."),
    "less_regularization": ("less regularization", "It is held back from what the rows show."),
    "train_longer": ("longer training", "It has not finished to fit."),
    "tune": ("another choice", ""),
}


def judge_move(check: Check, found: MeasuredLine) -> Finding:
    """Judge one parameter that was moved."""
    name, default = found.line.name, found.line.values[found.line.default]
    evidence = {"param": name, "default": default} | numbers_of(found)
    at_default = f"{name} = {setting(default)}"
    remedy = remedy_of(found)
    if remedy is not None:
        return _gains(check, remedy, at_default, evidence)
    if found.verdict == "no gain":
        return check.finding(
            "passed",
            f"{at_default} is right: nothing else tried gains {amount(found.metric, found.worth)}",
            explanation=f"Tried: {_tried(found)}.",
            evidence=evidence,
            action=Action("none", f"Leave {at_default}."),
        )
    return undecided(check, found, f"another {name}")


def _gains(check: Check, remedy: Remedy, at_default: str, evidence: dict[str, object]) -> Finding:
    found = remedy.found
    words, why = WORDS[remedy.kind]
    better = f"{found.line.name} = {found.line.shown(found.best)}"
    at_end = found.best in (0, len(found.line.values) - 1) and found.line.ordered
    further = (
        f" It is the farthest value tried: mldiag sweep --param {shlex.quote(found.line.name)}."
        if at_end
        else ""
    )
    return check.finding(
        severity(found),
        f"{words[:1].upper()}{words[1:]} helps: {better} gains {gain(found.metric, found.gain)}",
        explanation=(
            f"{why} {train_beside(found)} Against {at_default}, corrected for this being the best of the "
            f"values tried.{further}"
        ).strip(),
        evidence=evidence,
        action=Action(
            remedy.kind,
            f"Set {better}.",
            param=found.line.name,
            value=found.best_value,
            gain=found.gain,
        ),
    )


def _tried(found: MeasuredLine) -> str:
    others = [i for i in range(len(found.line.values)) if i != found.line.default]
    return ", ".join(found.line.shown(index) for index in others)


def no_parameter(check: Check, role: str, example: str) -> Finding:
    """Where no parameter has the role."""
    return check.finding(
        "not_applicable",
        f"No parameter is declared as {role}",
        explanation=f'Declare one to have it moved: {example} with role="{role}".',
    )
