"""MD601: can the model memorise a few rows?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mldiag.findings import Action, Check, Finding
from mldiag.metrics import Metric
from mldiag.steps.capacity.memorising import Memorised, Memory
from mldiag.steps.capacity.verdict import NO_BETTER
from mldiag.steps.memorising import MEMORISED
from mldiag.wording import plural, score


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD601.

    Args:
        memorised: Share of the way from a dummy to all that can be memorised; bagged trees reach it.
        partly: From this share on a model is limited, as a plain one is on purpose.
        nothing: Below this share, with every remedy tried, it learns nothing.
    """

    memorised: float = MEMORISED
    partly: float = 0.5
    nothing: float = NO_BETTER


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD601",
    slug="memorises-rows",
    title="Can the model memorise a few rows?",
    detects=(
        "The model trains on a few rows (64, or three a class) and is scored on these; with "
        "trial.epochs it "
        "gets as many updates as in the full training. What a dummy scores there is 0, what a "
        "table of the "
        "rows scores is 1: equal rows with different targets cannot be memorised. Memorised: "
        "{memorised:.0%} of the way or more. Else it is tried again with the most capacity, the "
        "least "
        "regularization and longer training, and with all of these, which tells why. A problem "
        "where none "
        "goes {nothing:.0%} of the way, and the model is not surely better than a dummy with "
        "all rows either."
    ),
    why=(
        "Nearly every working model can fit a few rows. One that cannot is wrong somewhere, is "
        "held back, is "
        "too small, or is trained too little; and none of the other findings count before that "
        "is known."
    ),
    fix=(
        "Where a variant memorises, the model is limited by that. Where none does, look for a "
        "bug: targets "
        "shifted against rows, inputs that are overwritten, a learning rate of 0, a loss of the "
        "wrong thing."
    ),
    source=(
        "Zhang et al. (2017), ICLR, Understanding deep learning requires rethinking "
        "generalization; Karpathy "
        "(2019), A recipe for training neural networks: overfit one batch."
    ),
    thresholds=THRESHOLDS,
)


def judge(
    memory: Memory | None,
    metric: Metric,
    *,
    why_not: str,
    no_reference: str,
    broken: bool,
    cause: str | None,
) -> Finding:
    """Judge the memory.

    Args:
        memory: What was measured; None where nothing was.
        metric: The metric.
        why_not: Why it could not be asked, or empty.
        no_reference: Why there is no dummy to compare with, or empty.
        broken: Whether no variant fits the rows, and nor is the model better than a dummy with all rows.
        cause: Code of the finding that already names what holds the model back, or None.
    """
    if memory is None:
        return CHECK.finding(
            "not_applicable" if why_not else "inconclusive",
            "Whether the model can memorise a few rows was not asked"
            if why_not
            else "No trial on a few rows gave a score",
            explanation=why_not or "See the trials that failed or were not run.",
        )
    rows, evidence = plural(memory.rows, "row"), _evidence(memory)
    shown = score(metric, memory.yours.score)
    if math.isnan(memory.yours.share):
        return CHECK.finding(
            "inconclusive",
            f"On {rows} that it trains on the model scores {shown}",
            explanation=(
                f"Nothing says how much of that could be memorised: {no_reference}"
                if no_reference
                else "A dummy scores as well as a table of the rows: there is nothing to memorise."
            ),
            evidence=evidence,
        )
    between = (
        f"{shown} on {rows} that it trains on; a dummy {score(metric, memory.dummy)}, at most "
        f"{score(metric, memory.most)}"
    )
    if memory.memorises:
        return CHECK.finding("passed", f"It can memorise {rows}: {between}", evidence=evidence)
    if broken:
        return _cannot(memory, between, evidence)
    return _limited(memory, between, evidence, cause)


def _evidence(memory: Memory) -> dict[str, object]:
    return {
        "rows": memory.rows,
        "score_on_them": memory.yours.score,
        "dummy": memory.dummy,
        "most_that_can_be_memorised": memory.most,
        "share": memory.yours.share,
        "variants": {v.label: v.share for v in memory.variants},
    }


def _cannot(memory: Memory, between: str, evidence: dict[str, object]) -> Finding:
    rows = plural(memory.rows, "row")
    return CHECK.finding(
        "problem",
        f"It cannot fit even {rows}: {between}",
        explanation=(
            "No more capacity, less regularization or longer training that was tried helps. That is a "
            "bug, or a learning rate that does nothing or too much: look at whether the targets belong "
            "to the rows, and at what the loss is computed from."
        ),
        evidence=evidence,
        action=Action("fix_bug", f"Make the training fit {rows} before anything else is tuned."),
    )


def _limited(
    memory: Memory, between: str, evidence: dict[str, object], cause: str | None
) -> Finding:
    rows = plural(memory.rows, "row")
    helping = [
        v for v in memory.variants if v.share - memory.yours.share > (1 - memory.yours.share) / 2
    ]
    best = max(helping, key=_share, default=None)
    if best is not None:
        told = (
            f"With {best.label} it goes {best.share:.0%} of the way, else {memory.yours.share:.0%}."
        )
        return CHECK.finding(
            "advice" if memory.yours.share < THRESHOLDS.partly else "passed",
            f"It does not memorise {rows} as it stands: {between}",
            explanation=f"{told} That is what holds it back; whether it should, only new rows "
            "tell.",
            evidence=evidence | {"param": best.line},
            caused_by=cause,
        )
    return CHECK.finding(
        "passed" if memory.yours.share >= THRESHOLDS.partly else "advice",
        f"It goes {memory.yours.share:.0%} of the way to memorising {rows}: {between}",
        explanation=(
            "A plain model is limited on purpose, and large leaves need more rows: that alone "
            "is no fault. No "
            "parameter that was loosened changes it, so it is the family of the model."
        ),
        evidence=evidence,
    )


def _share(variant: Memorised) -> float:
    return variant.share
