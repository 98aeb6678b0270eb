"""What a check-up of a patient said, and how right it was by the measured truth."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mldiag.errors import MldiagError
from patients.common import Change, Patient

ENOUGH = 0.5
"""A value is right where it truly gains at least this share of what the best value of its parameter gains."""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Answer:
    """What one check-up said.

    Args:
        patient: Name of the patient.
        redraw: Number of the sample.
        kind: Kind of the first action; empty where it says nothing.
        param: Its parameter, or empty.
        value: Its value, or None.
        gain: Its gain as (estimate, low, high), or None.
        claims: Kinds of all actions that claim a gain.
        outcome: Outcome of the report.
        trainings: Trainings that it took, by its own count.
        seconds: Wall seconds.
        one: Seconds of one training of the patient.
        stopped_by: Code of what must be mended first, or None.
    """

    patient: str
    redraw: int
    kind: str
    param: str
    value: Any
    gain: tuple[float, float, float] | None
    claims: tuple[str, ...]
    outcome: str
    trainings: float
    seconds: float
    one: float
    stopped_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether it left the question open."""
        return not self.kind or (self.kind == "none" and self.outcome == "inconclusive")

    @property
    def shown(self) -> str:
        """The first action in a word or two."""
        return "open" if self.open else f"{self.kind} {self.param}".strip()

    def plain(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return asdict(self)


def answer_of(report: Any, patient: str, redraw: int, *, seconds: float, one: float) -> Answer:
    """Read a report."""
    actions = tuple(report.actions)
    first = actions[0] if actions else None
    gain = None if first is None or first.gain is None else first.gain
    claims = tuple(a.kind for a in actions if a.kind != "none" and a.gain is not None)
    result = report.result
    return Answer(
        patient, redraw,
        kind="" if first is None else first.kind,
        param="" if first is None else first.param or "",
        value=None if first is None else plain_value(first.value),
        gain=None if gain is None else (gain.estimate, gain.low, gain.high),
        claims=claims, outcome=report.outcome,
        trainings=float(result.get("spent_trainings") or 0), seconds=seconds, one=one,
        stopped_by=result.get("stopped_by"),
    )  # fmt: skip


def plain_value(value: Any) -> Any:
    """A value that JSON can hold."""
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)


class Judge:
    """Compares answers with the truth of one patient; asks the patient where a value was never tried.

    Args:
        patient: The patient.
        truth: What `truth.json` says of it.
    """

    def __init__(self, patient: Patient, truth: dict[str, Any]) -> None:
        self.patient, self.truth = patient, truth
        self._asked: dict[tuple[Pair, str], tuple[float, float]] = {}

    def right(self, answer: Answer) -> bool:
        """Whether the first action is truly best: an open answer never is."""
        if answer.open:
            return False
        best = [kind for kind, param in self.truth["best"] if _same(param, answer.param)]
        if answer.kind not in best:
            return False
        gain, top = self.gain(answer), self.gain_of_best(answer)
        if not answer.param:  # how much longer, or which family, is a detail
            return True
        return gain is None or top is None or gain[0] >= ENOUGH * top

    def gain_of_best(self, answer: Answer) -> float | None:
        """What the remedy gains at its best value."""
        found = [r["gain"] for r in self.truth["remedies"]
                 if r["kind"] == answer.kind and _same(r["param"], answer.param)]  # fmt: skip
        return max(found) if found else None

    def covered(self, answer: Answer) -> bool | None:
        """Whether the true gain lies in the interval of the first action; None where it claims none."""
        if answer.gain is None or answer.open or answer.kind == "none":
            return None
        gain = self.gain(answer)
        if gain is None:
            return None
        # Where labels are wrong, cleaning is scored on clean rows and all else on rows as they are.
        true = gain[0] if answer.kind == "clean_labels" else gain[1]
        return bool(answer.gain[1] <= true <= answer.gain[2])

    def gain(self, answer: Answer) -> tuple[float, float] | None:
        """What the first action truly gains, by true targets and by targets as they are; None if unknown."""
        if self.patient.only or not answer.kind or answer.kind == "none":
            return None
        if answer.param and answer.value is not None:
            return self._at(answer.kind, answer.param, answer.value)
        tried = [one for one in self.truth["tried"]
                 if one["kind"] == answer.kind and _same(one["param"], answer.param)]  # fmt: skip
        if answer.value is not None:
            named = [
                one
                for one in tried
                if one["value"] == answer.value or str(one["value"]) == str(answer.value)
            ]
            tried = named or tried
        if not tried:
            return None
        best = max(tried, key=lambda one: float(np.nan_to_num(np.mean(one["gains"]), nan=-9e9)))
        return float(np.mean(best["gains"])), float(np.mean(best["shown"]))

    def _at(self, kind: str, param: str, value: Any) -> tuple[float, float] | None:
        key = ((kind, param), repr(value))
        for one in self.truth["tried"]:
            if one["param"] == param and one["value"] == value:
                return float(np.mean(one["gains"])), float(np.mean(one["shown"]))
        if key not in self._asked:
            parameter = self.patient.experiment(0).params.get(param)
            if parameter is None:
                return None
            try:
                change = Change(params=((param, parameter.coerce(value)),))
            except MldiagError:  # outside the range that was declared: nobody can tell
                return None
            scores = [self.patient.score(r, change) for r in range(self.truth["draws"])]
            base = (self.truth["baseline"], self.truth["shown_baseline"])
            gains = np.array(scores) - np.array(base).T
            self._asked[key] = float(gains[:, 0].mean()), float(gains[:, 1].mean())
        return self._asked[key]


def _same(param: str, said: str) -> bool:
    """Whether two actions of one kind are about one parameter, as far as both say."""
    return not param or not said or param == said
