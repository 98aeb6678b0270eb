"""Judges whether a property of files other than their content tells the label, of images and of sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mldiag.findings import Action, Check, Finding
from mldiag.stats.property_labels import PropertyLabel, property_labels


@dataclass(frozen=True)
class Thresholds:
    """When a property is told.

    Args:
        told: What a property of how a file is stored must tell of the label: 0 nothing, 1 all.
        problem: From here on it is a problem.
        content: What a property of the content itself must tell, which may be honest: it stays advice.
        p_value: Corrected for the number of properties and labels.
        least: With fewer labelled files nothing is said.
    """

    told: float = 0.4
    problem: float = 0.7
    content: float = 0.9
    p_value: float = 0.05
    least: int = 30


@dataclass(frozen=True)
class Words:
    """How a kind of files is spoken of.

    Args:
        files: Their name, such as `images`.
        stored: Why a property of storage is no content.
        alike: What to do beside making the property alike.
    """

    files: str
    stored: str
    alike: str


def judge_properties(
    check: Check,
    limits: Thresholds,
    words: Words,
    *,
    stored: Mapping[str, Sequence[float | str | None]],
    content: Mapping[str, Sequence[float | str | None]],
    labels: Sequence[str | None],
) -> Finding:
    """Test each property against the labels.

    Args:
        check: The check that asks.
        limits: Its thresholds.
        words: How its files are spoken of.
        stored: Properties of how files are stored or recorded, one value a file.
        content: Properties of what is in them, likewise.
        labels: Label of every file.
    """
    if not labels:
        return check.finding(
            "not_applicable",
            "Without labels nothing can tell them: folders by label, or --labels labels.csv",
        )
    n = len(labels)
    values = {**stored, **content}
    varying = {name: list(v) for name, v in values.items() if len(set(map(str, v))) > 1}
    found = property_labels(varying, list(labels))
    if n < limits.least or (varying and not found):
        return check.finding(
            "inconclusive",
            f"Too few labelled {words.files} to test their properties: {n:,}",
            explanation=f"It takes {limits.least}, with at least eight for each of two labels.",
            evidence={"n": n},
        )
    evidence: dict[str, Any] = {"n": n, "properties": list(found)}
    told = [
        item
        for item in found
        if item.p_value <= limits.p_value
        and item.strength >= (limits.told if item.name in stored else limits.content)
    ]
    if not told:
        return check.finding(
            "passed", f"No property of {n:,} {words.files} tells the label", evidence=evidence
        )
    told.sort(key=lambda item: (item.name not in stored, -item.strength))
    return _told(check, limits, words, told, told[0].name in stored, evidence)


def _told(
    check: Check,
    limits: Thresholds,
    words: Words,
    told: Sequence[PropertyLabel],
    is_stored: bool,
    evidence: dict[str, Any],
) -> Finding:
    best = told[0]
    which = "the label" if best.told >= best.label_told else f"the label {best.label}"
    others = [item.name for item in told[1:4]]
    also = f" So does {', '.join(others)}." if others else ""
    honest = "It may belong to what is to be told; if it does not, the model learns it instead."
    return check.finding(
        "problem" if is_stored and best.strength >= limits.problem else "advice",
        f"{best.name[0].upper()}{best.name[1:]} alone tells {which} "
        f"({best.strength:.0%} of what is possible)",
        explanation=(
            f"Measured on {best.n:,} {words.files} that did not make the rule (p = {best.p_value:.2g} over "
            f"all properties). {words.stored if is_stored else honest}{also}"
        ),
        evidence=evidence,
        action=Action(
            "fix_leak" if is_stored else "clean_data",
            f"Make {best.name} the same for all classes, or {words.alike}.",
        ),
    )
