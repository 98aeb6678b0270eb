"""Written after the checks were mended on the rest of this set: flows, skip-grams, values, teachers."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from .data import digit_images, language, parted, seeded


def normalizing_flow(seed: int) -> dict[str, Any]:
    """Coupling layers whose likelihood is made large; the loss may fall below zero."""
    torch.manual_seed(seed)
    X, _, X_held, _ = parted("patients", seed)
    rows, held = X[:, :6], X_held[:, :6]

    class Coupling(nn.Module):
        """Half of the columns tell how the others are moved and stretched."""

        def __init__(self, *, turned: bool) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 6))
            self.turned = turned

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            """The moved rows, and the logarithm of how much space was stretched."""
            kept, moved = x.chunk(2, 1)[:: -1 if self.turned else 1]
            stretch, shift = self.inner(kept).chunk(2, 1)
            stretch = torch.tanh(stretch)
            made = moved * stretch.exp() + shift
            pair = (made, kept) if self.turned else (kept, made)
            return torch.cat(pair, 1), stretch.sum(1)

    model = nn.ModuleList(Coupling(turned=each % 2 == 1) for each in range(4))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    base = torch.distributions.Normal(0.0, 1.0)

    def likelihood(x: Tensor) -> Tensor:
        total = torch.zeros(len(x))
        for layer in model:
            x, stretched = layer(x)
            total = total + stretched
        return total + base.log_prob(x).sum(1)

    def step(batch: list[Tensor]) -> dict[str, Any]:
        loss = -likelihood(batch[0]).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        return {"loss": loss, "outputs": None, "targets": None}

    loader = DataLoader(TensorDataset(rows), batch_size=64, shuffle=True)
    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": lambda: {"likelihood": float(likelihood(held).mean().detach())},
        "eval_batch": [held],
    }


def skip_grams(seed: int) -> dict[str, Any]:
    """A word and one near by, against five drawn words."""
    torch.manual_seed(seed)
    stream = language(seed, 4000)
    pairs = torch.cat([torch.stack([stream[:-gap], stream[gap:]], 1) for gap in (1, 2)])
    inner, outer = nn.Embedding(24, 12), nn.Embedding(24, 12)
    nn.init.zeros_(outer.weight)
    optimizer = torch.optim.Adam([*inner.parameters(), *outer.parameters()], lr=5e-3)

    def step(batch: Tensor) -> dict[str, Any]:
        centre = inner(batch[:, 0])
        near = (centre * outer(batch[:, 1])).sum(1)
        far = torch.einsum("nd,nkd->nk", centre, outer(torch.randint(24, (len(batch), 5))))
        loss = -(functional.logsigmoid(near) + functional.logsigmoid(-far).sum(1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": near, "targets": None}

    def train_batches(epoch: int) -> Any:
        return pairs[torch.randperm(len(pairs))].split(128)

    return {
        "model": [inner, outer],
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "task": "self_supervised",
    }


def q_learning(seed: int) -> dict[str, Any]:
    """Values of two moves along a line from remembered moves; a copy of the network holds the goal still."""
    torch.manual_seed(seed)
    place = torch.rand(800, 1) * 2 - 1
    move = torch.randint(2, (800,))
    after = (place[:, 0] + 0.2 * (2 * move - 1) + 0.02 * torch.randn(800)).clamp(-1, 1)
    reward = (after > 0.9).float()
    online = nn.Sequential(nn.Linear(1, 24), nn.ReLU(), nn.Linear(24, 2))
    still = copy.deepcopy(online).requires_grad_(False)
    optimizer = torch.optim.RMSprop(online.parameters(), lr=2e-3)
    updates = {"n": 0}

    def step(rows: Tensor) -> dict[str, Any]:
        values = online(place[rows]).gather(1, move[rows, None]).squeeze(1)
        with torch.no_grad():
            ahead = still(after[rows, None]).max(1).values
            goal = reward[rows] + 0.9 * ahead * (1 - reward[rows])
        loss = functional.smooth_l1_loss(values, goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        updates["n"] += 1
        if updates["n"] % 50 == 0:
            still.load_state_dict(online.state_dict())
        return {"loss": loss, "outputs": values, "targets": goal}

    def train_batches(epoch: int) -> Any:
        for _ in range(20):
            yield torch.randint(800, (64,))

    return {
        "model": {"online": online, "still": still},
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
    }


def mean_teacher(seed: int) -> dict[str, Any]:
    """A hundred labels and many pictures without: a slow copy's answers are followed on the latter."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    pixels, held = X.flatten(1), X_held.flatten(1)
    student = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10))
    teacher = copy.deepcopy(student)
    optimizer = torch.optim.Adam(student.parameters(), lr=3e-3)

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(len(pixels) - 100).split(64):
            few = torch.randint(100, (20,))
            yield {"x": pixels[few], "y": y[few], "unlabelled": pixels[100 + rows]}

    def step(batch: dict[str, Tensor]) -> dict[str, Any]:
        student.train()
        teacher.train()
        logits = student(batch["x"])
        noisy = batch["unlabelled"] + 0.1 * torch.randn_like(batch["unlabelled"])
        with torch.no_grad():
            told = teacher(batch["unlabelled"]).softmax(1)
        follow = functional.mse_loss(student(noisy).softmax(1), told)
        loss = functional.cross_entropy(logits, batch["y"]) + 5 * follow
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(teacher.parameters(), student.parameters(), strict=True):
                slow.mul_(0.98).add_(fast, alpha=0.02)
        return {"loss": loss, "outputs": logits, "targets": batch["y"]}

    def evaluate() -> dict[str, float]:
        teacher.eval()
        with torch.no_grad():
            return {"accuracy": float((teacher(held).argmax(1) == y_held).float().mean())}

    return {
        "model": [student, teacher],
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "evaluate": evaluate,
    }


class Trainer:
    """A loop as an object: what `diagnose_training` needs are its attributes and methods."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        X, y, X_held, y_held = parted("digits", seed)
        self.data, self.held = (X, y), (X_held, y_held)
        self.model = nn.Sequential(
            nn.Linear(64, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Dropout(0.3), nn.Linear(96, 10)
        )
        self.optimizers = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizers, 20)
        self.order = seeded(seed)
        self.best = 0.0
        self.eval_batch = self.held

    def train_batches(self, epoch: int) -> Any:
        """Rows in a new order, the rest of them dropped."""
        for rows in torch.randperm(len(self.data[0]), generator=self.order).split(64):
            if len(rows) == 64:
                yield self.data[0][rows], self.data[1][rows]

    def step(self, batch: Any) -> dict[str, Any]:
        """One update."""
        self.model.train()
        logits = self.model(batch[0])
        loss = functional.multi_margin_loss(logits, batch[1])
        self.optimizers.zero_grad()
        loss.backward()
        self.optimizers.step()
        return {"loss": loss, "outputs": logits, "targets": batch[1]}

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """The accuracy, and the best so far."""
        self.model.eval()
        accuracy = float((self.model(self.held[0]).argmax(1) == self.held[1]).float().mean())
        self.best = max(self.best, accuracy)
        return {"accuracy": accuracy, "best": self.best}

    def end_epoch(self, epoch: int) -> None:
        """The learning rate goes down."""
        self.schedule.step()


def loop_as_object(seed: int) -> Trainer:
    """A classifier with a margin loss whose parts are the attributes of an object."""
    return Trainer(seed)
