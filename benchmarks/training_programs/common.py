"""Data and the usual loop, which the programs share."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F


def digits(seed, flat=True):
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x = torch.tensor(x[order], dtype=torch.float32) / 16
    x = x if flat else x.view(-1, 1, 8, 8)
    y = torch.tensor(y[order])
    return x[:1400], y[:1400], x[1400:], y[1400:]


def minibatches(x, y, seed, size=64, bug=""):
    def batches(epoch):
        generator = torch.Generator().manual_seed(
            1000 * seed + (0 if bug == "same order" else epoch)
        )
        order = torch.randperm(len(x), generator=generator)
        if bug == "sorted by class":
            order = torch.argsort(y, stable=True)
        for rows in order.split(size):
            yield x[rows], y[rows]

    return batches


def supervised(
    model, optimizer, loss_fn, data, seed, *, bug="", size=64, task=None, score="accuracy"
):
    """The usual loop; `bug` names what is wrong with it."""
    x, y, xv, yv = data
    if bug == "targets shuffled apart":
        y = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))]
    if bug == "rows overlap":
        xv, yv = torch.cat([xv, x[:200]]), torch.cat([yv, y[:200]])
    if bug == "missing value":
        x = x.clone()
        x[5, ..., 0] = float("nan")

    def step(batch):
        if bug != "train mode never restored":
            model.train(bug != "always eval mode")
        inputs, targets = batch
        outputs = model(inputs)
        loss = loss_fn(outputs, targets)
        if bug == "loss rebuilt from its number":
            loss = torch.tensor(loss.item(), requires_grad=True)
        if bug == "sign of the loss":
            loss = -loss
        if bug not in ("missing zero_grad", "clipped, missing zero_grad"):
            optimizer.zero_grad()
        loss.backward()
        if bug == "zero_grad before step":
            optimizer.zero_grad()
        if bug == "clipped, missing zero_grad":
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return {"loss": loss.detach(), "outputs": outputs.detach(), "targets": targets}

    def evaluate():
        if bug != "eval mode forgotten":
            model.eval()
        with torch.no_grad():
            outputs = model(xv)
        if score == "accuracy":
            return {"accuracy": float((outputs.argmax(1) == yv).float().mean())}
        return {"mse": float(F.mse_loss(outputs.view(-1), yv.view(-1)))}

    return {
        "model": model,
        "optimizers": optimizer,
        "loss_fn": loss_fn,
        "train_batches": minibatches(x, y, seed, size, bug),
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (xv, yv),
        "epochs": 10,
        "task": task,
    }
