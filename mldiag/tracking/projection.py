"""Shows a finished run in MLflow later: what `mldiag sync` does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from mldiag.tracking.context import Projection
from mldiag.tracking.destination import Destination
from mldiag.tracking.tracker import Tracked, Tracker
from mldiag.trial_result import TrialResult

FILE_NAME = "projection.json"
"""In the folder of each run: what MLflow is shown of it, but for the trials."""


def read_projection(folder: Path) -> Projection | None:
    """What is kept in the folder of a run; None where it is gone or cannot be read."""
    try:
        return Projection.from_dict(json.loads((folder / FILE_NAME).read_text(encoding="utf-8")))
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
    ):
        return None


def project_run(
    destination: Destination,
    projection: Projection,
    results: Iterable[TrialResult],
    *,
    notice: Callable[[str], None],
) -> Tracked | None:
    """Write a run from the store; one that is there already is found, not doubled.

    A run whose writing was cut off is completed: its trials that are there stay.

    Args:
        destination: Where to write.
        projection: What the store kept of the run.
        results: Its trials.
        notice: Takes a line for the user.

    Returns:
        Where the run stands, or None if it could not be written; then a notice has said why.
    """
    results = list(results)
    tracker = Tracker(destination, projection.context, notice=notice)
    tracker.start()
    tracker.planned(result.spec for result in results)
    for result in results:
        tracker.finished(result, cached=True)
    return tracker.close(projection.answer)
