"""What to ask after a sweep that leaves nothing open."""

from __future__ import annotations

from mldiag.declaration import Experiment


def after(experiment: Experiment) -> str:
    """The amount of data, or the model where a program reads rows that mldiag does not know."""
    return "learning-curve" if experiment.splits.n_rows else "capacity"
