"""Small loops on made-up data, whole or with one thing wrong, and one check run on them."""

import warnings

import torch
from torch import nn
from torch.nn import functional as F

from mldiag.training_checks.checks import ALL
from mldiag.training_checks.loop import Loop
from mldiag.training_checks.parts import parts_of
from mldiag.training_checks.run import judge_one

MODULES = {module.CHECK.slug: module for module in ALL}


def judged(slug, parts, seconds=60.0):
    """The finding of one check, run as `diagnose_training` runs it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return judge_one(MODULES[slug], Loop(parts_of(parts), seconds))


def outcome(slug, parts):
    return judged(slug, parts).outcome


def rows(n=320, columns=6, classes=3, seed=0):
    """Inputs, and classes that follow from them."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, columns, generator=generator)
    weights = torch.randn(columns, classes, generator=torch.Generator().manual_seed(7))
    return x, (x @ weights).argmax(1)


def numbers(n=320, columns=6, seed=0):
    """Inputs, and a number that follows from them."""
    x, _ = rows(n, columns, seed=seed)
    return x, (x[:, 0] - x[:, 1]).sin() + 0.1 * x[:, 2]


def network(out=3, columns=6, wide=16):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(columns, wide), nn.Tanh(), nn.Linear(wide, out))


def shuffled(x, y, size=16):
    def batches(epoch):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
        for chosen in order.split(size):
            yield x[chosen], y[chosen]

    return batches


def loop(
    model=None, data=None, *, loss_fn=F.cross_entropy, optimizer=None, size=16, step=None, **parts
):
    """The parts of a plain supervised loop; keyword arguments take the place of parts or add some."""
    model = network() if model is None else model
    x, y = rows() if data is None else data
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2) if optimizer is None else optimizer

    def plain_step(batch):
        inputs, targets = batch
        model.train()
        outputs = model(inputs)
        loss = loss_fn(outputs, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss.detach(), "outputs": outputs, "targets": targets}

    return {
        "model": model,
        "optimizers": optimizer,
        "loss_fn": loss_fn,
        "train_batches": shuffled(x, y, size),
        "step": step or plain_step,
        **parts,
    }


class Through(nn.Module):
    """A network whose output is changed by a function of (inputs, outputs)."""

    def __init__(self, change, inner=None):
        super().__init__()
        self.inner, self.change = inner or network(), change

    def forward(self, x):
        return self.change(x, self.inner(x))
