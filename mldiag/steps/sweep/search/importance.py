"""How much each parameter matters in a search: fANOVA, with what the noise alone would show taken out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import SHOWN_LEVEL, Interval
from mldiag.steps.sweep.checks.parameter_importance import THRESHOLDS

REFITS = 20
"""Forests fitted beside other shadows each: the fewest with which none of them may do as well at 5 %."""

RESAMPLES = 8
"""Forests fitted on the points drawn anew, for the interval."""

BLOCK = 16
"""Neighbouring points within which shadows are shuffled: the first points, or four rounds."""

TREES, DEPTH = 5, 6
"""Size of each forest; all together have twice the trees of Optuna's default."""


@dataclass(frozen=True)
class Importance:
    """How much one parameter matters.

    Args:
        name: The parameter.
        share: Share of the variation over the space that it explains alone, with its 80 % interval.
        matters: Whether that is surely more than a parameter that does nothing would show.
        p_value: Chance that the most important of as many parameters that do nothing would show as much.
    """

    name: str
    share: Interval
    matters: bool
    p_value: float


def importances(
    names: Sequence[str],
    positions: NDArray[np.float64],
    gains: NDArray[np.float64],
    noise_sd: NDArray[np.float64],
    *,
    error: float = 0.05,
) -> tuple[Importance, ...]:
    """Importance of every parameter; empty where there are too few points, or nothing varies.

    Optuna's fANOVA (Hutter, Hoos and Leyton-Brown 2014) says how much of a forest's variance over the whole
    space each parameter explains alone. A forest fits noise too: on noise alone, the shares of parameters
    that do nothing add up to most of the variance. So each forest gets a shuffled copy of every parameter
    beside the real ones (the shadows of Kursa and Rudnicki 2010): their mean share is what noise shows, and
    is taken out; and a parameter matters if its mean share beats the best shadow of every refit. For the
    interval, points are drawn anew, and the seeds' noise is added once more.

    Args:
        names: The parameters.
        positions: Shape (points, parameters), in the order of the search; its default's where one
            does not act.
        gains: Difference of each point with the defaults, shape (points,); finite.
        noise_sd: Standard error of each gain from the repeats, shape (points,); 0 where it is unknown.
        error: Chance that a parameter that does nothing is said to matter, over all of them.

    Example:
        >>> random = np.random.default_rng(0)
        >>> where = random.random((40, 2))
        >>> found = importances(("lr", "nothing"), where, -(where[:, 0] - 0.4) ** 2, np.full(40, 0.01))
        >>> [one.matters for one in found]
        [True, False]
    """
    count, parameters = positions.shape
    fewest = max(THRESHOLDS.fewest_points, THRESHOLDS.points_per_parameter * parameters)
    if count < fewest or np.ptp(gains) == 0:
        return ()
    real, noisy, shadows = [], [], []
    for refit in range(REFITS):
        random = np.random.default_rng([refit, 23])
        shuffled = _shadows(positions, random)
        shares = _shares(np.hstack([positions, shuffled]), gains, refit)
        real.append(shares[:parameters])
        shadows.append(shares[parameters:])
        if refit >= RESAMPLES:
            continue
        drawn = random.integers(count, size=count)
        again = gains[drawn] + noise_sd[drawn] * random.normal(size=count)
        both = np.hstack([positions[drawn], shuffled[drawn]])
        shares = _shares(both, again, refit) if np.ptp(again) > 0 else np.zeros(2 * parameters)
        noisy.append(np.maximum(shares[:parameters] - shares[parameters:].mean(), 0.0))
    told, null = np.mean(real, axis=0), np.array(shadows)
    beaten = (null.max(axis=1, keepdims=True) >= told).sum(axis=0)
    p_values = (1 + beaten) / (REFITS + 1)
    corrected = np.maximum(told - null.mean(), 0.0)
    ends = np.quantile(noisy, [(1 - SHOWN_LEVEL) / 2, (1 + SHOWN_LEVEL) / 2], axis=0)
    found = [
        Importance(
            name,
            Interval(float(share), float(min(low, share)), float(max(high, share))),
            matters=bool(p_value < error),
            p_value=float(p_value),
        )
        for name, share, low, high, p_value in zip(
            names, corrected, ends[0], ends[1], p_values, strict=True
        )
    ]
    return tuple(sorted(found, key=lambda one: (-one.share.estimate, one.name)))


def _shadows(positions: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Every column shuffled within blocks of neighbouring points.

    A search draws in on good regions, so that late points have both good scores and values of any parameter,
    also of one that does nothing, near each other. Shadows must share that, or such a parameter beats them.
    """
    order = np.arange(len(positions))
    columns = []
    for column in positions.T:
        mixed = order.copy()
        for start in range(0, len(order), BLOCK):
            mixed[start : start + BLOCK] = random.permutation(order[start : start + BLOCK])
        columns.append(column[mixed])
    return np.column_stack(columns)


def _shares(
    positions: NDArray[np.float64], values: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """What each column explains alone, by Optuna's evaluator."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    columns = range(positions.shape[1])
    spaces = {
        f"{i:03d}": optuna.distributions.FloatDistribution(
            float(positions[:, i].min()) - 1e-6, float(positions[:, i].max()) + 1e-6
        )
        for i in columns
    }
    study = optuna.create_study(direction="maximize")
    for row, value in zip(positions, values, strict=True):
        study.add_trial(
            optuna.trial.create_trial(
                params={f"{i:03d}": float(row[i]) for i in columns},
                distributions=dict(spaces),
                value=float(value),
            )
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluator = optuna.importance.FanovaImportanceEvaluator(
            n_trees=TREES, max_depth=DEPTH, seed=seed
        )
        found = evaluator.evaluate(study)
    return np.array([float(found[f"{i:03d}"]) for i in columns])
