"""How many labels a learner that never saw them contradicts with confidence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def confident_disagreement(
    truth: NDArray[Any], probabilities: NDArray[np.float64], classes: NDArray[Any]
) -> float:
    """Share of rows that are confidently of another class than their label says.

    A row is confidently of a class if the class gets at least the mean probability that it gets in the
    rows labelled with it (Northcutt, Jiang and Chuang 2021, confident learning, section 3.1).

    Args:
        truth: Labels, shape (n,).
        probabilities: Out of sample, shape (n, classes).
        classes: The class of each column, shape (classes,).

    Example:
        >>> labels = np.array(["a", "a", "b", "b"])
        >>> chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.9, 0.1]])
        >>> confident_disagreement(labels, chances, np.array(["a", "b"]))
        0.25
    """
    labelled = truth[:, None] == classes[None, :]
    counts = labelled.sum(axis=0)
    sums = np.where(labelled, probabilities, 0.0).sum(axis=0)
    needed = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    confident = probabilities >= needed
    likeliest = np.where(confident, probabilities, -1.0).argmax(axis=1)
    disagrees = confident.any(axis=1) & ~labelled[np.arange(len(truth)), likeliest]
    return float(disagrees.mean())
