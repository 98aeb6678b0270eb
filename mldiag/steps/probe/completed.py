"""A recording whose arrays go together, whatever of them is missing or was measured by an older version."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.recording.recorded import Recording

TOGETHER: tuple[tuple[str, ...], ...] = (
    ("gradient/norm", "weight/norm", "update/norm"),
    ("output/mean", "output/sd", "output/off", "output/dead", "output/full", "output/row_sd"),
    ("attention/entropy", "attention/narrow"),
    ("batch/rows", "batch/right"),
    ("batch/error", "batch/target_sd"),
    ("batch/mu_variance", "batch/kl"),
    ("embedding/spread", "embedding/size"),
    ("input/mean", "input/sd", "input/largest"),
    ("eval/samples/coverage", "eval/samples/own_distance", "eval/samples/typical_distance"),
)
"""Arrays of one shape, measured together."""

LISTS = (
    "networks",
    "parameters",
    "layers",
    "optimizers",
    "beginning",
    "gates",
    "notices",
    "not_seen",
)
"""Facts that are lists."""

Arrays = dict[str, NDArray[Any]]

_STEPPED = (
    ("loss/step", ("loss/mean", "loss/high")),
    ("sample/step", ("weight/norm", "gradient/norm", "output/sd", "batch/rows", "lr")),
    ("eval/step", ("eval/score", "eval/valid/loss")),
)


def completed(recording: Recording) -> Recording:
    """The recording with NaN for what should be there, and without what fits nothing.

    Args:
        recording: What was measured.

    Example:
        >>> found = completed(Recording({"steps": 1}, {"input/mean": np.zeros((8, 3))}))
        >>> found.series("input/sd").shape, found.facts["layers"]
        ((8, 3), [])
    """
    facts = {name: recording.facts.get(name) or [] for name in LISTS}
    arrays = _with_steps({name: np.asarray(value) for name, value in recording.arrays.items()})
    for names in TOGETHER:
        there = [name for name in names if name in arrays and arrays[name].size]
        shapes = {arrays[name].shape for name in there}
        if len(shapes) > 1:
            arrays = {name: value for name, value in arrays.items() if name not in names}
        elif there:
            shape = shapes.pop()
            arrays |= {name: np.full(shape, np.nan) for name in names if name not in there}
    return Recording({**recording.facts, **facts}, arrays)


def _with_steps(arrays: Arrays) -> Arrays:
    """Every series with steps of its own length: numbered where they are missing."""
    for steps, names in _STEPPED:
        rows = max((len(arrays[name]) for name in names if name in arrays), default=0)
        if rows and len(arrays.get(steps, ())) != rows:
            arrays[steps] = np.arange(rows, dtype=float)
    return arrays
