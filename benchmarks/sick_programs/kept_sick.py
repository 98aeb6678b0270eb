"""Programs kept back for the final count: faults of layers, of rates and of what breaks a run."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import (
    digits,
    fit,
    fitted,
    mlp,
    table,
)
from sick_programs.nets import RowReader, RowTransformer, SmallCNN


def plain_deep_cnn(seed, watch, sick=True):
    """Twelve convolutions with PyTorch's own first weights, no norm and no skip connection."""
    torch.manual_seed(seed)
    layers = [nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    for _ in range(11):
        layers += [
            nn.Conv2d(16, 16, 3, padding=1),
            nn.BatchNorm2d(16) if not sick else nn.Identity(),
            nn.ReLU(),
        ]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=7)


class _Step(nn.Module):
    def __init__(self, wide, norm):
        super().__init__()
        self.norm = nn.LayerNorm(wide) if norm else nn.Identity()
        self.body = mlp(wide, wide, wide)
        for layer in self.body[::2]:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, x):
        return x + self.body(self.norm(x))


def residual_tower_unnormed(seed, watch, sick=True):
    """Sixteen residual blocks with no norm: each more than doubles the signal."""
    torch.manual_seed(seed)
    steps = [_Step(48, norm=not sick) for _ in range(16)]
    tail = nn.Identity() if sick else nn.LayerNorm(48)
    net = nn.Sequential(nn.Linear(64, 48), *steps, tail, nn.Linear(48, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=8, told="score")


def cnn_killed_early(seed, watch, sick=True):
    """The first steps at a rate of 2, then a good one: most filters never wake again."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 24, 3, padding=1), nn.ReLU(), nn.Conv2d(24, 24, 3, padding=1), nn.ReLU(),
                        nn.MaxPool2d(4), nn.Flatten(), nn.Linear(96, 48), nn.ReLU(),
                        nn.Linear(48, 10))  # fmt: skip
    optimizer = torch.optim.SGD(net.parameters(), lr=2.0 if sick else 0.03, momentum=0.9)

    def slower(step):
        if step == 15:
            optimizer.param_groups[0]["lr"] = 0.03

    data = digits(seed, flat=False)
    return fit(net, optimizer, data, seed, watch, epochs=10, after_update=slower)


class _Squashed(nn.Module):
    def __init__(self, squash):
        super().__init__()
        self.body, self.squash = mlp(10, 32, 32, 1), nn.Sigmoid() if squash else nn.Identity()

    def forward(self, x):
        return self.squash(self.body(x))


def squashed_regression(seed, watch, sick=True):
    """A sigmoid at the end of a net whose targets lie between 25 and 350."""
    torch.manual_seed(seed)
    x, y, xv, yv = table(seed, "diabetes")
    y, yv = 77 * y + 152, 77 * yv + 152
    net = _Squashed(sick)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=60, size=32, loss_fn=F.mse_loss,
               score=fitted, task="regression")  # fmt: skip


def constant_mlp(seed, watch, sick=True):
    """Every weight begins at 0.05: all units of a layer stay alike for ever."""
    torch.manual_seed(seed)
    net = mlp(64, 48, 48, 10, act=nn.Tanh)
    if sick:
        for layer in net[::2]:
            nn.init.constant_(layer.weight, 0.05)
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=20)


def adam_large_epsilon(seed, watch, sick=True):
    """Adam with an epsilon of 10: hardly anything is left of the steps."""
    torch.manual_seed(seed)
    net = RowReader(nn.GRU)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3, eps=10.0 if sick else 1e-8)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=12, step="loss outputs targets")


def summed_pixels(seed, watch, sick=True):
    """A loss that is summed over rows and pixels, at the rate of a mean."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = mlp(64, 32, 8, 32, 64, act=nn.Tanh).append(nn.Sigmoid())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01 if sick else 2.5, momentum=0.9)
    reduction = "sum" if sick else "mean"
    return fit(net, optimizer, (x, x, xv, xv), seed, watch, epochs=30, score=fitted, task="autoencoder",
               loss_fn=lambda o, t: F.mse_loss(o, t, reduction=reduction))  # fmt: skip


def cautious_cnn(seed, watch, sick=True):
    """Adam at two millionths on a convolutional net."""
    torch.manual_seed(seed)
    net = SmallCNN(norm="batch")
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-6 if sick else 2e-3)
    data = digits(seed, flat=False)
    return fit(net, optimizer, data, seed, watch, epochs=10, told="score train_score")


def hasty_mlp(seed, watch, sick=True):
    """Adam at 0.5 on a perceptron for a table."""
    torch.manual_seed(seed)
    net = mlp(64, 64, 64, 10, act=nn.GELU)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.5 if sick else 2e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=20, step="loss outputs targets")


def sawtooth_rate(seed, watch, sick=True):
    """A schedule restarts every eighty steps at a rate fifty times too high for the net."""
    torch.manual_seed(seed)
    net = mlp(10, 64, 64, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

    def restart(step):
        optimizer.param_groups[0]["lr"] = 0.35 if sick and step % 80 < 3 and step > 5 else 0.01

    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2000, 10, generator=generator)
    y = (x[:, :1] * x[:, 1:2] + x[:, 2:3].sin()) + 0.1 * torch.randn(2000, 1, generator=generator)
    return fit(net, optimizer, (x[:1600], y[:1600], x[1600:], y[1600:]), seed, watch, epochs=25, size=50,
               loss_fn=F.mse_loss, score=fitted, task="regression", after_update=restart)  # fmt: skip


class _OwnAttention(nn.Module):
    def __init__(self, wide, *, stable=True, scale=None):
        super().__init__()
        self.queries, self.keys, self.values, self.out = (nn.Linear(wide, wide) for _ in range(4))
        self.stable = stable
        self.scale = wide**-0.5 if scale is None else scale
        self.weigh = nn.Softmax(dim=-1)

    def forward(self, x):
        alike = self.queries(x) @ self.keys(x).transpose(1, 2) * self.scale
        raised = alike.exp()
        weights = self.weigh(alike) if self.stable else raised / raised.sum(-1, keepdim=True)
        return x + self.out(weights @ self.values(x))


class OwnReader(nn.Module):
    """Layers of attention written by hand, over the rows of a picture, read from a token in front."""

    def __init__(self, wide=32, depth=2, norm=True, **options):
        super().__init__()
        self.embed = nn.Linear(8, wide)
        self.place = nn.Parameter(0.5 * torch.randn(9, wide))
        kinds = [
            (_OwnAttention(wide, **options), nn.LayerNorm(wide) if norm else nn.Identity())
            for _ in range(depth)
        ]
        self.blocks = nn.Sequential(*(part for pair in kinds for part in pair))
        self.head = mlp(wide, 64, 10, act=nn.GELU)

    def forward(self, x):
        """Logits (rows, classes)."""
        rows = F.pad(self.embed(x.view(-1, 8, 8)), (0, 0, 1, 0)) + self.place
        return self.head(self.blocks(rows)[:, 0])


def overflowing_softmax(seed, watch, sick=True):
    """A softmax written by hand, without the largest taken off, overflows as attention sharpens."""
    torch.manual_seed(seed)
    net = OwnReader(norm=False, stable=not sick, scale=2.0)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    x, y, xv, yv = digits(seed, scale=6.0)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=10, before_update=lambda:
               nn.utils.clip_grad_norm_(net.parameters(), 1.0))  # fmt: skip


def head_replaced(seed, watch, sick=True):
    """The head is replaced after the optimizer was made: it is never updated, under a small trunk."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Linear(64, 12), nn.ReLU(), nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 20)
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    net[2], net[4] = nn.Linear(12, 24), nn.Linear(24, 10)
    if not sick:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=15, told="score")


def two_row_transformer(seed, watch, sick=True):
    """Two rows a step, at a rate and momentum fit for sixty-four."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    y = torch.where(torch.rand(len(y)) < 0.3, torch.randint(0, 10, y.shape), y)
    net = RowTransformer(depth=1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    return fit(
        net,
        optimizer,
        (x, y, xv, yv),
        seed,
        watch,
        epochs=1 if sick else 20,
        size=2 if sick else 64,
    )


def bytes_as_pixels(seed, watch, sick=True):
    """Pixels from 0 to 255 into a net that expects them near one."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                        nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                        nn.Linear(64, 10))  # fmt: skip
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    data = digits(seed, flat=False, scale=255.0 if sick else 1.0)
    return fit(net, optimizer, data, seed, watch, epochs=10)


def warm_start_cold_end(seed, watch, sick=True):
    """A warm-up of twenty steps and a decay meant for a run of fifty, in a run of four hundred."""
    torch.manual_seed(seed)
    net = RowTransformer()
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-4)
    end = 50 if sick else 400

    def rate(step):
        return min(1.0, step / 20) * max(0.0, 1 - step / end)

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=18, told="score train_score",
               after_update=lambda step: schedule.step())  # fmt: skip
