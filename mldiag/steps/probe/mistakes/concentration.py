"""In which slices losses are higher: found on one half of the rows, confirmed on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.steps.probe.mistakes.slices import Slice

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Concentration:
    """A slice that was found and confirmed.

    Args:
        part: The slice.
        inside: Mean loss inside, on the rows that it was not found with.
        outside: Mean loss of the other rows of which the condition is known, likewise.
        rows: Rows inside that it was confirmed on.
        p_value: Of the confirmation, corrected for all that were found.
    """

    part: Slice
    inside: float
    outside: float
    rows: int
    p_value: float


def concentrated(
    parts: Sequence[Slice], losses: Floats, finding: Mask, *, discovery: float, error: float
) -> list[Concentration]:
    """Slices with higher losses than the rest, those that lose the most first.

    On the rows of `finding` the false discovery rate over all slices is held (Benjamini and Hochberg 1995);
    on the others, every slice that was found is tested again (Holm 1979).

    Args:
        parts: The slices.
        losses: Of each row, shape (n,); 0 and 1 for right and wrong.
        finding: The rows to find them on, shape (n,).
        discovery: False discovery rate of the first look.
        error: Error of the second, over all that were found.

    Example:
        >>> random = np.random.default_rng(0)
        >>> group = np.arange(600) % 4
        >>> parts = [Slice(f"group {k}", "group", group == k, group >= 0) for k in range(4)]
        >>> losses = (random.random(600) < np.where(group == 2, 0.5, 0.1)).astype(float)
        >>> found = concentrated(parts, losses, np.arange(600) < 300, discovery=0.1, error=0.05)
        >>> [f.part.text for f in found]
        ['group 2']
    """
    if not parts:
        return []
    first = np.array([_p_value(part, losses, finding) for part in parts])
    chosen = np.flatnonzero(discovered(first, discovery))
    second = np.array([_p_value(parts[k], losses, ~finding) for k in chosen.tolist()])
    found = []
    for k, p_value in zip(chosen.tolist(), _holm(second), strict=True):
        if p_value < error:
            part = parts[k]
            inside, outside = part.inside & ~finding, part.known & ~part.inside & ~finding
            found.append(
                Concentration(
                    part, float(losses[inside].mean()), float(losses[outside].mean()),
                    int(inside.sum()), float(p_value),
                )
            )  # fmt: skip
    return sorted(found, key=lambda f: -f.rows * (f.inside - f.outside))


def _p_value(part: Slice, losses: Floats, looked: Mask) -> float:
    """That the losses inside are higher: Fisher's exact test, or ranks where they are not 0 and 1."""
    from scipy.stats import hypergeom, norm, rankdata

    known = part.known & looked
    inside = part.inside[known]
    values = losses[known]
    n, size = len(values), int(inside.sum())
    if size < 5 or n - size < 5:
        return 1.0
    if bool(((values == 0) | (values == 1)).all()):
        hits = int(values[inside].sum())
        return float(hypergeom.sf(hits - 1, n, int(values.sum()), size))
    ranks = rankdata(values)
    spread = np.sqrt(ranks.var(ddof=1) * size * (n - size) / n)
    if spread == 0:
        return 1.0
    return float(norm.sf((ranks[inside].sum() - size * ranks.mean()) / spread))


def discovered(p_values: Floats, rate: float) -> Mask:
    """Which tests are discoveries at that false discovery rate (Benjamini and Hochberg 1995).

    Example:
        >>> discovered(np.array([0.001, 0.3, 0.04]), 0.1).tolist()
        [True, False, True]
    """
    order = np.argsort(p_values, kind="stable")
    limits = rate * np.arange(1, len(p_values) + 1) / len(p_values)
    below = np.flatnonzero(p_values[order] <= limits)
    found = np.zeros(len(p_values), dtype=bool)
    if len(below):
        found[order[: below[-1] + 1]] = True
    return found


def _holm(p_values: Floats) -> Floats:
    order = np.argsort(p_values, kind="stable")
    count = len(p_values)
    corrected = np.empty(count)
    corrected[order] = np.maximum.accumulate(p_values[order] * (count - np.arange(count)))
    return np.minimum(corrected, 1.0)
