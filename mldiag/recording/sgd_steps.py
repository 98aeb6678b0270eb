"""A ramp in scikit-learn's linear models by stochastic gradient descent, stepped from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.recording.ramp import Ramp

MINIBATCH = 32
"""Rows that `partial_fit` is given at a time; it takes one step of gradient descent for each of them."""

Floats = NDArray[np.float64]


def is_sgd(estimator: Any) -> bool:
    """Whether an estimator is one that `step_sgd` can train: by the name of its class or of one above.

    Example:
        >>> from sklearn.linear_model import Ridge, SGDRegressor
        >>> is_sgd(SGDRegressor()), is_sgd(Ridge())
        (True, False)
    """
    return any(
        kind.__name__ in ("BaseSGDClassifier", "BaseSGDRegressor")
        for kind in type(estimator).__mro__
    )


def step_sgd(estimator: Any, features: Any, targets: Any, ramp: Ramp, *, seed: int) -> None:
    """Train an SGD model, alone or behind the transformers of a pipeline, until the ramp is over.

    The transformers are fitted on the training rows first. Every minibatch is one step of the ramp: its loss
    is taken before the model has trained on it.

    Args:
        estimator: An `SGDClassifier` or `SGDRegressor`, or a pipeline that ends in one.
        features: Training features, as the estimator takes them.
        targets: Training targets, shape (n,).
        ramp: The range test.
        seed: Seed of the order of the rows.

    Raises:
        RampOver: When the ramp is over.
    """
    model, rows = last_step(estimator, features, targets)
    targets = np.asarray(targets)
    classes = np.unique(targets) if hasattr(model, "predict") and _is_classifier(model) else None
    model.set_params(learning_rate="constant")
    random = np.random.default_rng([seed, 31])
    count = len(targets)
    while True:
        order = random.permutation(count)
        for begin in range(0, count, MINIBATCH):
            batch = order[begin : begin + MINIBATCH]
            if hasattr(model, "coef_"):
                ramp.saw_loss(mean_loss(model, rows[batch], targets[batch]))
            model.set_params(eta0=ramp.rate)
            known = {} if classes is None else {"classes": classes}
            try:
                model.partial_fit(rows[batch], targets[batch], **known)
            except ValueError:  # scikit-learn's answer to weights that are no numbers any more
                ramp.saw_loss(float("inf"))
            ramp.end_step()


def mean_loss(model: Any, features: Any, targets: NDArray[Any]) -> float:
    """The mean loss that an SGD model minimises, without its penalty, on some rows.

    Of several classes each against the rest, the mean over the classes.

    Example:
        >>> from sklearn.linear_model import SGDRegressor
        >>> rows = np.array([[0.0], [1.0]])
        >>> model = SGDRegressor(random_state=0).partial_fit(rows, np.array([0.0, 1.0]))
        >>> 0 < mean_loss(model, rows, np.array([0.0, 1.0])) < 0.5
        True
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if not _is_classifier(model):
            return float(_loss(model, np.asarray(model.predict(features)), targets).mean())
        raw = np.asarray(model.decision_function(features), dtype=np.float64)
        if raw.ndim == 1:
            signs = np.where(targets == model.classes_[1], 1.0, -1.0)
        else:
            signs = np.where(targets[:, None] == model.classes_[None, :], 1.0, -1.0)
        return float(_loss(model, raw, signs).mean())


def _loss(model: Any, raw: Floats, truth: NDArray[Any]) -> Floats:
    """The loss of each prediction; for classes the truth is a sign."""
    margin, gap, name = raw * truth, truth - raw, model.loss
    epsilon = float(getattr(model, "epsilon", 0.0))
    outside = np.maximum(np.abs(gap) - epsilon, 0.0)
    known: dict[str, Floats] = {
        "hinge": np.maximum(0.0, 1 - margin),
        "squared_hinge": np.maximum(0.0, 1 - margin) ** 2,
        "perceptron": np.maximum(0.0, -margin),
        "log_loss": np.logaddexp(0.0, -margin),
        "modified_huber": np.where(margin >= -1, np.maximum(0.0, 1 - margin) ** 2, -4 * margin),
        "squared_error": 0.5 * gap**2,
        "huber": np.where(np.abs(gap) <= epsilon, 0.5 * gap**2, epsilon * (np.abs(gap) - epsilon / 2)),
        "epsilon_insensitive": outside,
        "squared_epsilon_insensitive": outside**2,
    }  # fmt: skip
    return np.asarray(known[name], dtype=np.float64)


def _is_classifier(model: Any) -> bool:
    return any(kind.__name__ == "BaseSGDClassifier" for kind in type(model).__mro__)


def last_step(estimator: Any, features: Any, targets: Any) -> tuple[Any, Any]:
    """The model at the end of a pipeline, and the features as they reach it."""
    rows = features
    while getattr(estimator, "steps", None):
        for _, transformer in estimator.steps[:-1]:
            if transformer is not None and transformer != "passthrough":
                rows = transformer.fit_transform(rows, targets)
        estimator = estimator.steps[-1][1]
    if hasattr(rows, "to_numpy"):
        rows = rows.to_numpy()
    return estimator, rows.tocsr() if hasattr(rows, "tocsr") else np.asarray(rows)
