"""Healthy programs with a teacher, a codebook, a map of classes, or very deep tanh layers."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import accuracy, batches, digits, fit, fitted, keep_score, mlp, table
from sick_programs.nets import Quantizer, Segmenter
from sick_programs.quantizing import quantized
from sick_programs.scenes import cards


def mean_teacher(seed, watch):
    """Two hundred labels, and a running mean of the net as a teacher for the other rows."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
    teacher = copy.deepcopy(net).requires_grad_(False)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch([net, teacher], optimizer, task="classification") as w:
        for epoch in range(20):
            net.train()
            for xb, _ in batches(x, y, 64, generator):
                rows = torch.randint(0, 200, (32,), generator=generator)
                logits = net(x[rows])
                known = F.cross_entropy(logits, y[rows])
                said = teacher(xb).softmax(1)
                agreed = F.mse_loss(net(xb + 0.1 * torch.randn_like(xb)).softmax(1), said)
                loss = known + min(1.0, epoch / 5) * 3 * agreed
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                with torch.no_grad():
                    for slow, fast in zip(teacher.parameters(), net.parameters(), strict=True):
                        slow.lerp_(fast, 0.02)
                w.step(
                    loss=loss,
                    losses={"known": known, "agreed": agreed},
                    outputs=logits,
                    targets=y[rows],
                )
            net.eval()
            with torch.no_grad():
                held = net(xv)
            w.evaluate(score=keep_score(accuracy(held, yv)), outputs=held, targets=yv)
    return w.diagnose()


def good_vq(seed, watch):
    """A codebook whose codes begin at what the encoder says of some rows."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = nn.ModuleList([mlp(64, 64, 8), Quantizer(32, 8), mlp(8, 64, 64)])
    with torch.no_grad():
        net[1].codebook.weight.copy_(net[0](x[:32]))
    return quantized(seed, watch, net, x, xv)


def focal_segments(seed, watch):
    """The focal loss on small things over large grounds."""
    torch.manual_seed(seed)
    x, y, xv, yv = cards(seed)
    net = Segmenter()
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer) as w:
        for _ in range(6):
            net.train()
            for xb, yb in batches(x, y, 32, generator):
                logits = net(xb)
                surprise = F.cross_entropy(logits, yb, reduction="none")
                loss = ((1 - (-surprise).exp()) ** 2 * surprise).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=logits, targets=yb)
            net.eval()
            with torch.no_grad():
                held = net(xv)
            said = held.argmax(1)
            overlap = ((said == 1) & (yv == 1)).sum() / ((said == 1) | (yv == 1)).sum()
            w.evaluate(score=keep_score(overlap), inputs=xv, outputs=held, targets=yv)
    return w.diagnose()


def deep_tanh_selfnorm(seed, watch):
    """Eight tanh layers whose first weights keep the signal's size."""
    torch.manual_seed(seed)
    net = mlp(64, 64, 64, 64, 64, 64, 64, 64, 10, act=nn.Tanh)
    for layer in net[::2]:
        nn.init.xavier_normal_(layer.weight, gain=5 / 3 if layer is not net[-1] else 1.0)
        nn.init.zeros_(layer.bias)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=20)


class _InUnits(nn.Module):
    def __init__(self, mean, spread):
        super().__init__()
        self.mean, self.spread, self.body = mean, spread, mlp(10, 4, 1)

    def forward(self, x):
        return self.mean + self.spread * self.body(x)


def raw_targets_rescaled(seed, watch):
    """Targets in the hundreds, the net's answer brought to their unit at its end."""
    torch.manual_seed(seed)
    x, y, xv, yv = table(seed, "diabetes")
    y, yv = 77 * y + 152, 77 * yv + 152
    net = _InUnits(float(y.mean()), float(y.std()))
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=1e-3)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=30, size=32, loss_fn=F.mse_loss,
               score=fitted, task="regression")  # fmt: skip


def two_optimizers(seed, watch):
    """Adam for an embedding, SGD for what reads it."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = nn.Sequential(
        nn.Embedding(17, 4), nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10)
    )
    optimizers = [torch.optim.Adam(net[0].parameters(), lr=3e-3),
                  torch.optim.SGD(net[2:].parameters(), lr=0.05, momentum=0.9)]  # fmt: skip
    x, xv = (x * 16).long(), (xv * 16).long()
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizers, task="classification") as w:
        for _ in range(15):
            for xb, yb in batches(x, y, 64, generator):
                logits = net(xb)
                loss = F.cross_entropy(logits, yb)
                net.zero_grad()
                loss.backward()
                for optimizer in optimizers:
                    optimizer.step()
                w.step(loss=loss, outputs=logits, targets=yb)
            with torch.no_grad():
                w.evaluate(score=keep_score(accuracy(net(xv), yv)), outputs=net(xv), targets=yv)
    return w.diagnose()


PROGRAMS = (
    mean_teacher,
    good_vq,
    focal_segments,
    deep_tanh_selfnorm,
    raw_targets_rescaled,
    two_optimizers,
)
