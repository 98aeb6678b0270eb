"""Trials of references: how they are described, and why there may be none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mldiag.errors import MldiagError
from mldiag.reference.families import family_named
from mldiag.trial import REFERENCE
from mldiag.trial_spec import Intervention, TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


def why_no_references(experiment: Experiment) -> str:
    """Why reference learners cannot be trained, and what would enable them; empty where they can."""
    if experiment.fixed_rows:
        return experiment.fixed_rows
    from mldiag.reference.question import question_of  # scikit-learn takes a second

    try:
        question_of(experiment.train, experiment.metric, experiment.loaded)
    except MldiagError as error:
        enable = f"; that would take {error.expected}" if error.expected else ""
        return f"No reference can be trained: {error.what}{enable}."
    return ""


def reference_spec(
    experiment: Experiment,
    family: str,
    repeat: int,
    *,
    size: int | None = None,
    further: tuple[Intervention, ...] = (),
) -> TrialSpec:
    """The trial of a reference: the experiment's parameters and its code are no part of it.

    Args:
        experiment: The experiment.
        family: Name of the family.
        repeat: Which draw of the rows.
        size: Training rows; None for all.
        further: Further changes.
    """
    named = Intervention(REFERENCE, (("family", family),))
    spec = experiment.spec(repeat=repeat, size=size, interventions=(named, *further))
    return replace(spec, params=(), seed=repeat if family_named(family).seeded else 0)
