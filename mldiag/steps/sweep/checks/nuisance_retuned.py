"""MD522: does a parameter look different once a nuisance parameter is tuned for each of its values?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldiag.findings import CLAIM_ERROR, Action, Check, Finding
from mldiag.roles import action_of
from mldiag.stats.intervals import is_determined
from mldiag.wording import amount, gain, setting, unknown_noise

if TYPE_CHECKING:
    from mldiag.steps.sweep.pairs.retuned import Retuned


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD522.

    Args:
        claim_error: One-sided error of "better after tuning", over all values and pairs.
        problem_worths: Leaving the nuisance alone is a problem where the lower end of the gain is over this
            many times the smallest gain worth having.
    """

    claim_error: float = CLAIM_ERROR
    problem_worths: float = 4.0


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD522",
    slug="nuisance-retuned",
    title="Does a parameter look different once the nuisance parameter is tuned for each value?",
    detects=(
        "Each value of a parameter is scored at the level of the nuisance parameter that suits it best, "
        "chosen on the other repeats (on fixed rows, on the other rows), and compared with the default, "
        "whose nuisance is tuned likewise: Dunnett's one-sided test over all values with an error of "
        "{claim_error:.0%}. Said beside what the comparison without tuning showed."
    ),
    why=(
        "A learning rate that suits a width of 32 does not suit 256: compared at one learning rate, the "
        "default's own width wins because everything was set for it."
    ),
    fix="Set the better value together with the nuisance level that suits it.",
    source="Google Research, Deep Learning Tuning Playbook: nuisance parameters are optimised over.",
    thresholds=THRESHOLDS,
)


def judge(found: Retuned) -> Finding:
    """Judge one parameter, its nuisance tuned for each value."""
    if found.better:
        return _better(found)
    if not found.comparisons.determined:
        return CHECK.finding(
            "inconclusive",
            f"Cannot tell how {found.subject.axis.name} does with {found.nuisance} tuned for each value",
            explanation=unknown_noise(int(found.comparisons.repeats.max(initial=0))),
            evidence=_evidence(found),
        )
    return _not_better(found)


def _at(found: Retuned, index: int) -> str:
    name = found.subject.axis.name
    return f"{name} = {setting(found.values[index])}"


def _alone(found: Retuned) -> str:
    """What the comparison without tuning showed."""
    name = found.subject.axis.name
    if found.subject.measured.verdict == "better value":
        return f"{name} = {setting(found.subject.best_value)} is better"
    if is_determined(found.untuned) and found.untuned.high < found.worth:
        return f"{name} = {setting(found.values[found.best])} gains nothing"
    return f"no value of {name} is surely better"


def _better(found: Retuned) -> Finding:
    name = found.subject.axis.name
    gained = gain(found.metric, found.gain)
    value, tuned = found.values[found.best], found.tuned[found.best]
    agrees = found.subject.measured.verdict == "better value" and found.subject.best_value == value
    surely = found.gain.low > THRESHOLDS.problem_worths * found.worth
    title = (
        f"{_at(found, found.best)} is better whether {found.nuisance} is tuned for it or not: {gained} tuned"
        if agrees
        else f"With {found.nuisance} at its default, {_alone(found)}; tuned for each value, "
        f"{_at(found, found.best)} gains {gained}"
    )
    point = {name: value, found.nuisance: tuned}
    return CHECK.finding(
        "problem" if surely and not agrees else "advice",
        title,
        explanation=(
            f"Both sides are tuned: {_at(found, found.default)} with {found.nuisance} = "
            f"{setting(found.tuned[found.default])}, {_at(found, found.best)} with {found.nuisance} = "
            f"{setting(tuned)}. The level is chosen on other repeats than those it is scored in."
        ),
        evidence=_evidence(found),
        action=Action(
            action_of(found.subject.axis.parameter, found.values[found.default], value),
            f"Set {_at(found, found.best)} and {found.nuisance} = {setting(tuned)}.",
            param=name,
            value=point,
            gain=found.gain,
        ),
    )


def _not_better(found: Retuned) -> Finding:
    name, worth = found.subject.axis.name, amount(found.metric, found.worth)
    alone_better = found.subject.measured.verdict == "better value"
    if found.settled and alone_better:
        return CHECK.finding(
            "advice",
            f"{name} = {setting(found.subject.best_value)} is better only while {found.nuisance} is at its "
            "default",
            explanation=(
                f"Once {found.nuisance} is tuned for each value of {name}, none gains the {worth} that would "
                f"be worth having over the default {_at(found, found.default)} with {found.nuisance} = "
                f"{setting(found.tuned[found.default])}: tune {found.nuisance} first."
            ),
            evidence=_evidence(found),
            action=Action(
                "tune",
                f"Leave {name}, and tune {found.nuisance}: {setting(found.tuned[found.default])} suits the "
                "default.",
                param=found.nuisance,
                value=found.tuned[found.default],
            ),
        )
    if found.settled:
        return CHECK.finding(
            "passed",
            f"{name} gains nothing either once {found.nuisance} is tuned for each value",
            explanation=f"No value can gain the {worth} that would be worth having over the default.",
            evidence=_evidence(found),
            action=Action("none", f"Leave {_at(found, found.default)}."),
        )
    return CHECK.finding(
        "inconclusive",
        f"Cannot tell yet whether {name} gains once {found.nuisance} is tuned for each value",
        explanation=(
            f"With {found.nuisance} at its default, {_alone(found)}. Tuned, the best value looks "
            f"{gain(found.metric, found.gain)}: more repeats (--repeats) or rows would tell."
            if is_determined(found.gain)
            else f"With {found.nuisance} at its default, {_alone(found)}; tuned, the default looks best, but "
            f"a gain of {worth} elsewhere is not ruled out."
        ),
        evidence=_evidence(found),
    )


def _evidence(found: Retuned) -> dict[str, Any]:
    return {
        "param": found.subject.axis.name,
        "nuisance": found.nuisance,
        "values": found.values,
        "tuned_for_each": found.tuned,
        "best_value": found.values[found.best],
        "n": int(found.comparisons.repeats[found.default]),
        "gain": found.gain,
        "gain_without_tuning": found.untuned,
        "difference_to_default": found.comparisons.intervals,
        "p_better": float(found.comparisons.p_better[found.best]),
        "smallest_gain_worth_having": found.worth,
    }
