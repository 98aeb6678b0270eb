"""MD152: are gradients cleared between updates?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD152.

    Args:
        updates: Updates that must have used older gradients.
        share: And their least share of the updates that could be judged.
    """

    updates: int = 2
    share: float = 0.5


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD152",
    slug="missing-zero-grad",
    title="Are gradients cleared between updates?",
    detects=(
        "Every contribution to a weight's gradient is noted. At an update the gradient must be "
        "a sum of the latest "
        "contributions since the update before it; a problem where only a longer sum fits, in "
        "{updates} updates "
        "and {share:.0%} of those judged. So accumulation over several batches and several "
        "losses pass, clipping too."
    ),
    why="Every update repeats all gradients since the start: steps grow, and go where earlier "
    "batches pointed.",
    fix="optimizer.zero_grad() before every backward() that begins an update.",
    source="torch.optim's documentation, on taking an optimization step.",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ()


def judge(loop: Loop) -> Finding:
    """Judge the updates of every optimizer."""
    stale = loop.observed.stale
    if not loop.optimizers:
        return CHECK.finding(
            "not_applicable", "No optimizer was given", explanation="Give optimizers=."
        )
    for place, (old, judged) in enumerate(stale):
        if old >= THRESHOLDS.updates and old >= THRESHOLDS.share * judged:
            which = f" of optimizer {place}" if len(stale) > 1 else ""
            return CHECK.finding(
                "problem",
                f"Gradients are not cleared: {old} of {judged} updates{which} used those of "
                "earlier updates too",
                evidence={"optimizer": place, "updates": old, "n": judged},
                action=Action(
                    "fix_bug",
                    "Call optimizer.zero_grad() before every backward() that begins an update.",
                ),
            )
    if not any(judged for _, judged in stale):
        return CHECK.finding(
            "inconclusive",
            "No update could be compared with the gradients that were computed",
            explanation="Clipping by value, or gradients that are written by hand, hide which "
            "were used.",
        )
    total = sum(judged for _, judged in stale)
    return CHECK.finding("passed", "Gradients are cleared between updates", evidence={"n": total})
