"""scikit-learn's linear learners by stochastic gradient descent, stepped from outside and recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.recording.sgd_steps import MINIBATCH, last_step, mean_loss
from mldiag.recording.stepped_record import SteppedRecord

EPOCHS = 30
"""Most passes over the rows."""

STEPS = 6000
"""Most minibatches."""

SCORE_ROWS = 2000
"""Rows of either part that each pass is scored on."""

PATIENCE = 5
"""Passes without a lower loss after which the learner itself would stop."""

STEPPED = (
    "its steps are those of a second fit, by partial_fit on minibatches of {rows} rows: its own fit cannot "
    "be looked into"
)


def is_stepped(estimator: Any) -> bool:
    """Whether an estimator, or the last step of a pipeline, is one that `stepped` can train.

    Example:
        >>> from sklearn.linear_model import Perceptron, Ridge
        >>> is_stepped(Perceptron()), is_stepped(Ridge())
        (True, False)
    """
    while getattr(estimator, "steps", None):
        estimator = estimator.steps[-1][1]
    return any(
        kind.__name__ in ("BaseSGDClassifier", "BaseSGDRegressor")
        for kind in type(estimator).__mro__
    )


def stepped(
    estimator: Any, features: Any, targets: Any, valid: Any, valid_targets: Any, *, seed: int
) -> SteppedRecord:
    """Train an SGD learner, a perceptron or a passive-aggressive one minibatch by minibatch.

    Args:
        estimator: The learner, alone or behind the transformers of a pipeline; it is fitted.
        features: Training features, as the estimator takes them.
        targets: Training targets, shape (n,).
        valid: Features of the scoring rows.
        valid_targets: Their targets.
        seed: Seed of the order of the rows.
    """
    model, rows = last_step(estimator, features, targets)
    targets, valid_targets = np.asarray(targets), np.asarray(valid_targets)[:SCORE_ROWS]
    cut = valid.iloc[:SCORE_ROWS] if hasattr(valid, "iloc") else valid[:SCORE_ROWS]
    valid = _transformed(estimator, cut)
    is_classes = any(kind.__name__ == "BaseSGDClassifier" for kind in type(model).__mro__)
    known = {"classes": np.unique(targets)} if is_classes else {}
    record = SteppedRecord(
        type(model).__name__,
        decay=float(getattr(model, "alpha", 0.0) or 0.0)
        if getattr(model, "penalty", None)
        else 0.0,
        classes=is_classes,
    )
    record.notices.append(f"{type(model).__name__}: {STEPPED.format(rows=MINIBATCH)}")
    random, count, best, waited = np.random.default_rng([seed, 37]), len(targets), np.inf, 0
    for _ in range(max(1, min(EPOCHS, int(model.max_iter)))):
        order, losses = random.permutation(count), []
        for begin in range(0, count, MINIBATCH):
            batch = order[begin : begin + MINIBATCH]
            record.loss = mean_loss(model, rows[batch], targets[batch]) if _fitted(model) else None
            losses.append(record.loss or 0.0)
            before = _weights(model) if _fitted(model) else None
            model.partial_fit(rows[batch], targets[batch], **known)
            after = _weights(model)
            record.step(after, None, before or [one * 0 for one in after], rate=_rate(model))
        record.evaluate(
            float(model.score(valid, valid_targets)),
            float(model.score(rows[:SCORE_ROWS], targets[:SCORE_ROWS])),
        )
        mean = float(np.mean(losses))
        waited = 0 if mean < best - float(model.tol or 0.0) else waited + 1
        best = min(best, mean)
        if (model.tol is not None and waited >= PATIENCE) or record.steps >= STEPS:
            break
    return record


def _fitted(model: Any) -> bool:
    return hasattr(model, "coef_")


def _weights(model: Any) -> list[NDArray[Any]]:
    """Weights of shape (inputs, outputs) and intercepts."""
    return [
        np.atleast_2d(model.coef_).T.copy(),
        np.atleast_1d(model.intercept_).astype(float).copy(),
    ]


def _rate(model: Any) -> float:
    """The present learning rate, where the schedule is a constant."""
    if getattr(model, "learning_rate", "") in ("constant", "adaptive"):
        return float(model.eta0)
    return float("nan")


def _transformed(estimator: Any, rows: Any) -> Any:
    """Rows as they reach the last step; the transformers are fitted."""
    while getattr(estimator, "steps", None):
        for _, step in estimator.steps[:-1]:
            if step is not None and step != "passthrough":
                rows = step.transform(rows)
        estimator = estimator.steps[-1][1]
    if hasattr(rows, "to_numpy"):
        rows = rows.to_numpy()
    return rows.tocsr() if hasattr(rows, "tocsr") else np.asarray(rows)
