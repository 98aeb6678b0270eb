"""Networks on tables: patients, diabetes, flowers; rare classes, wrong labels, lifetimes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from .data import digit_images, parted, seeded


def _mlp(inputs: int, outputs: int, width: int = 32) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs))


def regression_column(seed: int, *, flat_targets: bool = False) -> dict[str, Any]:
    """One output a row, `(N, 1)` on both sides, targets standardised, smooth loss, gathered gradients."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("diabetes", seed)
    mean, deviation = y.float().mean(), y.float().std()
    shape = (-1,) if flat_targets else (-1, 1)
    z = ((y.float() - mean) / deviation).reshape(shape)
    z_held = ((y_held.float() - mean) / deviation).reshape(shape)
    loader = DataLoader(TensorDataset(X, z), batch_size=16, shuffle=True)
    model = _mlp(10, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    seen = {"batches": 0}

    def loss_of(outputs: Tensor, targets: Tensor) -> Tensor:
        error = outputs - targets
        return torch.where(error.abs() < 1, 0.5 * error**2, error.abs() - 0.5).mean()

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        outputs = model(batch[0])
        loss = loss_of(outputs, batch[1])
        (loss / 4).backward()
        seen["batches"] += 1
        if seen["batches"] % 4 == 0:
            nn.utils.clip_grad_value_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            return {"error": float(loss_of(model(X_held), z_held))}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (X_held, z_held),
        "loss_fn": loss_of,
    }


def several_labels(seed: int) -> dict[str, Any]:
    """Which pixels of the lower half are dark, from the upper half: 32 yes or no at once."""
    torch.manual_seed(seed)
    X, _, X_held, _ = digit_images(seed)
    upper, lower = X.flatten(1)[:, :32], (X.flatten(1)[:, 32:] > 0.5).float()
    share = lower.mean(0).clamp(0.05, 0.95)
    model = _mlp(32, 32, 64)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.BCEWithLogitsLoss(pos_weight=(1 - share) / share)

    def step(batch: Any) -> dict[str, Any]:
        outputs = model(batch[0])
        loss = criterion(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(len(upper)).split(64):
            yield upper[rows], lower[rows]

    flat = X_held.flatten(1)
    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "eval_batch": (flat[:, :32], (flat[:, 32:] > 0.5).float()),
        "loss_fn": criterion,
        "task": "multilabel",
    }


def rare_class(seed: int, *, copied_first: bool = False) -> dict[str, Any]:
    """Eights among all digits, one in ten, drawn more often; the focal loss."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    pixels, rare = torch.cat([X, X_held]).flatten(1), (torch.cat([y, y_held]) == 8).float()
    if copied_first:
        more = torch.nonzero(rare).flatten().repeat(6)
        pixels, rare = torch.cat([pixels, pixels[more]]), torch.cat([rare, rare[more]])
        order = torch.randperm(len(pixels), generator=seeded(seed))
        pixels, rare = pixels[order], rare[order]
    kept, held = slice(400, None), slice(0, 400)
    weights = torch.where(rare[kept] > 0, 5.0, 1.0)
    sampler = WeightedRandomSampler(weights.tolist(), len(weights))
    loader = DataLoader(TensorDataset(pixels[kept], rare[kept]), batch_size=64, sampler=sampler)
    model = _mlp(64, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def focal(outputs: Tensor, targets: Tensor) -> Tensor:
        entropy = functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
        return ((1 - torch.exp(-entropy)) ** 2 * entropy).mean()

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        outputs = model(batch[0]).squeeze(1)
        loss = focal(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            said = model(pixels[held]).squeeze(1) > 0
        return {"recall": float(said[rare[held] > 0].float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (pixels[held], rare[held]),
        "loss_fn": focal,
    }


def wrong_labels(seed: int) -> dict[str, Any]:
    """Four labels of ten are wrong, and a loss that bears it."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    draw = seeded(seed)
    wrong = torch.rand(len(y), generator=draw) < 0.4
    noisy = torch.where(wrong, torch.randint(0, 10, y.shape, generator=draw), y)
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.1), _mlp(64, 10, 64))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3, momentum=0.9, weight_decay=1e-4)
    loader = DataLoader(TensorDataset(X, noisy), batch_size=64, shuffle=True)

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        logits = model(batch[0])
        chance = logits.softmax(1).gather(1, batch[1][:, None]).squeeze(1)
        loss = ((1 - chance.clamp_min(1e-7) ** 0.7) / 0.7).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        model.eval()
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


def few_flowers(seed: int) -> dict[str, Any]:
    """Thirty flowers, all in one batch, and an optimizer that calls back for the loss."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("iris", seed, share=0.8)
    model = _mlp(4, 3, 8)
    optimizer = torch.optim.LBFGS(
        model.parameters(), lr=0.5, max_iter=5, line_search_fn="strong_wolfe"
    )
    criterion = nn.CrossEntropyLoss()

    def step(batch: Any) -> dict[str, Any]:
        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = criterion(model(batch[0]), batch[1]) + 1e-3 * sum(
                w.pow(2).sum() for w in model.parameters()
            )
            loss.backward()
            return loss

        loss = optimizer.step(closure)
        with torch.no_grad():
            outputs = model(batch[0])
        return {"loss": float(loss), "outputs": outputs, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        with torch.no_grad():
            return {"accuracy": float((model(X_held).argmax(1) == y_held).float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: [(X, y)],
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (X_held, y_held),
    }


def lifetimes(seed: int) -> dict[str, Any]:
    """Hazards from censored lifetimes: each row is compared with those who lived at least as long."""
    torch.manual_seed(seed)
    draw = seeded(seed)
    X = torch.randn(600, 6, generator=draw)
    hazard = X[:, 0] - 0.7 * X[:, 1] * (X[:, 2] > 0)
    lived = -torch.rand(600, generator=draw).log() / hazard.exp()
    censored_at = 3 * torch.rand(600, generator=draw)
    died, time = (lived <= censored_at).float(), torch.minimum(lived, censored_at)
    model = nn.Sequential(nn.Linear(6, 24), nn.SELU(), nn.Linear(24, 1, bias=False))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def partial_likelihood(outputs: Tensor, targets: tuple[Tensor, Tensor]) -> Tensor:
        order = targets[0].argsort(descending=True)
        risk = outputs[order]
        ahead = risk - torch.logcumsumexp(risk, 0)
        return -(ahead * targets[1][order]).sum() / targets[1].sum().clamp_min(1)

    def step(batch: Any) -> dict[str, Any]:
        rows, when, event = batch
        outputs = model(rows).squeeze(-1)
        loss = partial_likelihood(outputs, (when, event))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": (when, event)}

    loader = DataLoader(TensorDataset(X[:500], time[:500], died[:500]), 50, shuffle=True)
    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "eval_batch": (X[500:], time[500:], died[500:]),
        "loss_fn": partial_likelihood,
    }
