"""Programs of their own with one mistake each that is not a small change to a healthy one of this set."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from .data import digit_images, parted


def loop_of(
    model: nn.Module, optimizer: Any, rows: tuple[Tensor, Tensor], held: Any, **more: Any
) -> dict[str, Any]:
    """A classifier's loop in its plainest form; what is given instead wins."""
    loader = DataLoader(TensorDataset(*rows), batch_size=50, shuffle=True)

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        outputs = model(batch[0])
        loss = functional.cross_entropy(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            return {"accuracy": float((model(held[0]).argmax(1) == held[1]).float().mean())}

    plain = {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": held,
    }
    return plain | more


def sorted_by_sampler(seed: int) -> dict[str, Any]:
    """The data frame was sorted by the target on the way, and the loader keeps its order."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("patients", seed)
    order = y.argsort(stable=True)
    model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 2))
    loader = DataLoader(TensorDataset(X[order], y[order]), batch_size=32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    return loop_of(model, optimizer, (X, y), (X_held, y_held), train_batches=lambda epoch: loader)


def scaled_by_batch(seed: int) -> dict[str, Any]:
    """Features divided by the batch's own deviation inside the network, at prediction too."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("patients", seed)

    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(30, 24), nn.ReLU(), nn.Linear(24, 2))

        def forward(self, x: Tensor) -> Tensor:
            return self.layers((x - x.mean(0)) / (x.std(0, correction=0) + 1e-3))

    model = Scaled()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    return loop_of(model, optimizer, (X, y), (X_held, y_held))


def divided_by_nothing(seed: int) -> dict[str, Any]:
    """Pixels standardised without a floor: some never vary, and give 0 / 0."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    flat, flat_held = X.flatten(1), X_held.flatten(1)
    mean, deviation = flat.mean(0), flat.std(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    rows = ((flat - mean) / deviation, y)
    return loop_of(model, optimizer, rows, ((flat_held - mean) / deviation, y_held))


def integer_pixels(seed: int) -> dict[str, Any]:
    """Pixels turned into integers before they are divided: nothing is left of the picture."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)
            )

        def forward(self, pixels: Tensor) -> Tensor:
            return self.layers((pixels.to(torch.uint8) // 255).float())

    model = Reader()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    whole = (X * 250).round()
    return loop_of(model, optimizer, (whole, y), ((X_held * 250).round(), y_held))


def wide_start(seed: int) -> dict[str, Any]:
    """Weights drawn with deviation one in every layer."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("digits", seed)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    return loop_of(model, optimizer, (X, y), (X_held, y_held))


def rounded_answers(seed: int) -> dict[str, Any]:
    """The loss counts wrong answers, which has no gradient, and is told to have one."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("patients", seed)
    model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        outputs = model(batch[0]).squeeze(1)
        said = (outputs > 0).float()
        loss = ((said - batch[1]) ** 2).mean().requires_grad_()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            return {
                "accuracy": float(((model(X_held).squeeze(1) > 0) == (y_held > 0)).float().mean())
            }

    return loop_of(model, optimizer, (X, y), (X_held, y_held), step=step, evaluate=evaluate)


def stays_in_eval(seed: int) -> dict[str, Any]:
    """`evaluate` turns dropout and norms off, and nobody turns them on again."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("digits", seed)
    model = nn.Sequential(
        nn.Linear(64, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Dropout(0.4), nn.Linear(48, 10)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def step(batch: Any) -> dict[str, Any]:
        outputs = model(batch[0])
        loss = functional.cross_entropy(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    return loop_of(model, optimizer, (X, y), (X_held, y_held), step=step)


def uphill(seed: int) -> dict[str, Any]:
    """The likelihood itself is handed to the optimizer, which makes it small."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("digits", seed)
    model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10), nn.LogSoftmax(1))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        outputs = model(batch[0])
        loss = outputs.gather(1, batch[1][:, None]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    return loop_of(model, optimizer, (X, y), (X_held, y_held), step=step)
