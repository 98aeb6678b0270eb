"""What a batch in NumPy tells of the predictions on it, in the words of the watch of a network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = dict[str, NDArray[Any]]


def batch_numbers(outputs: NDArray[Any], targets: NDArray[Any], *, classes: bool) -> Numbers:
    """Numbers of one batch.

    Args:
        outputs: Probabilities of shape (rows, classes) or (rows, 1), or values of shape (rows, outputs).
        targets: Ones and zeros, or values, of the same shape.
        classes: Whether they are classes, one a row.

    Returns:
        `batch/...` by name, as a watch records them; empty where rows may have several classes.

    Example:
        >>> shares, truth = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[1, 0], [1, 0]])
        >>> found = batch_numbers(shares, truth, classes=True)
        >>> float(found["batch/right"]), found["batch/predicted"].tolist()
        (1.0, [1.0, 1.0])
    """
    outputs = np.asarray(outputs, dtype=np.float64)
    targets = np.asarray(targets, dtype=np.float64).reshape(len(outputs), -1)
    rows = np.array(float(len(outputs)))
    if not classes:
        gap = outputs - targets
        return {
            "batch/rows": rows,
            "batch/output_sd": outputs.std(0).mean(),
            "batch/target_sd": targets.std(0).mean(),
            "batch/output_mean": outputs.mean(),
            "batch/target_mean": targets.mean(),
            "batch/error": np.sqrt((gap**2).mean()),
        }
    if outputs.shape[1] == 1:
        outputs = np.column_stack([1.0 - outputs[:, 0], outputs[:, 0]])
        targets = np.column_stack([1.0 - targets[:, 0], targets[:, 0]])
    if not (targets.sum(1) == 1).all():
        return {}
    logits = np.log(np.clip(outputs, 1e-12, None))
    logits = logits - logits.mean(1, keepdims=True)
    picked, true = outputs.argmax(1), targets.argmax(1)
    width = outputs.shape[1]
    return {
        "batch/predicted": np.bincount(picked, minlength=width).astype(float),
        "batch/true": np.bincount(true, minlength=width).astype(float),
        "batch/rows": rows,
        "batch/right": np.array(float((picked == true).sum())),
        "batch/logit_spread": logits.std(0).mean(),
        "batch/logit_size": np.abs(logits).mean(),
        "batch/confidence": outputs.max(1).mean(),
    }
