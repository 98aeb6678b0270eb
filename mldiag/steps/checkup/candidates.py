"""What the steps would have done: every remedy with its gain, each once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from scipy import special

from mldiag.declaration import Experiment
from mldiag.findings import Action, ActionKind, Finding, Interval, Report
from mldiag.roles import action_of
from mldiag.steps.checkup.gathered import Gathered
from mldiag.trial_spec import Plain
from mldiag.wording import setting

Basis = Literal["measured", "forecast", "advised"]

SHOWN_Z = float(special.ndtri(0.9))
"""Standard errors from the estimate to an end of an 80 % interval."""


@dataclass(frozen=True)
class Candidate:
    """A remedy that may be the next thing to do.

    Args:
        kind: Kind of the action.
        finding: The finding that it comes from.
        step: The step.
        text: What to do, for a person.
        param: The parameter that moves, or None.
        value: Its new value, or the family.
        gain: Its gain as the step tells it; None where nothing was measured.
        p: One-sided p-value of "it helps", corrected for what the step compared; NaN where unknown.
        basis: Whether trainings have measured the gain, or a curve forecasts it, or it is advised only.
        cost: What it costs, for a person.
        seen_in: A problem of the training itself that asks for the same, found by looking into it.
    """

    kind: ActionKind
    finding: Finding
    step: str
    text: str
    param: str | None = None
    value: Plain = None
    gain: Interval | None = None
    p: float = math.nan
    basis: Basis = "measured"
    cost: str = ""
    seen_in: Finding | None = None

    @property
    def key(self) -> tuple[str, object]:
        """What makes two candidates the same remedy."""
        return (self.kind if self.param is None else "set", self.param or self.value)


def candidates_of(experiment: Experiment, gathered: Gathered) -> list[Candidate]:
    """Every remedy of every step, in the order asked; of the same remedy the better known."""
    found: dict[tuple[str, object], Candidate] = {}
    for asked in gathered.asked:
        if asked.report is None:
            continue
        for candidate in _of_report(experiment, asked.report):
            known = found.get(candidate.key)
            found[candidate.key] = candidate if known is None else _merged(candidate, known)
    return list(found.values())


def p_of(interval: Interval | None) -> float:
    """One-sided p-value of "above zero" that an 80 % interval stands for; NaN where it has no ends.

    Example:
        >>> round(p_of(Interval(0.02, 0.0, 0.04)), 3)
        0.1
    """
    if interval is None or not math.isfinite(interval.low) or not math.isfinite(interval.high):
        return math.nan
    error = (interval.high - interval.low) / (2 * SHOWN_Z)
    return float(special.ndtr(-interval.estimate / error)) if error > 0 else math.nan


def _of_report(experiment: Experiment, report: Report) -> Iterable[Candidate]:
    for finding in report.findings:
        if finding.action is not None and finding.outcome in ("problem", "advice"):
            if finding.action.kind != "none":
                yield _asked_for(experiment, finding, finding.action, report.step)
        elif finding.outcome in ("inconclusive", "passed"):
            open_one = _open_one(experiment, finding, report.step)
            if open_one is not None:
                yield open_one


def _asked_for(experiment: Experiment, finding: Finding, action: Action, step: str) -> Candidate:
    p = finding.evidence.get("p_better", math.nan)
    if finding.slug == "more-data":
        p = 1 - float(finding.evidence.get("chance_of_gain_worth_having", math.nan))
    p = float(p) if isinstance(p, (int, float)) and math.isfinite(p) else p_of(action.gain)
    basis: Basis = "forecast" if finding.slug == "more-data" else "measured"
    value = action.value if isinstance(action.value, (bool, int, float, str, tuple)) else None
    return Candidate(
        action.kind, finding, step, action.text, _param_of(experiment, action.param), value, action.gain, p,
        "advised" if action.gain is None else basis, action.cost,
    )  # fmt: skip


def _param_of(experiment: Experiment, name: str | None) -> str | None:
    """The parameter by its own name: inside a training every learning rate is called `lr`."""
    if name is None or name in experiment.params:
        return name
    rates = [own for own, one in experiment.params.items() if one.role == "learning_rate"]
    return rates[0] if name == "lr" and len(rates) == 1 else name


def _open_one(experiment: Experiment, finding: Finding, step: str) -> Candidate | None:
    """What a step could not decide, with the gain that it saw."""
    evidence = finding.evidence
    if finding.slug == "more-data" and finding.outcome == "inconclusive":
        chance = float(evidence.get("chance_of_gain_worth_having") or math.nan)
        gain = _interval(evidence.get("gain_at_2x"))
        text = "Collect as many rows again, of the same kind."
        return Candidate(
            "more_data", finding, step, text, gain=gain, p=1 - chance, basis="forecast"
        )
    gain, best = _interval(evidence.get("gain")), evidence.get("best_value")
    if evidence.get("reference") == "dummy" or gain is None or best is None:
        return None
    if not math.isfinite(gain.estimate) or gain.estimate <= 0:
        return None
    p = float(evidence.get("p_better", math.nan))
    p = p if math.isfinite(p) else p_of(gain)
    name = str(evidence.get("param", ""))
    if name in experiment.params:
        parameter = experiment.params[name]
        kind = action_of(parameter, parameter.default, best)
        text = f"Set {name} = {setting(best)}."
        return Candidate(kind, finding, step, text, name, best, gain, p)
    if finding.slug == "reference-families" and isinstance(best, str):
        text = f"Use {best} as the model's family."
        return Candidate("change_model", finding, step, text, None, best, gain, p)
    if finding.slug == "longer-training" and isinstance(best, (int, float)) and best > 1:
        text = f"Train {best:g} times as long."
        return Candidate("train_longer", finding, step, text, None, best, gain, p)
    return None


def _interval(given: Any) -> Interval | None:
    if isinstance(given, Interval):
        return given
    if isinstance(given, Mapping) and given.get("estimate") is not None:
        ends = [
            math.nan if given.get(end) is None else float(given[end]) for end in ("low", "high")
        ]
        return Interval(float(given["estimate"]), *ends)
    return None


def _merged(new: Candidate, old: Candidate) -> Candidate:
    """The better known of two candidates for the same, with what was seen inside the training."""
    kept = new if _better_known(new, old) else old
    seen = next(
        (
            one.seen_in or one.finding
            for one in (new, old)
            if one.seen_in is not None
            or (one.gain is None and one.step == "probe" and one.finding.outcome == "problem")
        ),
        None,
    )
    return kept if kept.gain is None else replace(kept, seen_in=seen)


def _better_known(new: Candidate, old: Candidate) -> bool:
    """A measured gain before an advice, a claim before an open question, then the smaller p-value."""

    def rank(one: Candidate) -> tuple[bool, bool, float]:
        p = one.p if math.isfinite(one.p) else 1.0
        return one.gain is not None, one.finding.outcome in ("problem", "advice"), -p

    asked_again = (
        new.finding.code == old.finding.code
    )  # the audit: first without a training, then with
    return rank(new) > rank(old) or (asked_again and rank(new) == rank(old))
