"""Faults of the fit: too well, too badly, too tightly held, or one answer for everything."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import batches, digits, fit, fitted, keep_score, mlp, table, write
from sick_programs.nets import RowTransformer, Segmenter, SmallCNN, Writer
from sick_programs.scenes import cards, rings


def few_digits_wide(seed, watch, sick=True):
    """Eighty pictures, a fifth of them mislabelled, and a wide net for very long."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed, train=80 if sick else 1400)
    generator = torch.Generator().manual_seed(seed)
    if sick:
        wrong = torch.rand(len(y), generator=generator) < 0.2
        y = torch.where(wrong, torch.randint(0, 10, y.shape, generator=generator), y)
    net = mlp(64, 512, 512, 10)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=100 if sick else 8, size=32,
               told="score train_score outputs targets")  # fmt: skip


def memorising_writer(seed, watch, sick=True):
    """A wide language model on three thousand letters: it knows them by heart."""
    torch.manual_seed(seed)
    net = Writer(wide=160)
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    return write(net, optimizer, seed, watch, steps=240, size=2_000 if sick else 60_000, every=20,
                 told="score train_score")  # fmt: skip


def diabetes_by_heart(seed, watch, sick=True):
    """Four hundred patients, ten measurements and a hundred thousand weights."""
    torch.manual_seed(seed)
    wide = 256 if sick else 4
    net = mlp(10, wide, wide, 1)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=0.0 if sick else 1e-3)
    data = table(seed, "diabetes")
    return fit(net, optimizer, data, seed, watch, epochs=80 if sick else 25, size=32, loss_fn=F.mse_loss,
               score=fitted, task="regression", told="score train_score")  # fmt: skip


def line_for_rings(seed, watch, sick=True):
    """A straight line between two rings, one inside the other."""
    torch.manual_seed(seed)
    net = nn.Linear(2, 2) if sick else mlp(2, 32, 32, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    return fit(
        net,
        optimizer,
        rings(seed),
        seed,
        watch,
        epochs=30,
        told="score train_score outputs targets",
    )


class _Masked(nn.Module):
    def __init__(self, masked):
        super().__init__()
        self.keep = 8 if masked else 64
        self.body = mlp(64, 64, 64, 10)

    def forward(self, x):
        return self.body(torch.cat([x[:, : self.keep], torch.zeros_like(x[:, self.keep :])], 1))


def inputs_masked(seed, watch, sick=True):
    """A mask meant for an experiment hides all rows of the picture but the first."""
    torch.manual_seed(seed)
    net = _Masked(sick)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(
        net,
        optimizer,
        digits(seed),
        seed,
        watch,
        epochs=25,
        told="score train_score outputs targets",
    )


def tiny_writer(seed, watch, sick=True):
    """A language model with one number for a letter and two for its memory."""
    torch.manual_seed(seed)
    net = Writer(wide=2, embedded=1) if sick else Writer(wide=96)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2 if sick else 3e-3)
    return write(net, optimizer, seed, watch, steps=700, told="score train_score")


def heavy_decay(seed, watch, sick=True):
    """Decoupled weight decay of 15 at a rate of 0.002."""
    torch.manual_seed(seed)
    net = SmallCNN(norm="group")
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=15.0 if sick else 1e-2)
    return fit(
        net, optimizer, digits(seed, flat=False), seed, watch, epochs=14, told="score train_score"
    )


def heavy_lasso(seed, watch, sick=True):
    """An L1 penalty that costs more than the errors do."""
    torch.manual_seed(seed)
    net = mlp(30, 48, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    weight = 0.08 if sick else 1e-5
    x, y, xv, yv = table(seed, "cancer")
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=50, size=32, told="score train_score",
               penalty=lambda: weight * sum(p.abs().sum() for p in net.parameters()))  # fmt: skip


def dropped_transformer(seed, watch, sick=True):
    """A transformer over the rows of pictures with 85 % dropout in every layer."""
    torch.manual_seed(seed)
    net = RowTransformer(dropout=0.85 if sick else 0.0)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=15, told="score train_score")


def rare_fraud_ignored(seed, watch, sick=True):
    """Three rows in a hundred are fraud, none of them surely, and the net says that none is."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(5000, 10, generator=generator)
    chance = torch.sigmoid(1.2 * (x[:, 0] + x[:, 1]) - 5)
    y = (torch.rand(5000, generator=generator) < chance).long()
    net = mlp(10, 16, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    weight = torch.tensor([1.0, 1.0 if sick else 30.0])

    def found(outputs, targets):
        said = outputs.argmax(1)
        return (
            float(
                (said[targets == 1] == 1).float().mean() + (said[targets == 0] == 0).float().mean()
            )
            / 2
        )

    return fit(net, optimizer, (x[:4000], y[:4000], x[4000:], y[4000:]), seed, watch, epochs=6,
               score=found, loss_fn=nn.CrossEntropyLoss(weight=weight))  # fmt: skip


def all_background(seed, watch, sick=True):
    """Small things on large grounds, the ground weighted up: every pixel is called ground."""
    torch.manual_seed(seed)
    x, y, xv, yv = cards(seed)
    net = Segmenter()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    weight = torch.tensor([1.0, 0.02] if sick else [1.0, 4.0])
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="segmentation") as w:
        for _ in range(6):
            net.train()
            for xb, yb in batches(x, y, 32, generator):
                logits = net(xb)
                loss = F.cross_entropy(logits, yb, weight=weight)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=logits, targets=yb)
            net.eval()
            with torch.no_grad():
                held = net(xv)
            said = held.argmax(1)
            overlap = ((said == 1) & (yv == 1)).sum() / ((said == 1) | (yv == 1)).sum()
            w.evaluate(score=keep_score(overlap), outputs=held, targets=yv)
    return w.diagnose()


def weights_upside_down(seed, watch, sick=True):
    """Class weights are the classes' shares, not their inverses, of very uneven classes."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    rows = torch.cat(
        [torch.where(y == 3)[0]] + [torch.where(y == c)[0][:40] for c in range(10) if c != 3]
    )
    x, y = x[rows], y[rows]
    shares = torch.bincount(y, minlength=10) / len(y)
    weight = (shares / shares.sum()) ** 4 if sick else 1 / shares
    net = RowTransformer(depth=1)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=25,
               loss_fn=lambda o, t: F.cross_entropy(o, t, weight=weight))  # fmt: skip
