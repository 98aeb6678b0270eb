"""Programs of rarer kinds: teachers, graphs, values of actions, masks, mixed rows, ratings, several tasks."""

from __future__ import annotations

import copy

import numpy as np
import torch
from sklearn.datasets import load_wine
from torch import nn
from torch.nn import functional as F

from training_programs.common import digits


def teacher(seed, bug=""):
    """A student that follows its own moving average, warm-up from a rate of 0, batches of few classes."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    student = nn.Sequential(
        nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 10)
    )
    follower = copy.deepcopy(student).requires_grad_(False).eval()
    optimizer = torch.optim.AdamW(student.parameters(), lr=2e-3)
    warm = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 10))
    random = np.random.default_rng(seed)

    def batches(epoch):
        for _ in range(20):
            classes = random.choice(10, 5, replace=False)
            rows = np.concatenate(
                [random.choice(np.flatnonzero(y.numpy() == c), 8, replace=False) for c in classes]
            )
            yield {"x": x[rows], "y": y[rows]}

    def step(batch):
        student.train(bug != "train mode lost" or student.training)
        out = student(batch["x"] + 0.05 * torch.randn_like(batch["x"]))
        with torch.no_grad():
            wanted = follower(batch["x"]).softmax(1)
        loss = F.cross_entropy(out, batch["y"]) + 0.1 * F.mse_loss(out.softmax(1), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        warm.step()
        with torch.no_grad():
            for slow, fast in zip(follower.parameters(), student.parameters(), strict=True):
                slow.lerp_(fast, 0.05)
        return {"loss": loss, "outputs": out, "targets": batch["y"]}

    def evaluate():
        student.eval()
        with torch.no_grad():
            return {"accuracy": float((student(xv).argmax(1) == yv).float().mean())}

    return {"model": {"student": student, "follower": follower}, "optimizers": optimizer,
            "train_batches": batches, "step": step, "evaluate": evaluate,
            "eval_batch": {"x": xv, "y": yv}}  # fmt: skip


def graph(seed, bug=""):
    """A graph of near digits, all of it in every step; a part of the nodes has a label."""
    torch.manual_seed(seed)
    x, y, _, _ = digits(seed)
    x, y = x[:400], y[:400]
    near = torch.cdist(x, x).topk(6, largest=False).indices
    links = torch.zeros(400, 400).scatter_(1, near, 1 / 6)
    first, last = nn.Linear(64, 32), nn.Linear(32, 10)

    class Convolved(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last, self.drop = first, last, nn.Dropout(0.3)

        def forward(self, nodes, links):
            return links @ self.last(self.drop((links @ self.first(nodes)).relu()))

    model = Convolved()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=5e-4)

    def step(batch):
        model.train()
        outputs = model(batch["nodes"], batch["links"])
        loss = F.cross_entropy(outputs[:200], y[:200])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs[:200], "targets": y[:200]}

    def evaluate():
        model.eval()
        with torch.no_grad():
            return {"accuracy": float((model(x, links)[200:].argmax(1) == y[200:]).float().mean())}

    return {"model": model, "optimizers": optimizer,
            "train_batches": lambda epoch: [{"nodes": x, "links": links}], "step": step,
            "evaluate": evaluate, "task": "classification"}  # fmt: skip


def values(seed, bug=""):
    """Values of actions in a corridor, learned from moves, with a second network that follows in jumps."""
    torch.manual_seed(seed)
    values_of = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
    target = copy.deepcopy(values_of)
    optimizer = torch.optim.RMSprop(values_of.parameters(), lr=1e-3)
    count = 0

    def batches(epoch):
        for _ in range(30):
            place, action = torch.randint(10, (32,)), torch.randint(2, (32,))
            after = (place + 2 * action - 1).clamp(0, 9)
            codes = F.one_hot(torch.stack([place, after]), 10).float()
            yield {
                "place": codes[0],
                "action": action,
                "after": codes[1],
                "reward": (after == 9).float(),
            }

    def step(batch):
        nonlocal count
        count += 1
        with torch.no_grad():
            wanted = batch["reward"] + 0.9 * target(batch["after"]).amax(1)
        chosen = values_of(batch["place"]).gather(1, batch["action"][:, None])[:, 0]
        loss = F.smooth_l1_loss(chosen, wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(values_of.parameters(), 1.0)
        optimizer.step()
        if count % 20 == 0:
            target.load_state_dict(values_of.state_dict())
        return {"loss": loss, "outputs": chosen, "targets": wanted}

    return {
        "model": [values_of, target],
        "optimizers": [optimizer],
        "train_batches": batches,
        "step": step,
    }


def segments(seed, bug=""):
    """Which pixels are ink, told by a network that goes down and up again, with a Dice loss beside."""
    torch.manual_seed(seed)
    x = digits(seed, flat=False)[0]
    wanted = (x > 0.4).long()[:, 0]

    class Hourglass(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.GroupNorm(2, 8), nn.ReLU())
            self.up, self.out = nn.ConvTranspose2d(8, 8, 2, 2), nn.Conv2d(9, 2, 3, padding=1)

        def forward(self, image):
            return {"out": self.out(torch.cat([self.up(self.down(image)), image], 1)), "aux": None}

    model = Hourglass()
    optimizer = torch.optim.NAdam(model.parameters(), lr=5e-3)

    def step(batch):
        out = model(batch["image"] + 0.2 * torch.randn_like(batch["image"]))["out"]
        ink, truth = out.softmax(1)[:, 1], batch["mask"].float()
        dice = 1 - (2 * (ink * truth).sum() + 1) / (ink.sum() + truth.sum() + 1)
        loss = F.cross_entropy(out, batch["mask"]) + dice
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": out, "targets": batch["mask"]}

    def batches(epoch):
        return [
            {"image": x[rows], "mask": wanted[rows]} for rows in torch.randperm(len(x)).split(48)
        ]

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": batches,
        "step": step,
        "task": "segmentation",
    }


def mixed_rows(seed, bug=""):
    """Digits mixed in pairs with their labels, in bfloat16, through a DataLoader."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    data = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(data, batch_size=50, shuffle=True, drop_last=True)
    model = nn.Sequential(
        nn.Linear(64, 64), nn.LayerNorm(64), nn.GELU(), nn.Dropout(0.1), nn.Linear(64, 10)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=5 * len(loader))

    def step(batch):
        model.train()
        inputs, targets = batch
        share, other = float(np.random.beta(0.4, 0.4)), torch.randperm(len(inputs))
        wanted = (
            share * F.one_hot(targets, 10).float()
            + (1 - share) * F.one_hot(targets[other], 10).float()
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = model(share * inputs + (1 - share) * inputs[other])
            loss = F.cross_entropy(outputs, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
        return {"loss": loss.item(), "outputs": outputs.float(), "targets": wanted}

    def evaluate():
        model.eval()
        with torch.inference_mode():
            return {"accuracy": float((model(xv).argmax(1) == yv).float().mean())}

    return {"model": model, "optimizers": optimizer, "train_batches": loader, "step": step,
            "evaluate": evaluate, "eval_batch": [xv, yv], "epochs": 5}  # fmt: skip


def recommender(seed, bug=""):
    """Ratings from users and things by number, with a table of sparse gradients for each."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    taste, kind = torch.randn(60, 3, generator=random), torch.randn(40, 3, generator=random)
    users, things = (
        torch.randint(60, (1500,), generator=random),
        torch.randint(40, (1500,), generator=random),
    )
    ratings = (taste[users] * kind[things]).sum(1) + 0.3 * torch.randn(1500, generator=random)

    class Tables(nn.Module):
        def __init__(self):
            super().__init__()
            self.users, self.things = (
                nn.Embedding(60, 4, sparse=True),
                nn.Embedding(40, 4, sparse=True),
            )

        def forward(self, user, thing):
            return (self.users(user) * self.things(thing)).sum(1)

    model = Tables()
    optimizer = torch.optim.SparseAdam(list(model.parameters()), lr=0.02)

    def step(batch):
        outputs = model(user=batch["user"], thing=batch["thing"])
        loss = ((outputs - batch["rating"]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch["rating"]}

    def batches(epoch):
        for rows in torch.randperm(1500).split(100):
            yield {"user": users[rows], "thing": things[rows], "rating": ratings[rows]}

    return {"model": model, "optimizers": optimizer, "train_batches": batches, "step": step}


def several_tasks(seed, bug=""):
    """Classes and numbers of wines, many missing, from one body and two heads; their weights are learned."""
    torch.manual_seed(seed)
    x, y = load_wine(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = (
        torch.tensor(((x - x.mean(0)) / x.std(0))[order], dtype=torch.float32),
        torch.tensor(y[order]),
    )
    wanted = torch.stack([x[:, 0], x[:, 6] - x[:, 9]], 1)
    wanted[torch.rand(wanted.shape) < 0.3] = float("nan")
    body, heads = (
        nn.Sequential(nn.Linear(13, 24), nn.ELU()),
        nn.ModuleList([nn.Linear(24, 3), nn.Linear(24, 2)]),
    )
    weights = nn.Parameter(torch.zeros(2))
    network = nn.ModuleList([body, heads])
    optimizer = torch.optim.Adam([*network.parameters(), weights], lr=5e-3)

    def step(batch):
        hidden = body(batch[0])
        classes, values = heads[0](hidden), heads[1](hidden)
        known = ~batch[2].isnan()
        parts = torch.stack(
            [F.cross_entropy(classes, batch[1]), F.mse_loss(values[known], batch[2][known])]
        )
        loss = (parts * (-weights).exp() + weights).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": (classes, values), "targets": (batch[1], batch[2])}

    def batches(epoch):
        for rows in torch.randperm(len(x)).split(16):
            yield x[rows], y[rows], wanted[rows]

    return {"model": network, "optimizers": optimizer, "train_batches": batches, "step": step}
