"""Which trials tell whether the model is insufficient: a first look at all, a second where it is open."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.steps.capacity.lines import (
    EPOCHS,
    OTHERS,
    Line,
    epochs_probe,
    line_grid,
    lines_of,
    present_lines,
)
from mldiag.steps.capacity.measured import FIRST_REPEATS, MeasuredLine, measure_lines
from mldiag.steps.capacity.memorising import memorise_specs, variant_specs
from mldiag.steps.capacity.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


def plan(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult] = (),
    remaining_seconds: float | None = None,
) -> list[TrialSpec]:
    """Trials that have no result yet; an empty list where everything is told.

    First, everything three times and one training of twice the length, which tells whether longer ones can
    be had; then these, and what may be the cause where the model does not memorise; then two more repeats
    of what could still gain something. Within a budget the model's own trainings come before other models,
    which may cost more than they do.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What has come back.
        remaining_seconds: Time left, in seconds, or None without a budget.
    """
    if remaining_seconds is not None and remaining_seconds <= 0:
        return []
    known = {result.spec.digest for result in results}

    def missing(specs: Sequence[TrialSpec]) -> list[TrialSpec]:
        return [spec for spec in dict.fromkeys(specs) if spec.digest not in known]

    every = lines_of(experiment, settings)
    own = [line for line in every if line.kind not in OTHERS]
    first = missing(_first_round(experiment, settings, every if remaining_seconds is None else own))
    if first:
        return first
    causes = missing(_second_round(experiment, settings, results))
    if causes:
        return causes
    others = missing(_first_round(experiment, settings, every))
    if others:
        return others
    return missing(_second_look(experiment, settings, results))


def _first_round(
    experiment: Experiment, settings: Settings, lines: Sequence[Line]
) -> list[TrialSpec]:
    repeats = min(FIRST_REPEATS, settings.repeats)
    specs = [experiment.spec(repeat=repeat) for repeat in range(repeats)]
    for line in lines:
        if line.kind != EPOCHS:
            specs += _by_repeat(line_grid(experiment, line, repeats))
    probe = epochs_probe(experiment)
    return [*specs, *([probe] if probe else []), *memorise_specs(experiment, settings)]


def _second_round(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> list[TrialSpec]:
    repeats = min(FIRST_REPEATS, settings.repeats)
    specs = variant_specs(experiment, settings, results)
    for line in present_lines(experiment, settings, results):
        if line.kind == EPOCHS:
            specs += _by_repeat(line_grid(experiment, line, repeats))
    return specs


def _second_look(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> list[TrialSpec]:
    """More repeats of what could still be worth having, and of the model as it stands."""
    more = range(FIRST_REPEATS, settings.repeats)
    if not more:
        return []
    lines = present_lines(experiment, settings, results)
    specs: list[TrialSpec] = []
    for found in measure_lines(experiment, settings, lines, results, first_look=True):
        if found.verdict == "open":
            grid = line_grid(experiment, found.line, more)
            specs += _by_repeat([grid[index] for index in _hopeful(found)])
    return specs


def _hopeful(found: MeasuredLine) -> list[int]:
    """The default, and the values whose gain may still be worth having."""
    values = [int(i) for i in found.comparisons.candidates if found.high(i) >= found.worth]
    return [found.line.default, *values]


def _by_repeat(grid: Sequence[Sequence[TrialSpec]]) -> list[TrialSpec]:
    return [spec for column in zip(*grid, strict=True) for spec in column]
