"""Written after the checks were mended on the rest of this set: sets, episodes, dates known ahead."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from .data import digit_images, seeded, waves


class PooledSet(nn.Module):
    """Points of a set weighed by attention, the missing ones left out; or, wrongly, weighed over the rows."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 24))
        self.weigh = nn.Linear(24, 1)
        self.head = nn.Sequential(nn.LayerNorm(24), nn.Linear(24, 1))
        self.axis = axis

    def forward(self, points: Tensor, present: Tensor) -> Tensor:
        """One number for each set."""
        seen = self.inner(points)
        weight = self.weigh(seen).masked_fill(~present[..., None], -1e4).softmax(self.axis)
        return self.head((weight * seen * present[..., None]).sum(1))


def points_in_sets(seed: int, *, axis: int = 1) -> dict[str, Any]:
    """The highest point of each set of three to eight, whatever their order."""
    torch.manual_seed(seed)
    draw = seeded(seed)
    points = torch.randn(700, 8, 2, generator=draw)
    present = torch.arange(8) < torch.randint(3, 9, (700, 1), generator=draw)
    highest = points[..., 1].masked_fill(~present, -9.0).amax(1, keepdim=True)
    points = points * present[..., None]
    model = PooledSet(axis)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)

    def error() -> float:
        model.eval()
        with torch.no_grad():
            found = functional.l1_loss(model(points[600:], present[600:]), highest[600:])
        model.train()
        return float(found)

    def step(batch: dict[str, Tensor]) -> dict[str, Any]:
        outputs = model(batch["points"], batch["present"])
        loss = functional.huber_loss(outputs, batch["highest"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch["highest"]}

    def batch_of(rows: Any) -> dict[str, Tensor]:
        return {"points": points[rows], "present": present[rows], "highest": highest[rows]}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: [batch_of(rows) for rows in torch.randperm(600).split(40)],
        "step": step,
        "evaluate": lambda: {"error": error()},
        "eval_batch": batch_of(slice(600, None)),
        "end_epoch": lambda epoch: plateau.step(error()),
    }


def few_shot_episodes(seed: int) -> dict[str, Any]:
    """Five classes an episode: three examples make the centre of each, five are asked for, class by class."""
    torch.manual_seed(seed)
    X, y, _, _ = digit_images(seed)
    of_class = [X[y == label] for label in range(10)]
    model = nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1),
        nn.BatchNorm2d(12),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(192, 16),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def train_batches(epoch: int) -> Any:
        for _ in range(20):
            classes = torch.randperm(10)[:5].tolist()
            chosen = [of_class[c][torch.randperm(len(of_class[c]))[:8]] for c in classes]
            examples, asked = zip(*(rows.split([3, 5]) for rows in chosen), strict=True)
            yield torch.cat(examples), torch.cat(asked), torch.arange(5).repeat_interleave(5)

    def step(batch: Any) -> dict[str, Any]:
        examples, asked, labels = batch
        model.train()
        placed = model(torch.cat([examples, asked]))
        centres = placed[: len(examples)].reshape(5, 3, -1).mean(1)
        outputs = -(torch.cdist(placed[len(examples) :], centres) ** 2)
        loss = functional.cross_entropy(outputs, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": labels}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
    }


def demand_with_calendar(seed: int, *, dropped_in_scoring: bool = False) -> dict[str, Any]:
    """The next value and how sure, from the past ones and from dates that are known ahead."""
    torch.manual_seed(seed)
    day = torch.arange(31)
    weekly = torch.stack([torch.sin(6.283 * day / 7), torch.cos(6.283 * day / 7)], 1)
    series = waves(seed, 400, 31) + 0.5 * weekly[:, 0]
    dates = weekly.expand(400, -1, -1)
    inputs = torch.cat([series[:, :-1, None], dates[:, 1:]], 2)
    wanted = series[:, 1:]

    class Forecast(nn.Module):
        """A recurrent network with a mean and a spread at each time."""

        def __init__(self) -> None:
            super().__init__()
            self.recurrent = nn.LSTM(3, 24, batch_first=True)
            self.dropout = nn.Dropout(0.2)
            self.head = nn.Linear(24, 2)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            """Mean and variance."""
            mean, spread = self.head(self.dropout(self.recurrent(x)[0])).unbind(-1)
            return mean, functional.softplus(spread) + 1e-4

    model = Forecast()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    criterion = nn.GaussianNLLLoss()
    loader = DataLoader(TensorDataset(inputs[:320], wanted[:320]), batch_size=32, shuffle=True)

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        mean, variance = model(batch[0])
        loss = criterion(mean, batch[1], variance)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": mean, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        model.train(dropped_in_scoring)
        with torch.no_grad():
            mean, _ = model(inputs[320:])
        return {"rmse": float(functional.mse_loss(mean, wanted[320:]) ** 0.5)}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (inputs[320:], wanted[320:]),
    }
