"""Programs with one target a row."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from torch import nn
from torch.nn import functional as F

from training_programs.common import digits, supervised


class _Perceptron(nn.Module):
    def __init__(self, wide=64, out=10, inputs=64, bug=""):
        super().__init__()
        self.bug = bug
        self.first, self.last = nn.Linear(inputs, wide), nn.Linear(wide, out)
        if bug == "layers in a plain list":
            self.__dict__["hidden"] = [nn.Linear(wide, wide)]
        if bug == "weights too large":
            nn.init.normal_(self.last.weight, std=5.0)
        if bug == "dead layer":
            nn.init.constant_(self.first.bias, -100.0)

    def forward(self, x):
        if self.bug == "inputs ignored":
            x = torch.zeros_like(x)
        hidden = self.first(x).relu()
        if self.bug == "detached layer":
            hidden = hidden.detach()
        out = self.last(hidden)
        if self.bug == "softmax twice":
            out = out.softmax(-1)
        if self.bug == "softmax over rows":
            out = out.softmax(0)
        if self.bug == "relu on the output":
            out = -out.relu()
        return out


def perceptron(seed, bug=""):
    torch.manual_seed(seed)
    model = _Perceptron(bug=bug)
    parameters = list(model.parameters())
    if bug == "layer left out of the optimizer":
        parameters = list(model.last.parameters())
    if bug == "optimizer of a copy":
        parameters = list(copy.deepcopy(model).parameters())
    rate = 0.0 if bug == "learning rate 0" else 1e-3
    optimizer = torch.optim.Adam(parameters, lr=rate)
    data = digits(seed)
    if bug == "inputs not scaled":
        data = (data[0] * 4000, data[1], data[2] * 4000, data[3])
    return supervised(model, optimizer, F.cross_entropy, data, seed, bug=bug)


class _Convolutions(nn.Module):
    def __init__(self, bug=""):
        super().__init__()
        self.bug = bug
        momentum = 0.0 if bug == "batch norm momentum 0" else 0.1
        tracked = bug != "statistics of the batch in eval mode"
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16, momentum=momentum, track_running_stats=tracked),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32, momentum=momentum, track_running_stats=tracked),
            nn.ReLU(),
        )
        self.drop, self.head = nn.Dropout(0.3), nn.Linear(32, 10)

    def forward(self, x):
        x = self.body(x)
        if self.bug == "reshaped across rows":
            x = x.permute(1, 0, 2, 3).reshape(x.shape[0], 32, -1).mean(2)
        else:
            x = x.mean((2, 3))
        if self.bug == "dropout ignores eval":
            x = F.dropout(x, 0.3, training=True)
        return self.head(self.drop(x))


def convolutions(seed, bug=""):
    torch.manual_seed(seed)
    model = _Convolutions(bug)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return supervised(
        model,
        optimizer,
        nn.CrossEntropyLoss(label_smoothing=0.05),
        digits(seed, flat=False),
        seed,
        bug=bug,
    )


@dataclass
class Images:
    """A batch of its own kind."""

    pixels: torch.Tensor
    digit: torch.Tensor
    source: dict = field(default_factory=dict)


def frozen(seed, bug=""):
    """A backbone that stays as it is, and gradients gathered over four batches."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    backbone = (
        nn.Sequential(nn.Linear(64, 128), nn.BatchNorm1d(128), nn.ReLU())
        .requires_grad_(False)
        .eval()
    )
    head = nn.Sequential(nn.Dropout(0.2), nn.Linear(128, 10))
    model = nn.ModuleDict({"backbone": backbone, "head": head})
    optimizer = torch.optim.SGD(head.parameters(), lr=0.3)
    done = 0

    def batches(epoch):
        for rows in torch.randperm(len(x)).split(32):
            yield Images(x[rows], y[rows], {"rows": rows})

    def step(batch):
        nonlocal done
        head.train()
        scores = head(backbone(batch.pixels))
        loss = F.cross_entropy(scores, batch.digit)
        (loss / 4).backward()
        done += 1
        if done % 4 == 0:
            optimizer.step()
            if bug != "accumulation never cleared":
                optimizer.zero_grad()
        return {"loss": loss, "outputs": scores, "targets": batch.digit}

    def evaluate():
        head.eval()
        with torch.no_grad():
            return {"accuracy": float((head(backbone(xv)).argmax(1) == yv).float().mean())}

    return {"model": model, "optimizers": optimizer, "train_batches": batches, "step": step,
            "evaluate": evaluate, "eval_batch": Images(xv, yv), "task": "classification"}  # fmt: skip


def patients(seed):
    x, y = load_diabetes(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = x[order] / x.std(0), (y[order] - y.mean()) / y.std()
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    return x[:350], y[:350], x[350:], y[350:]


def regression(seed, bug=""):
    torch.manual_seed(seed)
    x, y, xv, yv = patients(seed)
    model = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    if bug in ("broadcast by hand", "broadcast in mse_loss"):
        by_hand = bug == "broadcast by hand"
        loss_fn = (
            (lambda outputs, targets: ((outputs - targets) ** 2).mean()) if by_hand else F.mse_loss
        )
    else:
        y, yv, loss_fn = y[:, None], yv[:, None], F.mse_loss
    if bug == "constant targets":
        y = torch.full_like(y, float(y[0]))
    return supervised(
        model, optimizer, loss_fn, (x, y, xv, yv), seed, bug=bug, size=32, score="mse"
    )


def weighted_binary(seed, bug=""):
    """Breast cancer with a weighted loss, a full batch each step, and L-BFGS on odd seeds."""
    torch.manual_seed(seed)
    x, y = load_breast_cancer(return_X_y=True)
    x = torch.tensor((x - x.mean(0)) / x.std(0), dtype=torch.float32)
    y = torch.tensor(y, dtype=torch.float32)
    order = torch.randperm(len(x))
    train, valid = order[:400], order[400:]
    model = nn.Linear(30, 1)
    optimizer = (
        torch.optim.LBFGS(model.parameters(), max_iter=3)
        if seed % 2
        else torch.optim.SGD(model.parameters(), 0.1)
    )
    weight = torch.tensor(0.6)

    def step(batch):
        inputs, targets = batch

        def closure():
            optimizer.zero_grad()
            out = model(inputs).squeeze(1)
            if bug == "sigmoid twice":
                out = out.sigmoid()
            loss = F.binary_cross_entropy_with_logits(out, targets, pos_weight=weight)
            loss.backward()
            return loss

        if not seed % 2:
            closure()
        loss = optimizer.step(closure) if seed % 2 else closure()
        if not seed % 2:
            optimizer.step()
        with torch.no_grad():
            return {"loss": loss, "outputs": model(inputs).squeeze(1), "targets": targets}

    def evaluate():
        with torch.no_grad():
            return {
                "accuracy": float(
                    ((model(x[valid]).squeeze(1) > 0) == (y[valid] > 0.5)).float().mean()
                )
            }

    return {"model": model, "optimizers": optimizer,
            "train_batches": lambda epoch: [(x[train], y[train])], "step": step,
            "evaluate": evaluate, "eval_batch": (x[valid], y[valid]), "epochs": 20}  # fmt: skip


def flowers(seed, bug=""):
    """Iris, 150 rows, softmax regression: less data than a check could wish for."""
    torch.manual_seed(seed)
    x, y = load_iris(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x = torch.tensor((x[order] - x.mean(0)) / x.std(0), dtype=torch.float32)
    y = torch.tensor(y[order])
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return supervised(
        model,
        optimizer,
        F.cross_entropy,
        (x[:110], y[:110], x[110:], y[110:]),
        seed,
        bug=bug,
        size=16,
    )
