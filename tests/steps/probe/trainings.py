"""Tiny trainings under a watch: real networks, real steps, well under a second each."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import mldiag
from mldiag.recording.recorded import Recording


def blobs(
    rows: int = 240, columns: int = 8, classes: int = 3, seed: int = 0, apart: float = 3.0
) -> Any:
    """Classes that lie apart: (rows, columns) of size about one, and (rows,) class numbers."""
    generator = torch.Generator().manual_seed(seed)
    centres = apart * torch.randn(classes, columns, generator=generator)
    y = torch.arange(rows) % classes
    x = centres[y] + torch.randn(rows, columns, generator=generator)
    return (x - x.mean(0)) / x.std(0), y


def mlp(*wide: int, act: type[nn.Module] = nn.ReLU, seed: int = 0) -> nn.Sequential:
    """A perceptron of these widths."""
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for narrow, broad in itertools.pairwise(wide):
        layers += [nn.Linear(narrow, broad), act()]
    return nn.Sequential(*layers[:-1])


def trained(
    net: nn.Module,
    optimizer: Any,
    data: Any = None,
    *,
    epochs: int = 10,
    batch: int = 24,
    loss_fn: Callable[[Any, Any], Any] = nn.functional.cross_entropy,
    told: tuple[str, ...] = ("loss", "outputs", "targets"),
    held: Any = None,
    task: str | None = None,
) -> Recording:
    """Train as most people would, under a watch, and give what was recorded.

    Args:
        net: The network.
        optimizer: Its optimizer.
        data: Rows and targets; those of `blobs` by default.
        epochs: Passes over the rows.
        batch: Rows of a batch.
        loss_fn: From outputs and targets.
        told: What `step` is given.
        held: Rows and targets to evaluate on; none for no evaluation.
        task: Task word.
    """
    x, y = blobs() if data is None else data
    order = torch.Generator().manual_seed(0)
    with mldiag.watch(net, optimizer, task=task) as watch:
        for _ in range(epochs):
            for rows in torch.randperm(len(x), generator=order).split(batch):
                outputs = net(x[rows])
                loss = loss_fn(outputs, y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                known = {"loss": loss, "outputs": outputs, "targets": y[rows]}
                watch.step(**{name: known[name] for name in told})
            if held is not None:
                with torch.no_grad():
                    said = net(held[0])
                score = (said.argmax(1) == held[1]).float().mean()
                watch.evaluate(score=score, outputs=said, targets=held[1])
    return watch.recording()


def sgd(net: nn.Module, lr: float = 0.05, **options: Any) -> torch.optim.Optimizer:
    """Plain gradient descent with momentum."""
    return torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, **options)
