"""A recording small enough to be kept for every watched trial."""

from __future__ import annotations

from mldiag.recording.recorded import Recording

WHOLE_BYTES = 64 * 2**20
"""Bytes of all arrays together."""


def bounded(recording: Recording, limit: int = WHOLE_BYTES) -> Recording:
    """The recording without its largest arrays, where all of them would be too much.

    Args:
        recording: What was measured.
        limit: Bytes of all arrays together.

    Example:
        >>> import numpy as np
        >>> large = Recording({}, {"loss/mean": np.zeros(10), "output/on": np.zeros((10, 1000))})
        >>> small = bounded(large, limit=10_000)
        >>> [*small.arrays], small.facts["notices"]
        (['loss/mean'], ['output/on is not kept: 0.1 MB'])
    """
    arrays = dict(recording.arrays)
    notices = list(recording.facts.get("notices", ()))
    left = sum(array.nbytes for array in arrays.values())
    for name in sorted(arrays, key=lambda name: -arrays[name].nbytes):
        if left <= limit:
            break
        dropped = arrays.pop(name).nbytes
        left -= dropped
        notices.append(f"{name} is not kept: {dropped / 1e6:,.1f} MB")
        if name == "eval/inputs":
            arrays.pop("eval/input_rows", None)
    if len(notices) == len(recording.facts.get("notices", ())):
        return recording
    return Recording({**recording.facts, "notices": notices}, arrays)
