"""Healthy programs: many optimizers, schedules and nets, as they are used every day."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import batches, digits, fit, fitted, keep_score, mlp, table, write
from sick_programs.nets import LetterTransformer, ResidualBlock, RowReader, SmallCNN, Writer
from sick_programs.scenes import tags


def cosine_to_zero(seed, watch):
    """A convolutional net whose rate follows a cosine down to nothing."""
    torch.manual_seed(seed)
    net = SmallCNN(norm="group")
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 12 * 22)
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=12,
               after_update=lambda step: schedule.step())  # fmt: skip


def smoothed_labels(seed, watch):
    """Label smoothing keeps the loss far above zero."""
    torch.manual_seed(seed)
    net = mlp(64, 128, 64, 10)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.2)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=25, loss_fn=loss_fn, task=None)


def momentum_sgd(seed, watch):
    """A perceptron, Nesterov momentum, and a rate that falls in steps."""
    torch.manual_seed(seed)
    net = mlp(64, 96, 10)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 220, gamma=0.2)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=25, told="score",
               after_update=lambda step: schedule.step())  # fmt: skip


def dropout_mlp(seed, watch):
    """Half of the units dropped: the training loss stays above the held-out one."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 128), nn.ReLU(),
                        nn.Dropout(0.5), nn.Linear(128, 10))  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-5)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=40, told="score train_score")


def zero_init_residual(seed, watch):
    """Residual branches that begin at zero."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), ResidualBlock(16), nn.MaxPool2d(2), ResidualBlock(16),
                        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))  # fmt: skip
    for block in (net[1], net[3]):
        nn.init.zeros_(block.last_norm.weight)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=10 * 22)
    return fit(net, optimizer, digits(seed, flat=False), seed, watch, epochs=10,
               after_update=lambda step: schedule.step() if step < 220 else None)  # fmt: skip


def lbfgs_regression(seed, watch):
    """L-BFGS with a closure on all rows at once."""
    torch.manual_seed(seed)
    x, y, xv, yv = table(seed, "diabetes")
    net = mlp(10, 4, 1, act=nn.Tanh)
    optimizer = torch.optim.LBFGS(
        net.parameters(), lr=0.5, max_iter=4, line_search_fn="strong_wolfe"
    )

    def closure():
        optimizer.zero_grad()
        loss = F.mse_loss(net(x), y) + 0.02 * sum(p.pow(2).sum() for p in net.parameters())
        loss.backward()
        return loss

    with watch(net, optimizer, task="regression") as w:
        for _ in range(60):
            loss = optimizer.step(closure)
            w.step(loss=loss)
            with torch.no_grad():
                w.evaluate(score=keep_score(fitted(net(xv), yv)), train_score=fitted(net(x), y))
    return w.diagnose()


def tied_writer(seed, watch):
    """A transformer language model whose head is its embedding."""
    torch.manual_seed(seed)
    net = LetterTransformer(wide=48)
    net.head.weight = net.embed.weight
    nn.init.normal_(net.embed.weight, std=0.05)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 450)
    return write(net, optimizer, seed, watch, steps=450, every=75, told="score train_score",
                 after_update=lambda step: schedule.step())  # fmt: skip


class _Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(30, 48), nn.PReLU(), nn.Linear(48, 48), nn.SiLU(),
                                  nn.Linear(48, 24), nn.GELU(), nn.Linear(24, 2))  # fmt: skip

    def forward(self, x):
        return self.body(x)


def prelu_silu_net(seed, watch):
    """PReLU, SiLU and GELU in one net for a table."""
    torch.manual_seed(seed)
    net = _Mixed()
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.05)
    return fit(net, optimizer, table(seed, "cancer"), seed, watch, epochs=25, size=32)


def forget_bias_lstm(seed, watch):
    """An LSTM whose forget gates begin open."""
    torch.manual_seed(seed)
    net = RowReader(nn.LSTM, wide=64)
    with torch.no_grad():
        net.cell.bias_ih_l0[64:128] = 1.0
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=20)


def always_clipped(seed, watch):
    """A recurrent language model whose gradients are clipped at nearly every step."""
    torch.manual_seed(seed)
    net = Writer()
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 500)
    return write(net, optimizer, seed, watch, steps=500, every=100, told="score train_score",
                 before_update=lambda: nn.utils.clip_grad_norm_(net.parameters(), 0.1),
                 after_update=lambda step: schedule.step())  # fmt: skip


def bfloat_autocast(seed, watch):
    """Mixed precision with bfloat16."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = mlp(64, 128, 128, 10)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer) as w:
        for _ in range(20):
            net.train()
            for xb, yb in batches(x, y, 64, generator):
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    logits = net(xb)
                    loss = F.cross_entropy(logits, yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=logits, targets=yb)
            net.eval()
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                held = net(xv)
            score = (held.argmax(1) == yv).float().mean()
            w.evaluate(score=keep_score(score), outputs=held, targets=yv)
    return w.diagnose()


def ema_copy(seed, watch):
    """The score is that of a running mean of the weights."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed, flat=False)
    net = SmallCNN()
    mean = copy.deepcopy(net).requires_grad_(False)
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="classification") as w:
        for _ in range(15):
            for xb, yb in batches(x, y, 64, generator):
                loss = F.cross_entropy(net(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                with torch.no_grad():
                    for slow, fast in zip(mean.parameters(), net.parameters(), strict=True):
                        slow.lerp_(fast, 0.05)
                w.step(loss=loss)
            with torch.no_grad():
                w.evaluate(score=keep_score((mean(xv).argmax(1) == yv).float().mean()))
    return w.diagnose()


def summed_loss(seed, watch):
    """The loss is a sum over the batch, and the rate made for it."""
    torch.manual_seed(seed)
    net = mlp(64, 96, 10)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    loss_fn = nn.CrossEntropyLoss(reduction="sum")
    return fit(net, optimizer, digits(seed), seed, watch, epochs=25, loss_fn=loss_fn)


def large_batches(seed, watch):
    """Half of the rows in each batch and a rate to match."""
    torch.manual_seed(seed)
    net = SmallCNN(norm="batch")
    optimizer = torch.optim.AdamW(net.parameters(), lr=8e-3)
    return fit(
        net, optimizer, digits(seed, flat=False), seed, watch, epochs=50, size=700, told="score"
    )


def multilabel_tags(seed, watch):
    """Six tags a row, each with its own sigmoid."""
    torch.manual_seed(seed)
    net = mlp(20, 64, 6)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(net, optimizer, tags(seed), seed, watch, epochs=12, loss_fn=F.binary_cross_entropy_with_logits,
               score=lambda o, t: float(((o > 0) == (t > 0)).float().mean()),
               task="multilabel")  # fmt: skip


PROGRAMS = (
    cosine_to_zero,
    smoothed_labels,
    momentum_sgd,
    dropout_mlp,
    zero_init_residual,
    lbfgs_regression,
    tied_writer,
    prelu_silu_net,
    forget_bias_lstm,
    always_clipped,
    bfloat_autocast,
    ema_copy,
    summed_loss,
    large_batches,
    multilabel_tags,
)
