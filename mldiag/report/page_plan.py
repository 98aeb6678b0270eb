"""What only the page of a check-up has: its plan, its checklist and what it cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mldiag.findings import Action, Report
from mldiag.metrics import Metric
from mldiag.report.console import report_metric
from mldiag.report.from_record import action_from, interval_from, number_from
from mldiag.report.page_bars import Bar, bars
from mldiag.report.page_language import Language
from mldiag.steps import STEPS
from mldiag.wording import number, score

_BASES = ("measured", "forecast", "advised")


class Advice(NamedTuple):
    """One line of the plan."""

    rank: int
    text: str
    more: str
    gain: str
    number: float | None
    bar: Bar | None
    basis: str
    sure: bool
    step: str
    anchor: str
    code: str
    cost: str
    note: str


class Done(NamedTuple):
    """One step of the checklist as it went."""

    step: str
    question: str
    outcome: str
    word: str
    headline: str
    anchor: str
    time: str
    seconds: float | None
    trainings: float | None
    why: str


def plan_of(report: Report, anchors: Mapping[str, str], language: Language) -> list[Advice]:
    """The ranked actions, best first; of a single step, those of its findings.

    Args:
        report: The report.
        anchors: Places of the steps within the page.
        language: How the page says it.
    """
    metric = report_metric(report)
    listed = ranked_of(report)
    gains = [interval_from(one.get("gain")) for one in listed]
    texts = [_advice(one, metric, language) for one in listed]
    return [
        Advice(
            rank=rank,
            text=text,
            more=more,
            gain=language.gain(metric, known) if known else "",
            number=known.estimate if known else None,
            bar=bar,
            basis=_basis(one, language),
            sure=not _unsure(one),
            step=str(one.get("step") or ""),
            anchor=anchors.get(str(one.get("step")), ""),
            code=str(one.get("code") or ""),
            cost=str(one.get("cost") or ""),
            note=str(one.get("note") or ""),
        )
        for rank, (one, known, bar, (text, more)) in enumerate(
            zip(listed, gains, bars(gains), texts, strict=True), start=1
        )
    ]


def _advice(one: Mapping[str, Any], metric: Metric, language: Language) -> tuple[str, str]:
    """The action of a line in the page's language; of a kind that is not known, its own text."""
    action = action_from(one)
    return (str(one.get("text") or ""), "") if action is None else language.advice(action, metric)


def _basis(one: Mapping[str, Any], language: Language) -> str:
    """How a gain is known; one that noise may explain says so."""
    labels = language.labels
    known = labels[one["basis"]] if one.get("basis") in _BASES else ""
    return language.joined(known, labels["unsure"] if _unsure(one) else "")


def told_of(best: Advice, language: Language) -> str:
    """What else is to be known of the action that comes next, in a line."""
    labels = language.labels
    level = language.joined(labels["level"], best.basis) if best.gain else ""
    cost = labels["cost"].format(cost=best.cost) if best.cost else ""
    return language.said(level, cost, best.note)


def _unsure(one: Mapping[str, Any]) -> bool:
    return one.get("claimed") is False and one.get("gain") is not None


def ranked_of(report: Report) -> list[Mapping[str, Any]]:
    """The actions of a report as plain data, best first."""
    listed = report.result.get("ranked")
    if report.step == "checkup" and isinstance(listed, Sequence) and not isinstance(listed, str):
        return [one for one in listed if isinstance(one, Mapping)]
    return [_plain(f.action, f.code, report.step) for f in report.findings if f.action is not None]


def _plain(action: Action, code: str, step: str) -> dict[str, Any]:
    known = action.gain
    ends = None if known is None else {n: getattr(known, n) for n in ("estimate", "low", "high")}
    return {"text": action.text, "param": action.param, "value": action.value,
            "gain": ends, "step": step, "code": code, "cost": action.cost,
            "kind": action.kind}  # fmt: skip


class Asked(NamedTuple):
    """A step that a check-up was to ask: what is told of it, and its report where there is one."""

    name: str
    told: Mapping[str, Any]
    report: Report | None
    anchor: str


def asked_of(report: Report) -> list[Asked]:
    """The steps of a check-up with their reports, in its order; a step may be asked twice.

    Args:
        report: The check-up's report.
    """
    listed = report.result.get("steps")
    told = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    left = list(report.steps)
    asked: list[Asked] = []
    for one in told:
        own = next((each for each in left if _is_of(each, one)), None)
        if own is not None:
            left.remove(own)
        asked.append(_asked(str(one.get("name")), one, own, len(asked)))
    for own in left:
        asked.append(_asked(own.step, {}, own, len(asked)))
    return asked


def _asked(name: str, told: Mapping[str, Any], own: Report | None, place: int) -> Asked:
    return Asked(name, told, own, f"step-{place + 1}" if own else "")


def _is_of(report: Report, told: Mapping[str, Any]) -> bool:
    """Whether a report is the answer of this entry: `remedies`, for one, are asked of the audit."""
    same = (report.outcome, report.headline) == (told.get("outcome"), told.get("headline"))
    return same or report.step == told.get("name")


def checklist_of(report: Report, language: Language) -> list[Done]:
    """How each step went; those that were asked for and gave no report too."""
    return [_done(one, language) for one in asked_of(report)]


def _done(asked: Asked, language: Language) -> Done:
    labels, questions = language.labels, {step.name: step.question for step in STEPS}
    own, told = asked.report, asked.told
    status = str(told.get("status") or "done")
    word = language.outcome(own.outcome) if own else labels.get(f"status_{status}", status)
    why = str(told.get("why") or "")
    if own is not None and status == "cut":
        why = language.joined(labels["status_cut"], why)
    seconds, trainings = number_from(told.get("seconds")), number_from(told.get("trainings"))
    name = own.step if own else asked.name
    known = not math.isnan(seconds) and status != "skipped"
    return Done(
        step=asked.name,
        question=language.question(name, questions.get(name, "")),
        outcome=own.outcome if own else ("problem" if status == "failed" else "skipped"),
        word=word,
        headline=own.headline if own else str(told.get("headline") or ""),
        anchor=asked.anchor,
        time=language.duration(seconds) if known else "",
        seconds=seconds if known else None,
        trainings=None if math.isnan(trainings) or not known else trainings,
        why=why,
    )


def facts_of(report: Report, language: Language) -> list[tuple[str, str]]:
    """The few numbers that stand beside the verdict."""
    labels = language.labels
    metric = report_metric(report)
    better = labels["higher"] if metric.maximize else labels["lower"]
    facts = [(labels["metric"], language.joined(metric.name, better))]
    baseline = report.result.get("baseline")
    if report.step != "checkup" or not isinstance(baseline, Mapping):
        return [*facts, (labels["trials"], language.trials(report))]
    at, spread = number_from(baseline.get("score")), number_from(baseline.get("sd"))
    told = labels["now_n"].format(
        score=score(metric, at), sd=score(metric, spread), n=baseline.get("n", "?")
    )
    facts.append((labels["now"], told))
    spent, budget, trainings = (
        number_from(report.result.get(name))
        for name in ("spent_seconds", "budget_seconds", "spent_trainings")
    )
    time = language.duration(spent)
    if not math.isnan(budget):
        time = labels["spent_of"].format(spent=time, budget=language.duration(budget))
    parts = [
        time,
        "" if math.isnan(trainings) else labels["spent_trainings"].format(n=number(trainings, 2)),
    ]
    return [*facts, (labels["spent"], language.joined(*parts))]
