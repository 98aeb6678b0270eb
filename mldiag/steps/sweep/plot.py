"""The figure of a sweep, whichever way it asked."""

from __future__ import annotations

from matplotlib.figure import Figure

from mldiag.findings import Diagnosis
from mldiag.steps.sweep.modes import part


def plot(diagnosis: Diagnosis) -> Figure:
    """Draw the answer.

    Args:
        diagnosis: What a mode's `diagnose` has said; its own `plot` draws it.
    """
    mode = type(diagnosis).__module__.split(".")[-2]
    figure: Figure = part(mode, "plot").plot(diagnosis)
    return figure
