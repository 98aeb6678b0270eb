"""MD511: has the search found something better than the defaults?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldiag.findings import CLAIM_ERROR, Action, Check, Finding
from mldiag.stats.intervals import is_determined
from mldiag.stats.power import repeats_to_settle
from mldiag.trial_spec import Plain
from mldiag.wording import amount, gain, plural, score, setting

if TYPE_CHECKING:
    from mldiag.steps.sweep.search.measured import SearchMeasured


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD511.

    Args:
        claim_error: One-sided error of "better than the defaults" over all points; see `CLAIM_ERROR`.
        worth_confirming: One-sided p-value on the fresh repeats below which the reserve is used; above it
            nothing is claimed.
        problem_worths: The defaults are a problem, not just worth tuning, where the gain is surely over
            this many times the smallest gain worth having.
        most_repeats: More repeats than this are not suggested.
    """

    claim_error: float = CLAIM_ERROR
    worth_confirming: float = 0.1
    problem_worths: float = 4.0
    most_repeats: int = 50


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD511",
    slug="search-result",
    title="Has the search found something better than the defaults?",
    detects=(
        "The best point and the defaults are trained on as many fresh repeats as had chosen it. Better: "
        "over all of them, Dunnett's one-sided test for every point tried, joined with the reserve's own "
        "where that was used (below {worth_confirming:g} on the fresh repeats), has an error of "
        "{claim_error:.0%}; a problem where the lower end of the gain is over {problem_worths:g} times the "
        "smallest gain worth having. The gain is that on the reserve, else on the fresh repeats: what "
        "chose the point does not measure it."
    ),
    why="The best of many points looks better than it is, because it was chosen for looking best.",
    fix="Set the values of the winner.",
    source=(
        "Dunnett (1955), JASA 50; Nadeau and Bengio (2003) for redrawn splits; Stouffer (1949) for joining "
        "the reserve; racing after Hutter, Hoos and Leyton-Brown (2011), SMAC."
    ),
    thresholds=THRESHOLDS,
)


def judge(measured: SearchMeasured, points: tuple[Mapping[str, Plain], ...]) -> Finding:
    """Judge a search."""
    verdict = measured.verdict
    tried = plural(len(points) - 1, "point")
    evidence: dict[str, Any] = {
        "best_point": points[measured.best],
        "points": len(points),
        "smallest_gain_worth_having": measured.worth,
        "uncertainty": measured.uncertainty,
    } | _numbers(measured)
    if verdict == "better value":
        return _better(measured, points[measured.best], evidence)
    if verdict == "ignored":
        return CHECK.finding(
            "advice",
            f"Nothing that was searched changes the score: {tried} equal the defaults to the last digit",
            explanation="The train function does not seem to use these parameters.",
            evidence=evidence,
            action=Action("fix_bug", "Use trial.params[...] where the model is built."),
        )
    if verdict in ("default is best", "flat"):
        return CHECK.finding(
            "passed",
            f"Nothing better than the defaults in {tried}",
            explanation=f"A gain of {amount(measured.metric, measured.worth)}, worth having, is unlikely.",
            evidence=evidence,
            action=Action("none", "Leave the defaults."),
        )
    if verdict == "no score":
        return CHECK.finding(
            "inconclusive",
            "The search cannot be judged: nothing is left to compare",
            explanation="Either the defaults or every other point gave no score.",
            evidence=evidence,
        )
    return _open(measured, tried, evidence)


def _better(
    measured: SearchMeasured, best: Mapping[str, Plain], evidence: dict[str, Any]
) -> Finding:
    numbers = measured.winner
    assert numbers is not None
    surely = numbers.gain.low > THRESHOLDS.problem_worths * measured.worth
    settings = ", ".join(f"{name} = {setting(value)}" for name, value in best.items())
    where = (
        f"on {plural(numbers.repeats - numbers.repeats // 2, 'fresh repeat')}"
        if numbers.reserve is None
        else "on the reserve"
    )
    return CHECK.finding(
        "problem" if surely else "advice",
        f"{settings} is better than the defaults: {gain(measured.metric, numbers.gain)}",
        explanation=(
            f"The gain was measured {where}, where it was not chosen; over the repeats that chose it the "
            f"point looked {amount(measured.metric, numbers.chosen)} better, and the defaults have "
            f"{measured.metric.name} {score(measured.metric, measured.default_score.estimate)}."
        ),
        evidence=evidence,
        action=Action("tune", f"Set {settings}.", value=dict(best), gain=numbers.gain),
    )


def _open(measured: SearchMeasured, tried: str, evidence: dict[str, Any]) -> Finding:
    numbers, metric = measured.winner, measured.metric
    if measured.best == 0:
        most = measured.runner_up
        told = (
            f"A gain of up to {amount(metric, most.high)} cannot be ruled out: what has lost got no more "
            "repeats."
            if most is not None and is_determined(most)
            else _none_repeated(measured)
        )
        return CHECK.finding(
            "inconclusive",
            f"None of {tried} beats the defaults, as far as the noise lets see",
            explanation=told,
            evidence=evidence,
        )
    if numbers is None or not is_determined(numbers.fresh):
        return CHECK.finding(
            "inconclusive",
            "The best point looks better than the defaults, but was not compared on fresh repeats",
            explanation=(
                "One repeat has no spread, so nothing can be said of the noise: --repeats 5."
                if measured.tried.scores.shape[1] < 2
                else "The same command goes on where it stopped."
            ),
            evidence=evidence,
        )
    return CHECK.finding(
        "inconclusive",
        f"The best of {tried} is not surely better than the defaults",
        explanation=_what_would_settle_it(measured),
        evidence=evidence,
    )


def _none_repeated(measured: SearchMeasured) -> str:
    """Why nothing is known of the noise of a difference: no other point got a second repeat."""
    if measured.tried.scores.shape[1] < 2:
        return "One repeat has no spread, so nothing can be said of the noise: --repeats 5."
    return (
        "Every other point was behind after one repeat, and so got no more. More points may find a better "
        f"one: --trials {2 * len(measured.tried.scores)}."
    )


def _what_would_settle_it(measured: SearchMeasured) -> str:
    numbers, metric = measured.winner, measured.metric
    assert numbers is not None
    seen = (
        f"While it was chosen it looked {amount(metric, numbers.chosen)} better; since then "
        f"{gain(metric, numbers.gain)}."
    )
    needed = repeats_to_settle(
        max(numbers.gain.estimate, measured.worth),
        numbers.noise_sd,
        valid_to_train=measured.valid_to_train,
        comparisons=numbers.points,
        limit=THRESHOLDS.most_repeats,
    )
    if needed is None or needed <= numbers.repeats:
        return f"{seen} No number of repeats would settle it on these rows; fewer points, or more rows, can."
    return f"{seen} About {plural(needed, 'repeat')} would settle it: --repeats {-(-needed // 2)}."


def _numbers(measured: SearchMeasured) -> dict[str, Any]:
    numbers = measured.winner
    if numbers is None:
        return {}
    return {
        "n": numbers.repeats,
        "gain": numbers.gain,
        "gain_while_chosen": numbers.chosen,
        "p_better": numbers.p_better,
        "noise_sd": numbers.noise_sd,
    }
