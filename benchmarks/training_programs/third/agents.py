"""Losses without plain targets: rewards, equations, experts, a teacher."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from .data import digit_images, parted


def bandit_policy(seed: int) -> dict[str, Any]:
    """A treatment of two is drawn for each patient, a reward follows: the policy gradient with a baseline."""
    torch.manual_seed(seed)
    X, y, _, _ = parted("patients", seed)
    policy = nn.Sequential(nn.Linear(30, 16), nn.Tanh(), nn.Linear(16, 2))
    value = nn.Linear(30, 1)
    optimizer = torch.optim.Adam(
        [{"params": policy.parameters(), "lr": 3e-3}, {"params": value.parameters(), "lr": 1e-2}]
    )

    def step(batch: Any) -> dict[str, Any]:
        context, right = batch
        choices = torch.distributions.Categorical(logits=policy(context))
        drawn = choices.sample()
        reward = (drawn == right).float()
        expected = value(context).squeeze(1)
        gain = (reward - expected).detach()
        loss = -(choices.log_prob(drawn) * gain).mean() - 0.01 * choices.entropy().mean()
        loss = loss + 0.5 * functional.mse_loss(expected, reward)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": choices.logits, "targets": reward}

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(len(X)).split(32):
            yield X[rows], y[rows]

    return {
        "model": [policy, value],
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
    }


def heat_equation(seed: int) -> dict[str, Any]:
    """A network that is to fulfil an equation and its edges: points are drawn, no data."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def train_batches(epoch: int) -> Any:
        for _ in range(20):
            inside = torch.rand(64, 2)
            start = torch.cat([torch.rand(32, 1), torch.zeros(32, 1)], 1)
            edge = torch.stack([torch.randint(0, 2, (32,)).float(), torch.rand(32)], 1)
            yield {"inside": inside, "start": start, "edge": edge}

    def step(batch: dict[str, Tensor]) -> dict[str, Any]:
        points = batch["inside"].clone().requires_grad_(True)
        heat = model(points)
        (slope,) = torch.autograd.grad(heat.sum(), points, create_graph=True)
        (bend,) = torch.autograd.grad(slope[:, 0].sum(), points, create_graph=True)
        residual = slope[:, 1] - 0.1 * bend[:, 0]
        at_start = model(batch["start"]) - torch.sin(3.1416 * batch["start"][:, :1])
        loss = residual.pow(2).mean() + at_start.pow(2).mean() + model(batch["edge"]).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": heat, "targets": None}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
    }


class Experts(nn.Module):
    """A gate that sends each row to the best of six experts; some see no row of a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(64, 6, bias=False)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 10)) for _ in range(6)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits, and how uneven the load is."""
        chance = self.gate(x).softmax(1)
        weight, chosen = chance.max(1)
        outputs = x.new_zeros(len(x), 10)
        for place, expert in enumerate(self.experts):
            rows = torch.nonzero(chosen == place).flatten()
            if len(rows):
                outputs = outputs.index_copy(0, rows, weight[rows, None] * expert(x[rows]))
        load = functional.one_hot(chosen, 6).float().mean(0)
        return outputs, 6 * (load * chance.mean(0)).sum()


def mixture_of_experts(seed: int) -> dict[str, Any]:
    """A sparse mixture of experts with a loss for an even load."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    loader = DataLoader(TensorDataset(X.flatten(1), y), batch_size=32, shuffle=True)
    model = Experts()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        logits, balance = model(batch[0])
        loss = functional.cross_entropy(logits, batch[1]) + 0.02 * balance
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            hits = model(X_held.flatten(1))[0].argmax(1) == y_held
        return {"accuracy": float(hits.float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (X_held.flatten(1), y_held),
    }


def distilled(seed: int) -> dict[str, Any]:
    """A small network that learns from the chances a larger, trained one gives."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    teacher = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    of_teacher = torch.optim.Adam(teacher.parameters(), lr=5e-3)
    for _ in range(60):
        rows = torch.randint(len(X), (128,))
        of_teacher.zero_grad()
        functional.cross_entropy(teacher(X[rows]), y[rows]).backward()
        of_teacher.step()
    teacher.eval()
    student = nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 10))
    optimizer = torch.optim.Adam(student.parameters(), lr=5e-3)
    loader = DataLoader(TensorDataset(X, y), batch_size=64, shuffle=True)

    def step(batch: Any) -> dict[str, Any]:
        images, labels = batch
        with torch.no_grad():
            soft = (teacher(images) / 3).softmax(1)
        logits = student(images)
        told = functional.kl_div((logits / 3).log_softmax(1), soft, reduction="batchmean") * 9
        loss = 0.7 * told + 0.3 * functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": labels}

    def evaluate() -> dict[str, float]:
        student.eval()
        with torch.no_grad():
            hits = float((student(X_held).argmax(1) == y_held).float().mean())
        student.train()
        return {"accuracy": hits}

    return {
        "model": {"student": student, "teacher": teacher},
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (X_held, y_held),
    }
