"""One mistake each, written after the checks were mended on the rest of this set."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .data import digit_images, parted
from .mistakes import loop_of


def rows_off_by_one(seed: int) -> dict[str, Any]:
    """The first line of the table was a header for the inputs alone: every label is the next row's."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("patients", seed)
    model = nn.Sequential(nn.Linear(30, 24), nn.ReLU(), nn.Linear(24, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    return loop_of(model, optimizer, (X[:-1], y[1:]), (X_held, y_held))


def scheduler_steps_alone(seed: int) -> dict[str, Any]:
    """`scheduler.step()` stands where `optimizer.step()` belongs."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("digits", seed)
    model = nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.999)

    def step(batch: Any) -> dict[str, Any]:
        optimizer.zero_grad()
        outputs = model(batch[0])
        loss = functional.cross_entropy(outputs, batch[1])
        loss.backward()
        schedule.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    return loop_of(model, optimizer, (X, y), (X_held, y_held), step=step)


def zero_weights(seed: int) -> dict[str, Any]:
    """All weights start at zero, so that nothing but the last bias ever gets a gradient."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("digits", seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    for weights in model.parameters():
        nn.init.zeros_(weights)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return loop_of(model, optimizer, (X, y), (X_held, y_held))


def softmax_for_many_labels(seed: int) -> dict[str, Any]:
    """Several labels may hold at once; a softmax goes into the loss that takes logits."""
    torch.manual_seed(seed)
    X, _, X_held, _ = digit_images(seed)
    flat, flat_held = X.flatten(1), X_held.flatten(1)
    model = nn.Sequential(nn.Linear(32, 48), nn.ReLU(), nn.Linear(48, 32))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def step(batch: Any) -> dict[str, Any]:
        outputs = functional.softmax(model(batch[0]), dim=-1)
        loss = functional.binary_cross_entropy_with_logits(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    def rows_of(pixels: Tensor) -> tuple[Tensor, Tensor]:
        return pixels[:, :32], (pixels[:, 32:] > 0.5).float()

    held = rows_of(flat_held)

    def evaluate() -> dict[str, float]:
        with torch.no_grad():
            return {"hits": float(((model(held[0]) > 0) == (held[1] > 0)).float().mean())}

    return loop_of(model, optimizer, rows_of(flat), held, step=step, evaluate=evaluate)


def root_of_nothing(seed: int) -> dict[str, Any]:
    """A row and itself are a pair: their distance is zero, and the slope of its root has no end."""
    torch.manual_seed(seed)
    X, y, _, _ = parted("patients", seed)
    model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 4))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def step(batch: Any) -> dict[str, Any]:
        placed = model(batch[0])
        apart = ((placed[:, None] - placed[None]) ** 2).sum(-1).sqrt()
        same = batch[1][:, None] == batch[1][None]
        loss = torch.where(same, apart, functional.relu(2 - apart)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": placed, "targets": batch[1]}

    return loop_of(model, optimizer, (X, y), None, step=step, evaluate=None, eval_batch=None)
