"""MD346: is the target a formula of the columns?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.formulas import best_formula
from mldiag.steps.audit.tables.one_feature import asked
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD346; a skill is the share of the variance of the target that the formula removes.

    On the public tables without a leak the best formula reached .934 (prices of houses).

    Args:
        exact: Skill of a formula that is the target.
        close: Skill of one that nearly is.
        few: Columns of a formula, at most: many that are related explain nearly all without being one.
        least_rows: With fewer labelled rows nothing is said.
    """

    exact: float = 0.999
    close: float = 0.99
    few: int = 4
    least_rows: int = 60


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD346",
    slug="target-formula",
    title="Is the target a formula of the columns?",
    detects=(
        "A quantity fitted by sums of the columns of numbers, of their logarithms (products and shares) and "
        "of products of two, each row predicted from others: a problem where one column alone does not "
        "and at most {few} together remove {exact:.1%} of the variance, advice from {close:.0%} on."
    ),
    why=(
        "A share of the target, or a total that holds it, is computed after the target is known: "
        "with the other column beside it, it gives the target away."
    ),
    fix="Drop the column that was computed from the target; if none was, the formula is the model.",
    source="Kaufman, Rosset and Perlich (2012), Leakage in Data Mining, ACM TKDD 6.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Look for a formula of several columns; None without a quantity as the target."""
    if subject.target is None or subject.task != "regression":
        return None
    question = asked(subject)
    if question is None or len(question.rows) < THRESHOLDS.least_rows:
        return CHECK.finding(
            "not_applicable",
            f"It takes {plural(THRESHOLDS.least_rows, 'labelled row')} to judge formulas",
        )
    found = best_formula(subject, question, (THRESHOLDS.exact, THRESHOLDS.close))
    if found is None:
        return CHECK.finding("not_applicable", "No column of numbers to compute it from")
    evidence = {"n": found.rows, "columns": list(found.columns), "skill": round(found.skill, 6)}
    if found.skill < THRESHOLDS.close:
        return CHECK.finding(
            "passed",
            f"No formula of the columns is the target: the best removes {found.skill:.0%} of its variance",
            evidence=evidence | {"columns": []},
        )
    if len(found.columns) == 1:
        return CHECK.finding(
            "passed",
            f"One column alone tells the target: {listed(found.columns)} (MD320 judges that)",
            evidence=evidence,
        )
    exact = found.skill >= THRESHOLDS.exact and len(found.columns) <= THRESHOLDS.few
    told = "is" if exact else "is nearly"
    return CHECK.finding(
        "problem" if exact else "advice",
        f"{subject.target} {told} a formula of {listed(found.columns)}",
        explanation=(
            f"A sum or a product of them removes {found.skill:.3%} of its variance "
            f"({plural(found.rows, 'row')}), each row predicted from others. One of them was computed "
            "from the target, or the target from them: then a formula does what a model is asked for."
        ),
        evidence=evidence,
        action=Action(
            "fix_leak",
            f"Drop which of {listed(found.columns)} is known only after {subject.target} is.",
        ),
    )
