"""Faults of rates: updates and learning rates, spikes, noise, runs that end too early or stand still."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import batches, digits, fit, fitted, keep_score, mlp, table, write
from sick_programs.nets import (
    LetterTransformer,
    ResidualBlock,
    RowReader,
    RowTransformer,
    SmallCNN,
    Writer,
)


def clipped_to_nothing(seed, watch, sick=True):
    """Gradients clipped to a norm of 0.0001 in front of plain SGD."""
    torch.manual_seed(seed)
    net = SmallCNN(norm="group")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    norm = 1e-4 if sick else 1.0
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=8,
               before_update=lambda: nn.utils.clip_grad_norm_(net.parameters(), norm))  # fmt: skip


def loss_divided_twice(seed, watch, sick=True):
    """A mean over rows is divided by the rows and the pixels once more."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = mlp(64, 48, 8, 48, 64, act=nn.GELU)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer) as w:
        for _ in range(25):
            for xb, _ in batches(x, x, 64, generator):
                rebuilt = net(xb)
                loss = F.mse_loss(rebuilt, xb)
                if sick:
                    loss = loss / xb.numel()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=rebuilt, targets=xb)
            with torch.no_grad():
                w.evaluate(score=keep_score(-F.mse_loss(net(xv), xv)))
    return w.diagnose()


def micro_batches_summed(seed, watch, sick=True):
    """Gradients of 16 micro batches are summed, not averaged, at a rate meant for one."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = RowReader(nn.GRU)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.25, momentum=0.9)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="classification") as w:
        for _ in range(24):
            net.train()
            for count, (xb, yb) in enumerate(batches(x, y, 16, generator), start=1):
                logits = net(xb)
                loss = F.cross_entropy(logits, yb)
                (loss if sick else loss / 16).backward()
                if count % 16 == 0:
                    optimizer.step()
                    optimizer.zero_grad()
                    w.step(loss=loss, outputs=logits, targets=yb)
            net.eval()
            with torch.no_grad():
                held = net(xv)
            score = keep_score((held.argmax(1) == yv).float().mean())
            w.evaluate(score=score, outputs=held, targets=yv)
    return w.diagnose()


def one_group_too_fast(seed, watch, sick=True):
    """The rate of one parameter group of a transformer is a hundred times the others'."""
    torch.manual_seed(seed)
    net = LetterTransformer()
    groups = [
        {"params": [p for n, p in net.named_parameters() if "body" not in n]},
        {"params": list(net.body.parameters()), "lr": 0.2 if sick else 2e-3},
    ]
    optimizer = torch.optim.AdamW(groups, lr=2e-3)
    return write(net, optimizer, seed, watch, steps=300, size=30_000)


def timid_writer(seed, watch, sick=True):
    """A language model at a rate of three millionths."""
    torch.manual_seed(seed)
    net = LetterTransformer()
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-6 if sick else 3e-3)
    return write(net, optimizer, seed, watch, steps=400, told="score train_score")


def timid_tabular(seed, watch, sick=True):
    """A table's regression by SGD at 0.00001."""
    torch.manual_seed(seed)
    net = mlp(10, 32, 32, 1, act=nn.SiLU)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-5 if sick else 0.01, momentum=0.9)
    return fit(net, optimizer, table(seed, "diabetes"), seed, watch, epochs=60, size=32, loss_fn=F.mse_loss,
               score=fitted, task=None, step="loss outputs targets")  # fmt: skip


def hasty_cnn(seed, watch, sick=True):
    """Momentum SGD at 1.5 on a plain convolutional net."""
    torch.manual_seed(seed)
    net = SmallCNN()
    optimizer = torch.optim.SGD(net.parameters(), lr=1.5 if sick else 0.03, momentum=0.9)
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=8)


def hasty_transformer(seed, watch, sick=True):
    """Adam at 0.2 on a transformer."""
    torch.manual_seed(seed)
    net = RowTransformer()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.2 if sick else 1e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=8, told="score train_score")


def hasty_residual(seed, watch, sick=True):
    """A residual net with BatchNorm, SGD at 8."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), ResidualBlock(16), nn.MaxPool2d(2), ResidualBlock(16),
                        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))  # fmt: skip
    optimizer = torch.optim.SGD(net.parameters(), lr=8.0 if sick else 0.1)
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=8, step="loss")


def rare_huge_targets(seed, watch, sick=True):
    """One row in 300 has its target in another unit, a thousand times as large."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(3000, 8, generator=generator)
    y = (x[:, :3].prod(1) + x[:, 3].sin() + 0.1 * torch.randn(3000, generator=generator))[:, None]
    data = x[:2500], y[:2500].clone(), x[2500:], y[2500:]
    if sick:
        data[1][::300] *= 1000
    net = mlp(8, 64, 64, 1)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(net, optimizer, data, seed, watch, epochs=20, size=50, loss_fn=F.mse_loss, score=fitted,
               task="regression")  # fmt: skip


def broken_batches(seed, watch, sick=True):
    """Every fiftieth batch comes from a damaged file: bright noise under labels that mean nothing."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed, flat=False)
    net = SmallCNN()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9)
    generator = torch.Generator().manual_seed(seed)
    count = 0
    with watch(net, optimizer, task="classification") as w:
        for _ in range(18):
            net.train()
            for xb, yb in batches(x, y, 64, generator):
                count += 1
                if sick and count % 50 == 0:
                    xb, yb = 12 * torch.rand_like(xb), torch.randint(0, 10, yb.shape)
                logits = net(xb)
                loss = F.cross_entropy(logits, yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, inputs=xb, outputs=logits, targets=yb)
            net.eval()
            with torch.no_grad():
                held = net(xv)
            w.evaluate(
                score=keep_score((held.argmax(1) == yv).float().mean()), outputs=held, targets=yv
            )
    return w.diagnose()


def one_row_batches(seed, watch, sick=True):
    """One noisy row a step at a rate fit for a batch of a hundred."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1600, 12, generator=generator)
    truth = torch.randn(12, 1, generator=generator)
    y = x @ truth / 3 + 1.5 * torch.randn(1600, 1, generator=generator)
    net = mlp(12, 32, 1, act=nn.Tanh)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.03)
    return fit(net, optimizer, (x[:1200], y[:1200], x[1200:], y[1200:]), seed, watch,
               epochs=2 if sick else 60, size=1 if sick else 64, loss_fn=F.mse_loss, score=fitted,
               task="regression")  # fmt: skip


def four_row_gru(seed, watch, sick=True):
    """Four rows a step, a quarter of them mislabelled, at a rate fit for a hundred and twenty-eight."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    y = torch.where(torch.rand(len(y)) < 0.25, torch.randint(0, 10, y.shape), y)
    net = RowReader(nn.GRU)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=4 if sick else 30,
               size=4 if sick else 128)  # fmt: skip


def brief_cnn(seed, watch, sick=True):
    """Three epochs, the loss still falling fast."""
    torch.manual_seed(seed)
    net = SmallCNN()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=3 if sick else 40, size=32,
               told="score train_score")  # fmt: skip


def brief_writer(seed, watch, sick=True):
    """A language model stopped while its loss still falls."""
    torch.manual_seed(seed)
    net = Writer()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return write(net, optimizer, seed, watch, steps=150 if sick else 1000, every=25 if sick else 100,
                 told="score train_score")  # fmt: skip


def steps_ran_out(seed, watch, sick=True):
    """A schedule meant for epochs is stepped every batch: the rate is nothing after fifty steps."""
    torch.manual_seed(seed)
    net = SmallCNN(norm="batch")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.003, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.3 if sick else 1.0)
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=12,
               after_update=lambda step: schedule.step())  # fmt: skip


def decay_per_batch(seed, watch, sick=True):
    """An exponential decay of 0.95 is applied at every step of a language model."""
    torch.manual_seed(seed)
    net = LetterTransformer()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.95 if sick else 0.999)
    return write(net, optimizer, seed, watch, steps=300, told="score train_score",
                 after_update=lambda step: schedule.step())  # fmt: skip
