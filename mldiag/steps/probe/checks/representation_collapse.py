"""MD421: embeddings that fill a point or a line instead of their space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import CLASS_TASKS, Signals
from mldiag.steps.probe.told import too_few
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When embeddings count as collapsed.

    Args:
        spread: Variance of the unit-length rows: 0 is a point, 1 a sphere.
        rank: Effective rank, at most this or
        share: this share of the dimensions.
        shrunk: Distances between the rows over those at first, where their length is free.
    """

    spread: float = 0.02
    rank: float = 2.0
    share: float = 0.06
    shrunk: float = 0.02


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD421",
    "representation-collapse",
    "The representation has collapsed",
    detects=(
        "embeddings whose unit-length rows vary by less than {spread} or span an effective rank of"
        " {rank:g} or less (or {share:.0%} of the dimensions); in other tasks, hidden features that"
        " are the same for every row"
    ),
    why="All inputs are mapped to the same place: a small loss then means nothing.",
    fix=(
        "Keep what prevents it: negatives, a stop-gradient with a predictor, variance and"
        " covariance terms, centring."
    ),
    source="Roy and Vetterli 2007 (effective rank); Garrido et al. 2023 (RankMe); Jing et al. 2022",
    thresholds=THRESHOLDS,
)


def effective_rank(spectrum: NDArray[np.float64]) -> float:
    """Exponential of the entropy of the normalised eigenvalues.

    Example:
        >>> round(effective_rank(np.array([1.0, 1.0, 1.0, 0.0])), 2)
        3.0
    """
    values = np.nan_to_num(np.asarray(spectrum, dtype=float))
    total = values.sum()
    if total <= 0:
        return 0.0
    shares = values[values > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


def judge(signals: Signals) -> Finding:
    """Judge how the embeddings fill their space.

    Args:
        signals: Numbers of the recording.
    """
    few = too_few(CHECK, signals)
    if few is not None:
        return few
    recording = signals.recording
    spectra, spread = recording.series("embedding/spectrum"), recording.series("embedding/spread")
    if signals.task == "self_supervised" and spectra.ndim == 2 and len(spectra) >= 3:
        return _judge_embeddings(spectra, spread, recording.series("embedding/size"))
    features = recording.series("feature/spectrum")
    supervised = signals.task in (*CLASS_TASKS, "regression")
    if features.ndim != 2 or not signals.stuck or not supervised:
        return CHECK.finding(
            "not_applicable", "No embeddings were told (task='self_supervised', outputs=embeddings)"
        )
    return _judge_features(signals, features)


def _judge_embeddings(
    spectra: NDArray[np.float64], spread: NDArray[np.float64], size: NDArray[np.float64]
) -> Finding:
    late = slice(-max(3, len(spectra) // 5), None)
    rank = float(
        np.median([effective_rank(row) for row in spectra[late] if np.isfinite(row).any()] or [0.0])
    )
    first = effective_rank(spectra[0])
    width = spectra.shape[1]
    varies = float(np.nanmedian(spread[late])) if spread.size else 1.0
    shrunk = float(np.nanmedian(size[late]) / max(float(size[0]), 1e-30)) if size.size else 1.0
    evidence = {
        "effective_rank": rank,
        "distance_over_first": shrunk,
        "at_first": first,
        "dimensions": width,
        "spread": varies,
    }
    t = THRESHOLDS
    flat = rank <= max(t.rank, t.share * width) and width >= 8
    if varies >= t.spread and not flat and shrunk >= t.shrunk:
        title = f"Embeddings span {number(rank)} of {width} dimensions"
        return CHECK.finding("passed", title, evidence=evidence)
    action = Action(
        "stabilize_training",
        "Keep what prevents collapse: negatives, a stop-gradient with a predictor, or variance and"
        " covariance terms; check which of them is missing.",
    )
    if shrunk < t.shrunk:
        title = (
            f"Embeddings have collapsed to a point: their distances are {shrunk:.1%} of those at"
            " first"
        )
    elif varies < t.spread:
        title = (
            f"Embeddings have collapsed to a point: unit-length rows vary by {number(varies)} (1 is"
            " a whole sphere)"
        )
    else:
        title = f"Embeddings have collapsed: they span {number(rank)} of {width} dimensions"
    return CHECK.finding("problem", title, evidence=evidence, action=action)


def _judge_features(signals: Signals, features: NDArray[np.float64]) -> Finding:
    rows = np.flatnonzero(np.isfinite(features).any(axis=1))
    if len(rows) < 2:
        return CHECK.finding("not_applicable", "The features before the last layer were not seen")
    size = signals.recording.series("feature/mean_size")
    total = float(np.nansum(features[rows[-1]]))
    relative = total / max(float(size[rows[-1]]) ** 2, 1e-30) if size.size else 1.0
    evidence = {
        "variance_over_mean": relative,
        "effective_rank": effective_rank(features[rows[-1]]),
    }
    if relative > 1e-3:
        return CHECK.finding(
            "passed", "Features before the last layer differ from row to row", evidence=evidence
        )
    action = Action(
        "change_activation_or_init",
        "Let the input through: residual connections, normalising layers, larger initial weights.",
    )
    title = "The features before the last layer are the same for every row"
    return CHECK.finding("problem", title, evidence=evidence, action=action)
