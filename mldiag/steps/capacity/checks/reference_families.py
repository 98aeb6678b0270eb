"""MD605: do common families of models do better on the same rows?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.findings import Action, Check, Finding
from mldiag.reference.families import FAMILIES, family_named
from mldiag.steps.capacity.measured import MeasuredLine
from mldiag.steps.capacity.told import TESTED, numbers_of, severity, train_beside, undecided
from mldiag.wording import amount, gain, score_interval

CHECK = Check(
    code="MD605",
    slug="reference-families",
    title="Do common families of models do better on the same rows?",
    detects=(
        "A linear model, nearest neighbours, a random forest, gradient boosting and a small network are "
        "trained on the same rows and scored by the same metric, each with its own preprocessing and with "
        "defaults that are sized for the rows (at most "
        + ", ".join(f"{f.most_rows:,} rows: {f.name}" for f in FAMILIES[1:])
        + f"); {TESTED}. A dummy, which ignores the features, is compared apart."
    ),
    why=(
        "A model beaten by a dummy has a bug. One beaten by a plain model has the wrong form, or is set "
        "wrong: the reference costs minutes, and says how much there is to gain."
    ),
    fix=(
        "Try the family that gains. Or keep the model and look at what the other has: a wrong learning "
        "rate or missing scaling loses to a linear model too."
    ),
    source=(
        "Grinsztajn, Oyallon and Varoquaux (2022), NeurIPS, for trees against networks on tables; Dunnett "
        "(1955), JASA 50; Nadeau and Bengio (2003), Machine Learning 52."
    ),
)


def judge(
    lines: Sequence[MeasuredLine], *, why_not: str, cause: str | None, bug: bool
) -> list[Finding]:
    """Judge the references and the dummy.

    Args:
        lines: What was measured.
        why_not: Why there are no references, or empty.
        cause: Code of the model's own remedy that comes first, or None.
        bug: Whether a dummy is better though there is something to learn.
    """
    references = next((found for found in lines if found.line.kind == "references"), None)
    dummy = next((found for found in lines if found.line.kind == "dummy"), None)
    if references is None and dummy is None:
        return [
            CHECK.finding(
                "not_applicable",
                "No reference was trained",
                explanation=why_not or "None was asked for: --families auto.",
            )
        ]
    found = [] if dummy is None else _against_dummy(dummy, bug=bug, cause=cause)
    return found if references is None else [*found, _judge(references, cause)]


def _against_dummy(dummy: MeasuredLine, *, bug: bool, cause: str | None) -> list[Finding]:
    """A finding only where a dummy wins, or is not surely beaten."""
    best = 1 - dummy.line.default
    interval = dummy.comparisons.intervals[best]
    evidence = {"reference": "dummy"} | numbers_of(dummy)
    if dummy.claimed and not bug:
        return [
            CHECK.finding(
                "advice",
                f"Nothing here beats a dummy that ignores the features: {gain(dummy.metric, dummy.gain)}",
                explanation=(
                    "No reference is better than it either: the features say nothing of the target, or the "
                    "targets do not belong to the rows."
                ),
                evidence=evidence,
            )
        ]
    if dummy.claimed:
        return [
            CHECK.finding(
                "problem",
                f"A dummy that ignores the features is better: {gain(dummy.metric, dummy.gain)}",
                explanation=(
                    "That is a bug or a training that goes wrong, not a weak model: look at whether the "
                    "targets belong to the rows, and at the learning rate."
                ),
                evidence=evidence,
                action=Action("fix_bug", "Find out why the model does worse than no model."),
            )
        ]
    if not dummy.comparisons.claimed_worse[best] and not interval.high < 0:
        return [
            CHECK.finding(
                "inconclusive",
                "The model is not surely better than a dummy that ignores the features",
                explanation=(
                    f"The dummy against it: {gain(dummy.metric, interval)}. Either the features say "
                    "nothing of the target, or the model does not see what they say; MD606 and the other "
                    "references tell."
                ),
                evidence=evidence,
                caused_by=cause,
            )
        ]
    return []


def _judge(found: MeasuredLine, cause: str | None) -> Finding:
    evidence = {
        "scores": {found.line.shown(i): found.valid[i] for i in range(len(found.line.values))},
    } | numbers_of(found)
    if found.verdict == "gain":
        family = family_named(str(found.best_value))
        also = " Begin with the change of the model itself, which may go further." if cause else ""
        return CHECK.finding(
            severity(found),
            f"{family.shown[:1].upper()}{family.shown[1:]} does better on the same rows: "
            f"{gain(found.metric, found.gain)}",
            explanation=(
                f"{found.metric.name} {score_interval(found.metric, found.valid[found.best])} against "
                f"{score_interval(found.metric, found.valid[found.line.default])}. {train_beside(found)} "
                f"The gain is corrected for this being the best of {len(found.line.values) - 1} "
                f"families.{also}"
            ),
            evidence=evidence,
            action=Action(
                "change_model",
                f"Try {family.shown}, or find out what it has that the model lacks.",
                value=family.name,
                gain=found.gain,
            ),
            caused_by=cause,
        )
    if found.verdict == "no gain":
        return CHECK.finding(
            "passed",
            f"No other family gains {amount(found.metric, found.worth)} on the same rows",
            explanation=f"Tried: {', '.join(str(v) for v in found.line.values[1:])}, with defaults.",
            evidence=evidence,
            action=Action("none", "Keep the family of the model."),
        )
    finding = undecided(CHECK, found, "another family of models")
    return CHECK.finding(
        finding.outcome, finding.title, explanation=finding.explanation, evidence=evidence
    )
