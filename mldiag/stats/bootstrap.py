"""Fixed validation rows are the sample: scores on resampled rows, or whole groups, paired over settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mldiag.errors import MldiagError

Floats = NDArray[np.float64]
Score = Callable[[NDArray[np.generic], NDArray[np.generic]], float]

MEAN_RESAMPLES = 1000
SCORE_RESAMPLES = 400
"""The standard deviation of 400 resamples is known to 3.5 %, small beside what a t interval allows for."""

FOLDS = 3
FOLDINGS = 10
"""Random foldings of the rows; a choice is judged on each fold that was made without it (see `gain`)."""

_CHUNK_CELLS = 4_000_000  # 32 MB of resampling weights at a time


@dataclass(frozen=True, eq=False)
class ResampledScores:
    """Scores of V settings on the same validation rows, as measured and on resampled rows.

    Args:
        measured: Shape (V, R), NaN where a trial failed; R = 1 for a deterministic learner.
        resampled: Shape (B, V, R): the same trials scored on B resamples of the rows (the same resample for
            every setting and repeat, so that differences are paired).
        left_out: Shape (F, V, R): scored on each fold of the rows, for `gain.gain_of_best`.
        elsewhere: Shape (F, V, R): scored on the rows outside that fold.
        groups: Number of rows, or of groups where whole groups were resampled.
    """

    measured: Floats
    resampled: Floats = field(repr=False)
    left_out: Floats = field(repr=False)
    elsewhere: Floats = field(repr=False)
    groups: int


def resample_mean(
    row_scores: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    seed: int = 0,
    resamples: int = MEAN_RESAMPLES,
) -> ResampledScores:
    """Resample a score that is a mean over rows (accuracy, minus the squared or absolute error, ...).

    Args:
        row_scores: Shape (V, R, n): each row's part of the score, higher is better; a trial that failed is
            NaN in all its rows.
        groups: Shape (n,): rows with the same entry are drawn together.
        seed: Of the resampling.
        resamples: How many.

    Raises:
        MldiagError: Wrong dimensions.

    Example:
        >>> right = np.array([[[1, 1, 0, 1, 0, 1]], [[1, 1, 1, 1, 0, 1]]], dtype=float)
        >>> scores = resample_mean(right)
        >>> scores.measured.round(3).tolist(), scores.resampled.shape
        ([[0.667], [0.833]], (1000, 2, 1))
    """
    table = np.asarray(row_scores, dtype=np.float64)
    if table.ndim != 3:
        raise MldiagError(
            f"row_scores has {table.ndim} dimensions", expected="settings x repeats x rows"
        )
    member, count = _membership(groups, table.shape[2])
    flat = table.reshape(-1, table.shape[2])
    sums = np.stack([np.bincount(member, weights=row, minlength=count) for row in flat], axis=1)
    sizes = np.bincount(member, minlength=count).astype(np.float64)
    step = max(1, _CHUNK_CELLS // count)
    parts = [
        (weights @ sums) / (weights @ sizes)[:, None]
        for weights in _weights(seed, resamples, count, step)
    ]
    inside = _folds(seed, count).astype(np.float64)
    left_out, elsewhere = (
        ((part @ sums) / (part @ sizes)[:, None]).reshape(-1, *table.shape[:2])
        for part in (inside, 1 - inside)
    )
    resampled = np.concatenate(parts).reshape(resamples, *table.shape[:2])
    return ResampledScores(table.mean(axis=2), resampled, left_out, elsewhere, count)


def resample_score(
    truth: ArrayLike,
    predictions: Sequence[Sequence[ArrayLike | None]],
    score: Score,
    *,
    groups: ArrayLike | None = None,
    seed: int = 0,
    resamples: int = SCORE_RESAMPLES,
) -> ResampledScores:
    """Resample any score of truth and predictions; costs resamples x V x R calls of `score`.

    Args:
        truth: Shape (n, ...): the validation rows' true targets.
        predictions: V settings of R repeats each: predictions of the same rows, None where a trial failed.
        score: `(truth, prediction) -> float`, higher is better. Where it raises ValueError or is not
            finite on a resample (one class only, say), that resample is left out.
        groups: As in `resample_mean`.
        seed: Of the resampling.
        resamples: How many.

    Example:
        >>> truth = np.array([0.0, 1.0, 2.0, 3.0])
        >>> scores = resample_score(truth, [[truth + 1.0], [truth]], lambda t, p: 1 - abs(t - p).max())
        >>> scores.measured.tolist(), float(scores.resampled[:, 0].max())
        ([[0.0], [1.0]], 0.0)
    """
    targets = np.asarray(truth)
    member, count = _membership(groups, len(targets))
    order, starts = (
        np.argsort(member, kind="stable"),
        np.searchsorted(np.sort(member), range(count)),
    )
    rows_of = np.split(order, starts[1:])
    table = [
        [None if cell is None else np.asarray(cell) for cell in cells] for cells in predictions
    ]
    picks = np.random.default_rng(seed).integers(count, size=(resamples, count))

    def all_scores(rows: NDArray[np.intp]) -> Floats:
        return np.array([[_safe(score, targets, cell, rows) for cell in cells] for cells in table])

    resampled = [all_scores(np.concatenate([rows_of[group] for group in pick])) for pick in picks]
    inside = _folds(seed, count)[:, member]
    left_out, elsewhere = (
        np.array([all_scores(np.flatnonzero(rows)) for rows in part]) for part in (inside, ~inside)
    )
    measured = all_scores(np.arange(len(targets)))
    return ResampledScores(measured, np.array(resampled), left_out, elsewhere, count)


def _membership(groups: ArrayLike | None, rows: int) -> tuple[NDArray[np.intp], int]:
    if rows == 0:
        raise MldiagError("no validation rows", expected="at least one")
    if groups is None:
        return np.arange(rows), rows
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    if member.shape != (rows,):
        raise MldiagError(f"{member.size} group entries for {rows} rows", expected="one per row")
    return member, len(names)


def _folds(seed: int, count: int) -> NDArray[np.bool_]:
    """Which groups are in which fold of which folding, shape (F, count); F = 0 for a single group."""
    folds = min(FOLDS, count) if count > 1 else 0
    random = np.random.default_rng(seed)
    orders = [random.permutation(count) for _ in range(FOLDINGS)]
    inside = [order % folds == fold for order in orders for fold in range(folds)]
    return np.array(inside, dtype=bool).reshape(-1, count)


def _weights(seed: int, resamples: int, count: int, step: int) -> Iterator[Floats]:
    """How often each group is drawn, in chunks of at most `step` resamples."""
    random = np.random.default_rng(seed)
    shares = np.full(count, 1 / count)
    for done in range(0, resamples, step):
        size = min(step, resamples - done)
        yield random.multinomial(count, shares, size=size).astype(np.float64)


def _safe(
    score: Score,
    truth: NDArray[np.generic],
    cell: NDArray[np.generic] | None,
    rows: NDArray[np.intp],
) -> float:
    if cell is None:
        return np.nan
    try:
        value = float(score(truth[rows], cell[rows]))
    except ValueError:  # scikit-learn's answer to a resample on which the score is not defined
        return np.nan
    return value if np.isfinite(value) else np.nan
