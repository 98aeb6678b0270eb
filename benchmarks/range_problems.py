"""Real trainings whose learning rate is to be found: torch loops and scikit-learn estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

import mldiag
from mldiag.declaration import Experiment

LOW, HIGH = 1e-5, 10.0


def digits() -> tuple[Any, Any]:
    images, target = load_digits(return_X_y=True)
    return (images / 16).astype("float32"), target


def optimizer_of(name: str, net: nn.Module, rate: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(net.parameters(), lr=rate)
    if name == "adamw":
        return torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.05)
    if name == "rmsprop":
        return torch.optim.RMSprop(net.parameters(), lr=rate)
    return torch.optim.SGD(net.parameters(), lr=rate, momentum=0.9 if name == "momentum" else 0.0)


def deep_tanh() -> nn.Module:
    layers: list[nn.Module] = [nn.Linear(64, 48), nn.Tanh()]
    for _ in range(4):
        layers += [nn.Linear(48, 48), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(48, 10))


def dropout_mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10))


def mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def normed_mlp() -> nn.Module:
    return nn.Sequential(
        nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(),
        nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def torch_problem(label: str, build: Any, optimizer: str, epochs: int) -> Experiment:
    @mldiag.experiment(
        data=digits,
        metric="accuracy",
        name=label,
        params={"lr": mldiag.Float(LOW, HIGH, default=1e-2, log=True)},
    )
    def training(trial: Any) -> float:
        torch.manual_seed(trial.seed)
        net = build()
        steps = optimizer_of(optimizer, net, trial.params["lr"])
        rows, target = torch.from_numpy(trial.X_train), torch.from_numpy(trial.y_train)
        random = torch.Generator().manual_seed(trial.seed)
        for _ in trial.epochs(epochs):
            net.train()
            for batch in torch.randperm(len(rows), generator=random).split(64):
                loss = nn.functional.cross_entropy(net(rows[batch]), target[batch])
                steps.zero_grad()
                loss.backward()
                steps.step()
        net.eval()
        with torch.no_grad():
            found = net(torch.from_numpy(trial.X_valid)).argmax(1).numpy()
        return float(np.mean(found == trial.y_valid))

    return training


def estimator_problem(label: str, estimator: Any, load: Any, param: str) -> Experiment:
    rows, target = load(return_X_y=True)
    if load is load_diabetes:
        target = (target - target.mean()) / target.std()
    return Experiment.from_estimator(
        make_pipeline(StandardScaler(), estimator), rows, target, name=label,
        params={param: mldiag.Float(LOW, HIGH, default=1e-2, log=True)},
    )  # fmt: skip


def problems() -> dict[str, tuple[Experiment, str]]:
    """The trainings on which the rule was chosen: label -> the experiment and its learning rate's name."""
    made = [
        (torch_problem("torch MLP SGD", mlp, "sgd", 10), "lr"),
        (torch_problem("torch MLP momentum", mlp, "momentum", 10), "lr"),
        (torch_problem("torch MLP Adam", mlp, "adam", 10), "lr"),
        (torch_problem("torch MLP batch norm SGD", normed_mlp, "sgd", 10), "lr"),
        (torch_problem("torch MLP batch norm Adam", normed_mlp, "adam", 10), "lr"),
        (torch_problem("torch CNN momentum", cnn, "momentum", 8), "lr"),
        (torch_problem("torch CNN Adam", cnn, "adam", 8), "lr"),
        _classifier("MLPClassifier digits Adam", MLPClassifier((64,), max_iter=15), load_digits),
        _classifier(
            "MLPClassifier wine SGD",
            MLPClassifier((32,), solver="sgd", max_iter=60, batch_size=32),
            load_wine,
        ),
        _sgd("SGDClassifier breast cancer log loss", SGDClassifier, "log_loss", load_breast_cancer),
        _sgd("SGDRegressor diabetes", SGDRegressor, "squared_error", load_diabetes),
    ]
    return {experiment.name: (experiment, name) for experiment, name in made}


def held_back() -> dict[str, tuple[Experiment, str]]:
    """Trainings that were not looked at when the rule was chosen."""
    regressor = MLPRegressor(hidden_layer_sizes=(32,), max_iter=40, batch_size=32)
    rate = "mlpregressor__learning_rate_init"
    made = [
        (torch_problem("torch MLP dropout AdamW", dropout_mlp, "adamw", 10), "lr"),
        (torch_problem("torch deep tanh momentum", deep_tanh, "momentum", 10), "lr"),
        (torch_problem("torch CNN RMSprop", cnn, "rmsprop", 8), "lr"),
        (torch_problem("torch CNN SGD", cnn, "sgd", 10), "lr"),
        (estimator_problem("MLPRegressor diabetes Adam", regressor, load_diabetes, rate), rate),
        _classifier(
            "MLPClassifier breast cancer SGD",
            MLPClassifier((16,), solver="sgd", max_iter=30, batch_size=32),
            load_breast_cancer,
        ),
        _classifier(
            "MLPClassifier digits small Adam", MLPClassifier((8,), max_iter=15), load_digits
        ),
        _sgd("SGDClassifier digits hinge", SGDClassifier, "hinge", load_digits),
    ]
    return {experiment.name: (experiment, name) for experiment, name in made}


def _classifier(label: str, network: Any, load: Any) -> tuple[Experiment, str]:
    rate = "mlpclassifier__learning_rate_init"
    return estimator_problem(label, network, load, rate), rate


def _sgd(label: str, kind: Any, loss: str, load: Any) -> tuple[Experiment, str]:
    model = kind(loss=loss, learning_rate="constant", eta0=0.01, max_iter=20, tol=None)
    rate = f"{kind.__name__.lower()}__eta0"
    return estimator_problem(label, model, load, rate), rate
