"""What a finished training said of its scoring rows, as a recording keeps the last evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.trial import Trial
from mldiag.trial_result import Predictions

ROWS = 2000
"""Rows whose outputs are kept, evenly spread over those that score."""

INPUT_BYTES = 12 * 2**20
"""Bytes of features that are kept; of more, those of the rows with the largest losses."""

MOST_CLASSES = 1000
"""Whole numbers of at most so many values are classes, where predictions are such numbers too."""

Arrays = dict[str, NDArray[Any]]
Judged = tuple[Arrays, dict[str, Any], NDArray[np.float64]]
"""Arrays, facts, and the loss of each row."""


def predicted_rows(
    trial: Trial, graded: Predictions | None = None, classes: Any = None
) -> tuple[Arrays, dict[str, Any]]:
    """The predictions that a trial kept, its targets and its features.

    Args:
        trial: A trial whose training is over.
        graded: Predictions that tell more than those it kept, such as probabilities.
        classes: Classes in the order of the columns of `graded`.

    Returns:
        Arrays `eval/probabilities` (rows, classes) or `eval/outputs` (rows, outputs), `eval/targets`,
        `eval/inputs` (rows, ...) with `eval/input_rows`, `eval/valid/accuracy` (1,) or
        `eval/valid/loss` (1,), as far as known. Facts: `task`, `classes` (their names), `graded` (whether
        probabilities are more than the class that was named) and `columns` of the inputs. Both empty where
        the trial kept no predictions, or mldiag does not hold its targets.
    """
    kept = graded or trial.kept_predictions
    if kept is None or kept.truth is None or not len(kept.truth):
        return {}, {}
    places = np.unique(np.linspace(0, len(kept.truth) - 1, ROWS).round().astype(int))
    arrays, facts, losses = _judged(kept, places, classes if graded is not None else None)
    if arrays:
        features, columns = _features(trial, places, losses)
        arrays |= features
        facts["columns"] = columns
    return arrays, facts


def _judged(kept: Predictions, places: NDArray[np.int64], classes: Any) -> Judged:
    truth, values = _flat(kept.truth), _flat(kept.values)
    if _is_classes(truth, values, kept.response):
        return _classes(truth, values, kept.response, places, classes)
    plain = truth.dtype.kind in "fiub" and values.dtype.kind in "fiub"
    if not plain or truth.shape != values.shape:
        return {}, {}, np.empty(0)
    error = (values.astype(float) - truth.astype(float)) ** 2
    arrays = {
        "eval/outputs": values[places].reshape(len(places), -1).astype(np.float32),
        "eval/targets": truth[places].reshape(len(places), -1).astype(np.float32),
        "eval/valid/loss": np.array([float(error.mean())]),
    }
    return arrays, {"task": "regression"}, error[places].reshape(len(places), -1).mean(1)


def _flat(values: Any) -> NDArray[Any]:
    array = np.asarray(values)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _is_classes(truth: NDArray[Any], values: NDArray[Any], response: str) -> bool:
    if truth.ndim != 1:
        return False
    if response != "predict" or truth.dtype.kind in "USOb":
        return True
    if truth.dtype.kind not in "iuf" or values.dtype.kind not in "iufb":
        return False
    if values.ndim == 2:  # one column a class, as a network's outputs are
        whole = truth.dtype.kind in "iu"
        return whole and int(truth.min()) >= 0 and int(truth.max()) < values.shape[1]
    known = np.unique(truth)
    whole = bool((truth == np.round(truth)).all())
    return whole and len(known) <= MOST_CLASSES and bool(np.isin(values, known).mean() > 0.95)


def _classes(
    truth: NDArray[Any],
    values: NDArray[Any],
    response: str,
    places: NDArray[np.int64],
    classes: Any,
) -> Judged:
    named = values.ndim == 1 and response == "predict"
    if named:
        values = values.astype(truth.dtype)
        names = np.unique(np.concatenate([truth, values]))
        shares = np.eye(len(names))[np.searchsorted(names, values)]
    else:
        shares = _shares(values, response)
        known = _names(truth, shares.shape[1], classes)
        if known is None:
            return {}, {}, np.empty(0)
        names = known
    picked, targets = shares.argmax(1), np.searchsorted(names, truth)
    arrays: Arrays = {
        "eval/probabilities": shares[places].astype(np.float32),
        "eval/targets": targets[places].astype(np.int64),
        "eval/valid/accuracy": np.array([float((picked == targets).mean())]),
        "eval/valid/predicted": np.bincount(picked, minlength=len(names))[None].astype(float),
        "eval/valid/true": np.bincount(targets, minlength=len(names))[None].astype(float),
    }
    facts = {
        "task": "classification",
        "classes": [str(n) for n in names.tolist()],
        "graded": not named,
    }
    losses = -np.log(np.clip(shares[places, targets[places]], 1e-12, None))
    return arrays, facts, losses


def _names(truth: NDArray[Any], count: int, classes: Any) -> NDArray[Any] | None:
    """Names of the columns in their order; None where nothing tells them."""
    for names in (classes, np.unique(truth)):
        if names is not None and len(names) == count and bool(np.isin(truth, names).all()):
            return np.asarray(names)
    numbered = truth.dtype.kind in "iu" and int(truth.min()) >= 0 and int(truth.max()) < count
    return np.arange(count) if numbered else None


def _shares(values: NDArray[Any], response: str) -> NDArray[Any]:
    """Rows that sum to one: as they are, or what the logistic function makes of them."""
    values = values.astype(float)
    if values.ndim == 1:
        inside = bool(((values >= 0) & (values <= 1)).all())
        up = values if inside else 1.0 / (1.0 + np.exp(-np.clip(values, -50, 50)))
        return np.column_stack([1.0 - up, up])
    sums = values.min() >= 0 and np.allclose(values.sum(1), 1, atol=1e-3)
    if response == "predict_proba" or sums:
        return values
    powers = np.exp(values - values.max(1, keepdims=True))
    shares: NDArray[Any] = powers / powers.sum(1, keepdims=True)
    return shares


def _features(
    trial: Trial, places: NDArray[np.int64], losses: NDArray[np.float64]
) -> tuple[Arrays, list[str]]:
    """Numeric features of the scoring rows: columns of a table, or pictures and the like as they are."""
    try:
        X = trial.X_valid
    except AttributeError:  # rows= instead of data=
        return {}, []
    names: list[str] = []
    if hasattr(X, "select_dtypes"):
        X = X.iloc[places].select_dtypes(["number", "bool"])
        names = [str(name) for name in X.columns]
        array = X.to_numpy(dtype=np.float32)
    elif hasattr(X, "tocsr"):
        if len(places) * X.shape[1] * 4 > INPUT_BYTES:
            return {}, []
        array = X.tocsr()[places].toarray()
    elif hasattr(X, "shape") and len(X.shape) >= 2:
        array = np.asarray(X[places])
    else:
        return {}, []
    if array.dtype.kind not in "fiub" or not array[0].size:
        return {}, []
    array = array.astype(np.float32) if array.dtype.kind == "f" else array
    rows = np.arange(len(places))
    most = INPUT_BYTES // max(array[0].nbytes, 1)
    if most < len(rows):
        rows = np.sort(np.argsort(-losses, kind="stable")[:most])
    return ({"eval/inputs": array[rows], "eval/input_rows": rows}, names) if len(rows) else ({}, [])
