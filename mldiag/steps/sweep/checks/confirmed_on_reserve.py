"""MD513: does the winner of a search hold on rows that nothing has looked at?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldiag.findings import Check, Finding
from mldiag.wording import gain, gain_short, score

if TYPE_CHECKING:
    from mldiag.steps.sweep.search.measured import SearchMeasured

CHECK = Check(
    code="MD513",
    slug="confirmed-on-reserve",
    title="Does the winner hold on the reserve?",
    detects=(
        "After everything else, the winner and the defaults are each trained on all rows outside the "
        "reserve, with fresh seeds, and scored on it once. Confirmed: the 80 % interval of their difference "
        "lies above zero. Not confirmed: the difference is zero or less."
    ),
    why="Whatever was used to choose flatters what was chosen; the reserve was used for nothing.",
    fix="Believe the confirmed score, not the chosen one; where it is not confirmed, leave the defaults.",
    source="Cawley and Talbot (2010), JMLR 11: over-fitting in model selection.",
)


def judge(measured: SearchMeasured, *, no_reserve: str) -> Finding | None:
    """What the reserve says of the winner; None where the defaults lead.

    Args:
        measured: What the search has measured.
        no_reserve: Why there is none; empty where there is one.
    """
    numbers = measured.winner
    if measured.best == 0 or numbers is None:
        return None
    if no_reserve:
        return CHECK.finding("not_applicable", f"Not confirmed: {no_reserve}")
    if numbers.reserve is None:
        return _not_used(measured)
    metric, found = measured.metric, numbers.reserve
    scores = (
        f"chosen {score(metric, measured.chosen_score)}, confirmed "
        f"{score(metric, measured.confirmed_score)}"
    )
    optimism = metric.sign * (measured.chosen_score - measured.confirmed_score)
    evidence = {
        "chosen_score": measured.chosen_score,
        "confirmed_score": measured.confirmed_score,
        "optimism": optimism,
        "gain_on_reserve": found,
        "p_better": numbers.p_reserve,
    }
    told = (
        f"On the reserve the winner gains {gain(metric, found)} over the defaults; its own score there is "
        f"{gain_short(metric, -optimism)} against what chose it. The reserve has now been used: a second "
        "use confirms less."
    )
    if found.low > 0:
        return CHECK.finding("passed", f"Confirmed: {scores}", explanation=told, evidence=evidence)
    if found.estimate <= 0:
        return CHECK.finding(
            "advice",
            f"Not confirmed on the reserve: {scores}",
            explanation=told,
            evidence=evidence,
        )
    return CHECK.finding(
        "inconclusive",
        f"The reserve is too small to confirm it: {scores}",
        explanation=told,
        evidence=evidence,
    )


def _not_used(measured: SearchMeasured) -> Finding | None:
    numbers = measured.winner
    assert numbers is not None
    if numbers.worth_confirming:
        return CHECK.finding(
            "inconclusive",
            "Not confirmed: the reserve was not reached within the budget",
            explanation="The same command goes on where it stopped.",
        )
    return CHECK.finding(
        "skipped",
        "The reserve was left alone: the fresh repeats do not speak for the winner",
        explanation="It can be used once only, and there is nothing to confirm.",
    )
