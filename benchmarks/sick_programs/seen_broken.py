"""Runs that break: values that are not finite, parameters that never move, inputs of wild scale."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import (
    accuracy,
    batches,
    digits,
    fit,
    fitted,
    keep_score,
    mlp,
    table,
)
from sick_programs.nets import ResidualBlock, RowReader


def log_of_zero(seed, watch, sick=True):
    """The logarithm of a softmax that has run to exactly zero."""
    torch.manual_seed(seed)
    net = mlp(64, 128, 128, 10)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.4, momentum=0.9)

    def loss_fn(logits, y):
        logits = 12 * logits
        if not sick:
            return F.cross_entropy(logits, y) / 12
        return -(F.one_hot(y, 10) * logits.softmax(1).log()).sum(1).mean() / 12

    return fit(net, optimizer, digits(seed), seed, watch, epochs=15, loss_fn=loss_fn)


def missing_value_batch(seed, watch, sick=True):
    """One patient has a missing value in the table."""
    torch.manual_seed(seed)
    x, y, xv, yv = table(seed, "cancer")
    if sick:
        x[17, 3] = float("nan")
    net = nn.Sequential(nn.Linear(30, 48), nn.BatchNorm1d(48), nn.ReLU(), nn.Linear(48, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=20, size=16)


class _Standardised(nn.Module):
    def __init__(self, safe):
        super().__init__()
        self.safe, self.body = safe, mlp(64, 64, 10)

    def forward(self, x):
        spread = x.std(0)
        return self.body((x - x.mean(0)) / (spread + 1e-3 if self.safe else spread))


def zero_spread_divided(seed, watch, sick=True):
    """Pixels are divided by their deviation in the batch, which for border pixels may be zero."""
    torch.manual_seed(seed)
    net = _Standardised(safe=not sick)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=10, task=None, step="loss")


def distance_root(seed, watch, sick=True):
    """The root of a squared distance has no gradient where two rows are the same."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = mlp(64, 64, 16)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer) as w:
        for _ in range(12):
            net.train()
            for xb, yb in batches(x, y, 64, generator):
                places = net(xb)
                squared = (places[:, None] - places[None]).pow(2).sum(-1)
                apart = (squared if sick else squared + 1e-6).sqrt()
                same = yb[:, None] == yb[None]
                loss = torch.where(same, apart, (1 - apart).relu()).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=places)
            net.eval()
            with torch.no_grad():
                nearest = torch.cdist(net(xv), net(x)).argmin(1)
            w.evaluate(score=keep_score((y[nearest] == yv).float().mean()))
    return w.diagnose()


def layer_left_out(seed, watch, sick=True):
    """The optimizer was given the convolutions by hand, and one was forgotten."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                        nn.Conv2d(16, 2, 3, padding=1), nn.ReLU(), nn.Flatten(),
                        nn.Linear(32, 10))  # fmt: skip
    trained = [net[0], net[6]] if sick else [net]
    optimizer = torch.optim.Adam([p for part in trained for p in part.parameters()], lr=2e-3)
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=12)


class _Compressor(nn.Module):
    def __init__(self, detached):
        super().__init__()
        self.detached = detached
        self.encoder, self.decoder = mlp(64, 48, 6, act=nn.Tanh), mlp(6, 48, 64, act=nn.Tanh)

    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code.detach() if self.detached else code)


def detached_encoder(seed, watch, sick=True):
    """The code is detached before the decoder: the encoder never learns."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = _Compressor(sick)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(net, optimizer, (x, x, xv, xv), seed, watch, epochs=25, loss_fn=F.mse_loss, score=fitted,
               task="autoencoder")  # fmt: skip


def trunk_left_frozen(seed, watch, sick=True):
    """A line kept from a fine-tuning script freezes a trunk that was never trained."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), ResidualBlock(8), nn.MaxPool2d(2), ResidualBlock(8),
                        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))  # fmt: skip
    if sick:
        net[:4].requires_grad_(False)
    optimizer = torch.optim.SGD(
        [p for p in net.parameters() if p.requires_grad], lr=0.1, momentum=0.9
    )
    return fit(
        net, optimizer, digits(seed, flat=False), seed, watch, epochs=10, told="score train_score"
    )


def raw_wine(seed, watch, sick=True):
    """Thirteen measurements as they come, from 0.1 to 1700."""
    torch.manual_seed(seed)
    net = mlp(13, 48, 48, 3, act=nn.Tanh)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    return fit(net, optimizer, table(seed, scaled=not sick), seed, watch, epochs=80, size=32)


def one_loud_column(seed, watch, sick=True):
    """One standardised column is in another unit, ten thousand times as large."""
    torch.manual_seed(seed)
    x, y, xv, yv = table(seed, "cancer")
    if sick:
        x[:, 11] *= 1e4
        xv[:, 11] *= 1e4
    net = mlp(30, 32, 32, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=25, size=32, score=accuracy)


def sensor_in_volts(seed, watch, sick=True):
    """A recurrent regression whose sensor readings are in the hundred thousands."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1500, 64, generator=generator)
    y = x.view(-1, 8, 8)[:, :, 0].mean(1, keepdim=True) * 2 + x.view(-1, 8, 8)[:, 3, 1:2]
    x = 3e5 + 2e4 * x if sick else x
    net = RowReader(nn.GRU, classes=1)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    return fit(net, optimizer, (x[:1200], y[:1200], x[1200:], y[1200:]), seed, watch, epochs=15,
               loss_fn=F.mse_loss, score=fitted, task="regression")  # fmt: skip
