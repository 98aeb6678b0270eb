"""Healthy programs kept back for the final count: nets with one target a row, and language models."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import accuracy, batches, digits, fit, fitted, keep_score, mlp, table
from sick_programs.nets import RowReader, RowTransformer, SmallCNN


def gathered_gradients_micro(seed, watch):
    """Gradients of four micro batches make one update, and the watch is told of each micro batch."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = mlp(64, 96, 48, 10)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer) as w:
        for _ in range(15):
            net.train()
            for count, (xb, yb) in enumerate(batches(x, y, 20, generator), start=1):
                logits = net(xb)
                loss = F.cross_entropy(logits, yb)
                (loss / 4).backward()
                if count % 4 == 0:
                    optimizer.step()
                    optimizer.zero_grad()
                w.step(loss=loss, outputs=logits, targets=yb)
            optimizer.zero_grad()
            net.eval()
            with torch.no_grad():
                held = net(xv)
            w.evaluate(score=keep_score(accuracy(held, yv)), outputs=held, targets=yv)
    return w.diagnose()


def warm_up_transformer(seed, watch):
    """A rate that rises for a sixth of the run and falls by a cosine."""
    torch.manual_seed(seed)
    net = RowTransformer(dropout=0.1, norm_first=False)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05)
    steps = 15 * 22
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 2e-3, total_steps=steps, pct_start=1 / 6
    )
    return fit(net, optimizer, digits(seed), seed, watch, epochs=15, told="score train_score",
               after_update=lambda step: schedule.step() if step < steps else None)  # fmt: skip


def rmsprop_gru(seed, watch):
    """RMSprop on a recurrent net."""
    torch.manual_seed(seed)
    net = RowReader(nn.GRU)
    optimizer = torch.optim.RMSprop(net.parameters(), lr=2e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=20, task=None)


def normed_cnn(seed, watch):
    """Convolutions with biases in front of BatchNorm: these biases have no gradient."""
    torch.manual_seed(seed)
    net = SmallCNN(norm="batch")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=15)


class _TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 96), nn.LayerNorm(96), nn.GELU())
        self.digit, self.ink = nn.Linear(96, 10), nn.Linear(96, 1)

    def forward(self, x):
        inner = self.body(x)
        return {"digit": self.digit(inner), "ink": self.ink(inner)}


def several_losses(seed, watch):
    """The class of a digit and the amount of its ink, together."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = _TwoHeads()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer) as w:
        for _ in range(20):
            net.train()
            for xb, yb in batches(x, y, 64, generator):
                said = net(xb)
                digit = F.cross_entropy(said["digit"], yb)
                ink = F.mse_loss(said["ink"], xb.mean(1, keepdim=True) * 4)
                loss = digit + ink
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, losses={"digit": digit, "ink": ink})
            net.eval()
            with torch.no_grad():
                w.evaluate(score=keep_score(accuracy(net(xv)["digit"], yv)))
    return w.diagnose()


def short_run(seed, watch):
    """Forty-two steps are all that this table needs."""
    torch.manual_seed(seed)
    net = mlp(13, 32, 3)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    return fit(net, optimizer, table(seed), seed, watch, epochs=14, size=45)


def distilled(seed, watch):
    """A small net learns the softened answers of a large one that stays as it is."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    teacher = mlp(64, 256, 10)
    optimizer = torch.optim.Adam(teacher.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(15):
        for xb, yb in batches(x, y, 64, generator):
            optimizer.zero_grad()
            F.cross_entropy(teacher(xb), yb).backward()
            optimizer.step()
    teacher.requires_grad_(False).eval()
    net = mlp(64, 24, 10)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    with watch([net, teacher], optimizer, task="classification") as w:
        for _ in range(25):
            net.train()
            for xb, yb in batches(x, y, 64, generator):
                logits, soft = net(xb), (teacher(xb) / 3).softmax(1)
                loss = 9 * F.kl_div((logits / 3).log_softmax(1), soft, reduction="batchmean")
                loss = 0.7 * loss + 0.3 * F.cross_entropy(logits, yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=logits, targets=yb)
            net.eval()
            with torch.no_grad():
                held = net(xv)
            w.evaluate(score=keep_score(accuracy(held, yv)), outputs=held, targets=yv)
    return w.diagnose()


def hinge_margin(seed, watch):
    """A margin loss, which is exactly zero for many rows."""
    torch.manual_seed(seed)
    net = mlp(30, 32, 2, act=nn.LeakyReLU)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    data = table(seed, "cancer")
    return fit(net, optimizer, data, seed, watch, epochs=15, size=32, loss_fn=F.multi_margin_loss)


def poisson_counts(seed, watch):
    """Counts by their Poisson likelihood."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2400, 5, generator=generator)
    y = torch.poisson((0.6 * x[:, :1] + 0.4 * x[:, 1:2].cos() + 1).exp(), generator=generator)
    net = mlp(5, 24, 1, act=nn.SiLU)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    return fit(net, optimizer, (x[:2000], y[:2000], x[2000:], y[2000:]), seed, watch, epochs=15,
               loss_fn=F.poisson_nll_loss, score=lambda o, t: fitted(o.exp(), t), task=None,
               step="loss", told="score train_score")  # fmt: skip


def quantile_regression(seed, watch):
    """The ninth decile by the pinball loss: the net's answers lie above most targets."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = 2 * torch.rand(2400, 2, generator=generator) - 1
    y = x[:, :1].sin() + (0.3 + x[:, 1:].abs()) * torch.randn(2400, 1, generator=generator)
    net = mlp(2, 32, 32, 1)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)

    def loss_fn(outputs, targets):
        short = targets - outputs
        return torch.maximum(0.9 * short, -0.1 * short).mean()

    return fit(net, optimizer, (x[:2000], y[:2000], x[2000:], y[2000:]), seed, watch, epochs=20,
               loss_fn=loss_fn, score=lambda o, t: -float(loss_fn(o, t)), task="regression",
               step="loss", told="score")  # fmt: skip


class _Factors(nn.Module):
    def __init__(self, users, things, wide=8):
        super().__init__()
        self.user, self.thing = nn.Embedding(users, wide), nn.Embedding(things, wide)
        for table_of in (self.user, self.thing):
            nn.init.normal_(table_of.weight, std=0.3)

    def forward(self, pairs):
        return (self.user(pairs[:, 0]) * self.thing(pairs[:, 1])).sum(1, keepdim=True)


def lookup_tables(seed, watch):
    """Users and things as rows of two tables, with sparse visits and no other weights."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    users, things = (torch.randn(n, 2, generator=generator) for n in (120, 150))
    pairs = torch.stack([torch.randint(0, n, (9000,), generator=generator) for n in (120, 150)], 1)
    y = (users[pairs[:, 0]] * things[pairs[:, 1]]).sum(1, keepdim=True)
    y = y + 0.3 * torch.randn(y.shape, generator=generator)
    net = _Factors(120, 150)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=1e-5)
    return fit(net, optimizer, (pairs[:8000], y[:8000], pairs[8000:], y[8000:]), seed, watch, epochs=8,
               size=128, loss_fn=F.mse_loss, score=fitted, task="regression",
               step="loss outputs targets", told="score outputs targets")  # fmt: skip


PROGRAMS = (
    gathered_gradients_micro,
    warm_up_transformer,
    rmsprop_gru,
    normed_cnn,
    several_losses,
    short_run,
    distilled,
    hinge_margin,
    poisson_counts,
    quantile_regression,
    lookup_tables,
)
