"""MD606: is the model at the ceiling of what these data allow?"""

from __future__ import annotations

import math
from typing import Any

from mldiag.findings import Action, Check, Finding
from mldiag.metrics import Metric
from mldiag.steps.capacity.ceiling import LIMITS, Ceiling
from mldiag.steps.capacity.verdict import Judged
from mldiag.wording import number, plural, score

CHECK = Check(
    code="MD606",
    slug="ceiling-reached",
    title="Is the model at the ceiling of what these data allow?",
    detects=(
        "Nothing that was tried surely gains, and of the best of it a gain of {gain_worths:g} times the "
        "smallest one worth having can be ruled out at 90 %. That alone is not enough; one of these must "
        "speak for it: at least {families} other families are as good within the noise and miss largely "
        "the same rows (kappa {same_misses:g} or more; for quantities a correlation of the residuals of "
        "{same_residuals:g}); or the bound of Cover and Hart from the nearest neighbour (for quantities "
        "the Gamma test) accounts for {bound_share:.0%} to {bound_most:.0%} of the error; or the human "
        "score is reached. Else inconclusive."
    ),
    why="At the ceiling every hour spent on the model is lost: only better labels or other features help.",
    fix=(
        "Look at the rows that all families miss: their labels, and what a person would need to see to get "
        "them right. mldiag audit finds labels that are wrong."
    ),
    source=(
        "Cover and Hart (1967), IEEE Transactions on Information Theory 13, for the bound; Evans and Jones "
        "(2002), Proceedings of the Royal Society A 458, for the Gamma test; Northcutt, Jiang and Chuang "
        "(2021), JAIR 70, for labels contradicted with confidence; thresholds from "
        "benchmarks/capacity_verdicts.py."
    ),
    thresholds=LIMITS,
)


def judge(ceiling: Ceiling | None, judged: Judged, metric: Metric, *, why_not: str) -> Finding:
    """Judge the ceiling.

    Args:
        ceiling: The evidence; None where there is none.
        judged: The joined verdict.
        metric: The metric.
        why_not: Why there are no references, or empty.
    """
    if ceiling is None:
        return CHECK.finding(
            "not_applicable",
            "What no model can beat here is not known",
            explanation=f"{why_not} Or give what people reach: --human-score.".strip(),
        )
    evidence = _evidence(ceiling)
    told = " ".join(spoken(ceiling, metric))
    if judged.verdict == "ceiling":
        return CHECK.finding(
            "passed",
            "At the ceiling: nothing tried gains, and the evidence says that nothing will",
            explanation=f"{told} Better labels or other features may help; another model will not.",
            evidence=evidence,
            action=Action("none", "Leave the model; look at the rows that every family misses."),
        )
    if judged.verdict == "inconclusive":
        return CHECK.finding(
            "inconclusive",
            "Cannot tell yet whether this is the ceiling",
            explanation=f"{told} {_missing(ceiling)}".strip(),
            evidence=evidence,
        )
    return CHECK.finding(
        "passed",
        "Not at the ceiling: something that was tried gains, or the model does not work yet",
        explanation=told,
        evidence=evidence,
    )


def spoken(ceiling: Ceiling, metric: Metric) -> list[str]:
    """What is known, a sentence each."""
    said = []
    if math.isfinite(ceiling.agreement) and ceiling.peers:
        how = (
            "their residuals correlate by"
            if ceiling.quantities
            else "they miss the same rows, kappa"
        )
        said.append(
            f"As good as the model within the noise: {', '.join(ceiling.peers)}; {how} "
            f"{ceiling.agreement:.2f} over {plural(ceiling.rows, 'row')}."
        )
    elif not ceiling.peers and not math.isfinite(ceiling.human_score):
        said.append("No other family is as good as the model within the noise.")
    if math.isfinite(ceiling.bound_share):
        said.append(_bound(ceiling))
    if ceiling.label_noise > 0:
        said.append(
            f"The strongest reference contradicts {ceiling.label_noise:.1%} of the labels with confidence."
        )
    if ceiling.conflicts > 0:
        said.append(
            f"{ceiling.conflicts:.1%} of the training rows have an equal row of another class."
        )
    if math.isfinite(ceiling.human_score):
        word = "reached" if ceiling.at_human else "not reached"
        said.append(f"What people reach, {score(metric, ceiling.human_score)}, is {word}.")
    return said


def _bound(ceiling: Ceiling) -> str:
    least, error = ceiling.least, ceiling.error
    if ceiling.quantities:
        shown = f"a mean squared error of {number(least)} (the model: {number(error)})"
    else:
        shown = f"an error of {least:.1%} (the model: {error:.1%})"
    if ceiling.bound_share > LIMITS.bound_most:
        return f"By its neighbours in plain features {shown} could not be avoided, which the model refutes."
    return f"By its neighbours in plain features, {shown} cannot be avoided."


def _missing(ceiling: Ceiling) -> str:
    if ceiling.agrees or ceiling.at_human or ceiling.bound_holds:
        return "There is evidence for it, but gains worth having are still possible: more repeats would tell."
    return "Nothing speaks for a ceiling; what people reach (--human-score) would settle it best."


def _evidence(ceiling: Ceiling) -> dict[str, Any]:
    return {
        "as_good": ceiling.peers,
        "agreement": ceiling.agreement,
        "rows": ceiling.rows,
        "error": ceiling.error,
        "least_error_by_neighbours": ceiling.least,
        "share_that_cannot_be_avoided": ceiling.bound_share,
        "labels_contradicted": ceiling.label_noise,
        "conflicting_rows": ceiling.conflicts,
        "human_score": ceiling.human_score,
    }
