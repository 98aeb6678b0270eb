"""MD512: which of the searched parameters matter?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldiag.findings import Check, Finding
from mldiag.wording import number, plural

if TYPE_CHECKING:
    from mldiag.steps.sweep.search.importance import Importance


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD512.

    Args:
        fewest_points: Below it nothing is said.
        points_per_parameter: Nor below this many points for each parameter.
        error: Chance that any parameter that does nothing is said to matter.
    """

    fewest_points: int = 12
    points_per_parameter: int = 4
    error: float = 0.05


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD512",
    slug="parameter-importance",
    title="Which parameters matter?",
    detects=(
        "fANOVA's share of the variation over the whole space that a parameter explains alone, less what "
        "shuffled copies of the parameters show beside it. It matters where its mean share beats the best "
        "shuffled copy of every refit (error {error:.0%} over all parameters). From {fewest_points} points, "
        "and {points_per_parameter} for each parameter."
    ),
    why="What matters deserves care and a finer search; what does not can stay where it is.",
    fix="Search what matters again, alone and finer; leave the rest at its default.",
    source=(
        "Hutter, Hoos and Leyton-Brown (2014), ICML: fANOVA; Kursa and Rudnicki (2010), J. Stat. Software "
        "36: shuffled copies."
    ),
    thresholds=THRESHOLDS,
)


def judge(found: Sequence[Importance], *, points: int, noise_share: float) -> Finding:
    """Say what matters.

    Args:
        found: Importances, the largest first; empty where there are too few points.
        points: Points with a score.
        noise_share: Share of the differences between points that is noise of the seeds.
    """
    if not found:
        return CHECK.finding(
            "inconclusive",
            f"{plural(points, 'point')} with a score are too few to say which parameters matter",
            explanation="--trials 30, or fewer parameters.",
        )
    evidence = {
        "importance": {one.name: one.share for one in found},
        "matters": [one.name for one in found if one.matters],
        "p_values": {one.name: one.p_value for one in found},
        "noise_share": noise_share,
        "n": points,
    }
    noise = f"About {noise_share:.0%} of the differences between points is noise of the seeds."
    matter = [one for one in found if one.matters]
    if not matter:
        return CHECK.finding(
            "inconclusive",
            "No parameter surely matters more than one that does nothing",
            explanation=f"{noise} More points would tell more.",
            evidence=evidence,
        )
    rest = [one.name for one in found if not one.matters]
    listed = ", ".join(f"{one.name} {one.share.estimate:.0%}" for one in matter)
    others = f"; not surely: {', '.join(rest)}" if rest else ""
    return CHECK.finding(
        "passed",
        f"What matters: {listed}{others}",
        explanation=(
            f"Shares of the variation over the whole space, each parameter alone; "
            f"{number(100 * max(0.0, 1 - sum(one.share.estimate for one in found)), 2)} % is left to "
            f"combinations and noise. {noise}"
        ),
        evidence=evidence,
    )
