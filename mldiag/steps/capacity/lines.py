"""What is compared with the model as it stands: one line each, with its trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mldiag.declaration import Experiment
from mldiag.reference.families import NAMES
from mldiag.reference.specs import reference_spec, why_no_references
from mldiag.steps.capacity.lengths import FIDELITIES, lengths
from mldiag.steps.capacity.moves import Move, moves
from mldiag.steps.capacity.settings import Settings
from mldiag.steps.memorising import may_count_epochs
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain, TrialSpec
from mldiag.wording import setting

LineKind = Literal["capacity", "regularization", "duration", "epochs", "references", "dummy"]

EPOCHS = "epochs"
"""Name of the line that trains longer and shorter through `trial.epochs`."""

OTHERS = ("references", "dummy")
"""Lines that train other models."""

YOURS = "yours"
"""How the model as it stands is called beside the references."""

COUNTED = 1.5
"""A trial that was asked for twice the training and reached this share of it counts with `trial.epochs`."""


@dataclass(frozen=True)
class Line:
    """One family of comparisons with the model as it stands.

    Args:
        name: A parameter's name, `epochs`, `references` or `dummy`.
        kind: What it is about.
        values: What is compared: values of the parameter, shares of the training, or names of families.
        default: Position of the model as it stands.
        move: The parameter that moves, or None.
    """

    name: str
    kind: LineKind
    values: tuple[Plain, ...]
    default: int
    move: Move | None = None

    @property
    def ordered(self) -> bool:
        """Whether the values have an order."""
        return self.kind not in ("references", "dummy") and (self.move is None or self.move.ordered)

    def shown(self, index: int) -> str:
        """A value for a person."""
        if self.kind == EPOCHS:
            return f"{setting(self.values[index])}x"
        return setting(self.values[index])


def lines_of(experiment: Experiment, settings: Settings) -> tuple[Line, ...]:
    """Every line that the experiment allows; longer training is among them where it may work."""
    moved = moves(experiment) if settings.moves else ()
    found = [Line(m.name, m.kind, m.values, m.default, m) for m in moved]
    if epochs_probe(experiment) is not None:
        found.append(Line(EPOCHS, "epochs", FIDELITIES, FIDELITIES.index(1.0)))
    if not why_no_references(experiment):
        learners = tuple(name for name in settings.named if name != NAMES[0])
        if learners:
            found.append(Line("references", "references", (YOURS, *learners), 0))
        if NAMES[0] in settings.named:
            found.append(Line("dummy", "dummy", (YOURS, NAMES[0]), 0))
    return tuple(found)


def line_grid(
    experiment: Experiment, line: Line, repeats: int | Sequence[int]
) -> list[list[TrialSpec]]:
    """Specs of a line by value and repeat."""
    chosen = range(repeats) if isinstance(repeats, int) else repeats
    return [[_spec(experiment, line, value, repeat) for repeat in chosen] for value in line.values]


def _spec(experiment: Experiment, line: Line, value: Plain, repeat: int) -> TrialSpec:
    if line.kind == EPOCHS:
        return experiment.spec(repeat=repeat, fidelity=float(str(value)))
    if line.kind in ("references", "dummy"):
        if value == YOURS:
            return experiment.spec(repeat=repeat)
        return reference_spec(experiment, str(value), repeat)
    return experiment.spec({line.name: value}, repeat=repeat)


def epochs_probe(experiment: Experiment) -> TrialSpec | None:
    """The trial that tells whether `trial.epochs` counts; None where it is known not to.

    A declared duration says the same more plainly, so that it is not asked twice.
    """
    declared = any(move.kind == "duration" for move in moves(experiment))
    if declared or not may_count_epochs(experiment):
        return None
    return experiment.spec(repeat=0, fidelity=FIDELITIES[-1])


def counts_epochs(experiment: Experiment, results: Sequence[TrialResult]) -> bool:
    """Whether asking for twice the training gave it."""
    probe = epochs_probe(experiment)
    found = {result.spec.digest: result for result in results}
    result = None if probe is None else found.get(probe.digest)
    return result is not None and result.fidelity_reached >= COUNTED


def present_lines(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> tuple[Line, ...]:
    """The lines that have trials, now that it is known whether the training can be made longer."""
    lines = lines_of(experiment, settings)
    if not counts_epochs(experiment, results):
        return tuple(line for line in lines if line.kind != EPOCHS)
    tried = lengths(experiment, settings, results)
    return tuple(replace(line, values=tried) if line.kind == EPOCHS else line for line in lines)
