"""Built-in experiment: handwritten digits, a small neural network trained in epochs."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from mldiag.declaration import experiment
from mldiag.parameters import Float, Int
from mldiag.trial import Trial

CLASSES = np.arange(10)
EPOCHS = 15


def load() -> tuple[Any, Any]:
    """Images of shape (1797, 64), scaled to 0..1, and their digits."""
    images, digits = load_digits(return_X_y=True)
    return images / 16.0, digits


@experiment(
    data=load,
    stratify=True,
    metric="accuracy",
    params={
        "lr": Float(1e-5, 1.0, default=1e-3, log=True),
        "width": Int(4, 256, default=32, log=True, role="capacity"),
        "weight_decay": Float(1e-6, 10, default=1e-4, log=True, zero=True),
        "batch_size": Int(8, 256, default=32, log=True),
    },
)
def digits(trial: Trial) -> dict[str, float]:
    """Train for some epochs with Adam, and report both scores after each."""
    network = MLPClassifier(
        hidden_layer_sizes=(trial.params["width"],),
        learning_rate_init=trial.params["lr"],
        alpha=trial.params["weight_decay"],
        batch_size=min(trial.params["batch_size"], len(trial.train)),
        random_state=trial.seed,
    )
    train, valid = (trial.X_train, trial.y_train), (trial.X_valid, trial.y_valid)
    scores: dict[str, float] = {}
    for epoch in trial.epochs(EPOCHS):
        network.partial_fit(*train, classes=CLASSES)
        scores = {
            "accuracy": float(network.score(*valid)),
            "train_accuracy": float(network.score(*train)),
        }
        trial.report(epoch, loss=float(network.loss_), **scores)
    trial.predictions(network.predict(valid[0]))
    return scores
