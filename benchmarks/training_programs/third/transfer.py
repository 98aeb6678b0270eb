"""Training on digits with tricks: frozen parts, adapters, soft labels, two passes, several answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset

from .data import digit_images, parted, seeded


def _backbone(X: Tensor, y: Tensor, width: int = 32) -> nn.Sequential:
    """Layers trained for a while on another question: is the digit above four?"""
    layers = nn.Sequential(
        nn.Flatten(),
        nn.Linear(64, width),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, width),
    )
    head = nn.Linear(width, 2)
    optimizer = torch.optim.Adam([*layers.parameters(), *head.parameters()], lr=3e-3)
    for _ in range(20):
        rows = torch.randint(len(X), (128,))
        optimizer.zero_grad()
        functional.cross_entropy(head(layers(X[rows])), (y[rows] > 4).long()).backward()
        optimizer.step()
    return layers


def frozen_backbone(seed: int, *, head_afterwards: bool = False) -> dict[str, Any]:
    """A backbone that stays as it is, its norms in eval mode, and a new head."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    model = nn.ModuleDict({"backbone": _backbone(X, y), "head": nn.Linear(32, 2)})
    model["backbone"].requires_grad_(False)
    if head_afterwards:
        optimizer = torch.optim.Adam(model["head"].parameters(), lr=5e-3)
        model["head"] = nn.Linear(32, 10)
    else:
        model["head"] = nn.Linear(32, 10)
        optimizer = torch.optim.Adam(
            (weight for weight in model.parameters() if weight.requires_grad), lr=5e-3
        )
    loader = DataLoader(TensorDataset(X, y), batch_size=64, shuffle=True)

    def answers(images: Tensor) -> Tensor:
        return model["head"](functional.relu(model["backbone"](images)))

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        model["backbone"].eval()
        outputs = answers(batch[0])
        loss = functional.cross_entropy(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            return {"accuracy": float((answers(X_held).argmax(1) == y_held).float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (X_held, y_held),
    }


class LowRank(nn.Module):
    """A frozen linear layer with a low-rank correction that starts at nothing."""

    def __init__(self, layer: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.inward = nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.outward = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """The frozen layer's answer, corrected."""
        return self.layer(x) + 2.0 * x @ self.inward.T @ self.outward.T


def low_rank_adapters(seed: int) -> dict[str, Any]:
    """Adapters in a trained network; the matrix that starts at zero lets nothing through at first."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    trained = _backbone(X, y, 48)
    model = nn.Sequential(
        trained[0],
        LowRank(trained[1]),
        nn.ReLU(),
        LowRank(trained[4]),
        nn.ReLU(),
        nn.Linear(48, 10),
    )
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=4e-3)

    def step(batch: Any) -> dict[str, Any]:
        outputs = model(batch["pixels"])
        loss = functional.cross_entropy(outputs, batch["labels"])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return {"loss": float(loss), "outputs": outputs, "targets": batch["labels"]}

    def train_batches(epoch: int) -> Any:
        order = torch.randperm(len(X), generator=seeded(1000 * seed + epoch))
        return [{"pixels": X[rows], "labels": y[rows]} for rows in order.split(50)]

    def evaluate() -> dict[str, float]:
        with torch.no_grad():
            return {"accuracy": float((model(X_held).argmax(1) == y_held).float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": {"pixels": X_held, "labels": y_held},
    }


def mixup_smoothing(seed: int) -> dict[str, Any]:
    """Images and labels of two rows mixed, labels smoothed."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    flat, flat_held = X.flatten(1), X_held.flatten(1)
    model = nn.Sequential(nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    shares = torch.distributions.Beta(0.4, 0.4)

    def step(batch: Any) -> dict[str, Any]:
        pixels, labels = batch
        share = shares.sample()
        partner = torch.randperm(len(pixels))
        chances = functional.one_hot(labels, 10).float() * 0.9 + 0.01
        mixed = share * pixels + (1 - share) * pixels[partner]
        targets = share * chances + (1 - share) * chances[partner]
        logits = model(mixed)
        loss = -(targets * functional.log_softmax(logits, 1)).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": targets}

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(len(flat)).split(64):
            yield flat[rows], y[rows]

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            hits = (model(flat_held).argmax(1) == y_held).float().mean()
        model.train()
        return {"accuracy": float(hits)}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (flat_held, y_held),
    }


def sharpness_aware(seed: int) -> dict[str, Any]:
    """Two passes an update: up to the sharpest point near by, and the gradient from there."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("patients", seed)
    loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(30, 32), nn.Tanh(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(batch: Any) -> dict[str, Any]:
        optimizer.zero_grad()
        outputs = model(batch[0])
        loss = functional.cross_entropy(outputs, batch[1])
        loss.backward()
        weights = list(model.parameters())
        norm = torch.stack([weight.grad.norm() for weight in weights]).norm()
        away = [0.05 * weight.grad / (norm + 1e-12) for weight in weights]
        with torch.no_grad():
            for weight, move in zip(weights, away, strict=True):
                weight.add_(move)
        optimizer.zero_grad()
        functional.cross_entropy(model(batch[0]), batch[1]).backward()
        with torch.no_grad():
            for weight, move in zip(weights, away, strict=True):
                weight.sub_(move)
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        with torch.no_grad():
            return {"accuracy": float((model(X_held).argmax(1) == y_held).float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (X_held, y_held),
    }


@dataclass
class DigitBatch:
    """Images and three things to say about each."""

    images: Tensor
    digit: Tensor
    odd: Tensor
    ink: Tensor


def several_answers(seed: int) -> dict[str, Any]:
    """One trunk and three heads with their own losses; averaged weights are evaluated."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)

    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk = nn.Sequential(nn.Flatten(), nn.Linear(64, 48), nn.ReLU())
            self.heads = nn.ModuleDict(
                {"digit": nn.Linear(48, 10), "odd": nn.Linear(48, 1), "ink": nn.Linear(48, 1)}
            )
            self.spread = nn.Parameter(torch.zeros(3))

        def forward(self, images: Tensor) -> dict[str, Tensor]:
            seen = self.trunk(images)
            return {name: head(seen).squeeze(-1) for name, head in self.heads.items()}

    def batch_of(images: Tensor, labels: Tensor) -> DigitBatch:
        ink = images.mean((1, 2, 3)) * 10 - 3
        return DigitBatch(images, labels, (labels % 2).float(), ink)

    model = Heads()
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.95))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def step(batch: DigitBatch) -> dict[str, Any]:
        outputs = model(batch.images)
        losses = torch.stack(
            [
                functional.cross_entropy(outputs["digit"], batch.digit),
                functional.binary_cross_entropy_with_logits(outputs["odd"], batch.odd),
                functional.smooth_l1_loss(outputs["ink"], batch.ink),
            ]
        )
        loss = (losses * torch.exp(-model.spread) + model.spread).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        averaged.update_parameters(model)
        targets = {"digit": batch.digit, "odd": batch.odd, "ink": batch.ink}
        return {"loss": loss, "outputs": outputs, "targets": targets}

    def train_batches(epoch: int) -> Any:
        return [batch_of(X[rows], y[rows]) for rows in torch.randperm(len(X)).split(64)]

    def evaluate() -> dict[str, float]:
        averaged.eval()
        with torch.no_grad():
            digit = averaged(X_held)["digit"]
        return {"accuracy": float((digit.argmax(1) == y_held).float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": batch_of(X_held, y_held),
    }
