"""How patients are made: an estimator, or a network in PyTorch as people write it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mldiag

BASE: dict[str, Any] = {
    "lr": 3e-3, "width": 64, "depth": 1, "weight_decay": 0.0, "dropout": 0.0, "epochs": 15,
    "batch": 32, "activation": "relu", "init": "torch", "optimizer": "adam", "clip": 0.0,
}  # fmt: skip


def estimator(build: Callable[[], Any], metric: str, **params: Any) -> Callable[..., Any]:
    """An experiment of an estimator with declared parameters."""

    def make(X: Any, y: Any, valid: Any = None) -> mldiag.Experiment:
        return mldiag.Experiment.from_estimator(
            build(), X, y, metric=metric, params=params, valid=valid
        )

    return make


def network(
    params: dict[str, Any], *, regression: bool = False, **fixed: Any
) -> Callable[..., Any]:
    """An experiment of a multilayer perceptron; `fixed` replaces parts of `BASE`."""

    def make(X: Any, y: Any, valid: Any = None, **changed: Any) -> mldiag.Experiment:
        settings = {**BASE, **fixed, **changed}
        outputs = 1 if regression else int(max(y)) + 1

        @mldiag.experiment(
            data=(X, y), valid=valid, metric="r2" if regression else "accuracy", params=params
        )
        def train(trial: Any) -> dict[str, float]:
            return fit(trial, {**settings, **trial.params}, outputs)

        return train

    make.counts_epochs = True  # type: ignore[attr-defined]
    return make


def build_net(inputs: int, outputs: int, chosen: dict[str, Any]) -> Any:
    """A perceptron with hidden layers of one width."""
    from torch import nn

    activations = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
    layers: list[Any] = []
    for layer in range(chosen["depth"]):
        linear = nn.Linear(inputs if layer == 0 else chosen["width"], chosen["width"])
        if chosen["init"] == "xavier":
            nn.init.xavier_uniform_(linear.weight)
        elif chosen["init"] == "he":
            nn.init.kaiming_normal_(linear.weight)
        layers += [linear, activations[chosen["activation"]]()]
        if chosen["dropout"]:
            layers.append(nn.Dropout(chosen["dropout"]))
    return nn.Sequential(*layers, nn.Linear(chosen["width"], outputs))


def fit(trial: Any, chosen: dict[str, Any], outputs: int) -> dict[str, float]:
    """Train in epochs, and say how it goes after each of them."""
    import numpy as np
    import torch
    from torch import nn

    torch.manual_seed(trial.seed)
    kind = torch.float32 if outputs == 1 else torch.int64
    inputs, targets, new_inputs, new_targets = (
        torch.tensor(np.array(values), dtype=dtype)
        for values, dtype in ((trial.X_train, torch.float32), (trial.y_train, kind),
                              (trial.X_valid, torch.float32), (trial.y_valid, kind))
    )  # fmt: skip
    net = build_net(inputs.shape[1], outputs, chosen)
    optimizers = {"adam": torch.optim.AdamW, "sgd": torch.optim.SGD}
    optimizer = optimizers[chosen["optimizer"]](
        net.parameters(), lr=chosen["lr"], weight_decay=chosen["weight_decay"]
    )
    loss_of = nn.MSELoss() if outputs == 1 else nn.CrossEntropyLoss()
    trial.watch(net, optimizer)
    name, scores = "accuracy" if outputs > 1 else "r2", {}
    for epoch in trial.epochs(chosen["epochs"]):
        net.train()
        total = 0.0
        for rows in torch.randperm(len(inputs)).split(chosen["batch"]):
            optimizer.zero_grad()
            made = net(inputs[rows])
            loss = loss_of(made.squeeze(1) if outputs == 1 else made, targets[rows])
            loss.backward()
            if chosen["clip"]:
                nn.utils.clip_grad_norm_(net.parameters(), chosen["clip"])
            optimizer.step()
            total += float(loss.detach()) * len(rows)
        net.eval()
        with torch.no_grad():
            shown, seen = net(new_inputs), net(inputs)
        scores = {name: score(shown, new_targets), f"train_{name}": score(seen, targets)}
        trial.report(epoch, loss=total / len(inputs), **scores)
    trial.predictions(shown.squeeze(1) if outputs == 1 else shown.argmax(1))
    return scores


def score(made: Any, truth: Any) -> float:
    """Accuracy, or the share of the variance that is explained."""
    if made.shape[1] > 1:
        return float((made.argmax(1) == truth).float().mean())
    rest = ((made.squeeze(1) - truth) ** 2).mean()
    return float(1 - rest / truth.var(unbiased=False))
