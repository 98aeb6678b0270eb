"""Can the model memorise a few rows? Trials that score on the rows they train on, and what came of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mldiag.declaration import Experiment
from mldiag.parameters import Categorical
from mldiag.reference.specs import why_no_references
from mldiag.steps.capacity.lines import (
    EPOCHS,
    Line,
    counts_epochs,
    lines_of,
)
from mldiag.steps.capacity.settings import Settings
from mldiag.steps.memorising import (
    DRAWS,
    MEMORISED,
    as_many_updates,
    memorising_reference,
    memorising_spec,
    rows_to_memorise,
    share_of_way,
)
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain, TrialSpec
from mldiag.wording import setting

REPEATS = DRAWS
"""Draws of the rows to memorise: it is no small difference that is asked for."""

LONGER = 4.0


@dataclass(frozen=True)
class Memorised:
    """One setting on the rows to memorise.

    Args:
        label: The setting for a person.
        line: Name of the line that it moves, or empty.
        value: The value.
        score: Mean score on the rows that it trained on, in the user's metric.
        share: Way from a dummy (0) to all that can be memorised (1); NaN where it cannot be told.
    """

    label: str
    line: str
    value: Plain
    score: float
    share: float


@dataclass(frozen=True)
class Memory:
    """The model and its variants on a few rows.

    Args:
        rows: How many.
        yours: The model as it stands.
        dummy: Score of a dummy on the same rows; NaN where there is none.
        most: What can be memorised: equal rows with different targets cannot.
        variants: With more capacity, less regularization and longer training, where these were tried.
    """

    rows: int
    yours: Memorised
    dummy: float
    most: float
    variants: tuple[Memorised, ...] = ()

    @property
    def memorises(self) -> bool:
        """Whether the model memorises the rows."""
        return self.yours.share >= MEMORISED


def memorise_rows(experiment: Experiment, settings: Settings) -> int:
    """Rows to memorise: as asked, more where there are many classes, and 0 where it cannot be done."""
    return rows_to_memorise(experiment, settings.memorise)


def memorise_specs(experiment: Experiment, settings: Settings) -> list[TrialSpec]:
    """The model, a dummy and a table of the rows on the same few rows."""
    rows = memorise_rows(experiment, settings)
    if not rows:
        return []
    specs = _own(experiment, settings, {}, 1.0)
    if not why_no_references(experiment):
        for family in ("dummy", "lookup"):
            specs += _of_reference(experiment, settings, family)
    return specs


def variant_specs(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> list[TrialSpec]:
    """What may be the cause, where the model does not memorise: small, held back, or trained too little."""
    memory = measure_memory(experiment, settings, results)
    if memory is None or memory.memorises or math.isnan(memory.yours.share):
        return []
    return [
        spec
        for _, _, _, params, times in _variants(experiment, settings, results)
        for spec in _own(experiment, settings, params, times)
    ]


def measure_memory(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Memory | None:
    """What the trials say; None where none of the model's has a score."""
    rows = memorise_rows(experiment, settings)
    if not rows:
        return None
    found = {result.spec.digest: result for result in results}
    metric, references = experiment.metric, not why_no_references(experiment)

    def mean(specs: Sequence[TrialSpec]) -> float:
        scores = [found[s.digest].score(metric.name) for s in specs if s.digest in found]
        scores = [score for score in scores if math.isfinite(score)]
        return sum(scores) / len(scores) if scores else math.nan

    dummy = mean(_of_reference(experiment, settings, "dummy")) if references else math.nan
    most = mean(_of_reference(experiment, settings, "lookup")) if references else math.nan
    yours = mean(_own(experiment, settings, {}, 1.0))
    if math.isnan(yours):
        return None

    def memorised(label: str, line: str, value: Plain, score: float) -> Memorised:
        share = share_of_way(metric, score, dummy=dummy, most=most)
        return Memorised(label, line, value, score, share)

    variants = []
    for label, line, value, params, times in _variants(experiment, settings, results):
        score = mean(_own(experiment, settings, params, times))
        if math.isfinite(score):
            variants.append(memorised(label, line, value, score))
    own = memorised("as it stands", "", None, yours)
    return Memory(rows, own, dummy, most, tuple(variants))


Variant = tuple[str, str, Plain, dict[str, Plain], float]


def _variants(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> list[Variant]:
    """What may hold the model back, each loosened alone and then all together."""
    found: list[Variant] = []
    for line in lines_of(experiment, settings):
        value = _towards_memory(line)
        if value != line.values[line.default]:
            label = f"{line.name} = {setting(value)}"
            found.append((label, line.name, value, {line.name: value}, 1.0))
    longer = LONGER if counts_epochs(experiment, results) else 1.0
    if longer > 1:
        found.append((f"{LONGER:g} times the epochs", EPOCHS, LONGER, {}, LONGER))
    if len(found) > 1:
        everything = {name: value for _, _, _, params, _ in found for name, value in params.items()}
        found.append(("everything loosened", "", None, everything, longer))
    return found


def _towards_memory(line: Line) -> Plain:
    """The value with which a model should memorise best: a penalty is taken to the end of its range."""
    move = line.move
    if move is None or not line.ordered:
        return line.values[line.default]
    if move.kind != "regularization" or isinstance(move.parameter, Categorical):
        return line.values[0 if move.kind == "regularization" else -1]
    if move.parameter.zero:
        return move.parameter.coerce(0)
    return move.parameter.low if move.parameter.increases else move.parameter.high


def _own(
    experiment: Experiment, settings: Settings, params: dict[str, Plain], times: float
) -> list[TrialSpec]:
    """Trials of the model; with `trial.epochs`, few rows get as many updates as the full training."""
    rows = memorise_rows(experiment, settings)
    updates = as_many_updates(experiment, rows)
    return [
        memorising_spec(experiment, rows, params=params, repeat=repeat, fidelity=updates * times)
        for repeat in range(min(REPEATS, settings.repeats))
    ]


def _of_reference(experiment: Experiment, settings: Settings, family: str) -> list[TrialSpec]:
    rows = memorise_rows(experiment, settings)
    return [
        memorising_reference(experiment, family, rows, repeat=repeat)
        for repeat in range(min(REPEATS, settings.repeats))
    ]
