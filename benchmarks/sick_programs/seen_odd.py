"""Healthy programs that look odd: frozen parts, several nets, losses below zero, rare rows, few steps."""

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
from sick_programs.duels import duel
from sick_programs.nets import SmallCNN
from sick_programs.scenes import circle_of_points, modes_found
from sick_programs.views import blurred, neighbours


def _pretrained(seed, net, data, epochs=12):
    x, y, *_ = data
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for xb, yb in batches(x, y, 64, generator):
            optimizer.zero_grad()
            F.cross_entropy(net(xb), yb).backward()
            optimizer.step()
    return net


def backbone_frozen(seed, watch):
    """A backbone that has learned to tell odd from even stays as it is under a new head."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed, flat=False)
    net = _pretrained(seed, SmallCNN(norm="group"), (x, y % 5, xv, yv % 5))
    net.body.requires_grad_(False)
    net.head = nn.Linear(net.head.in_features, 10)
    optimizer = torch.optim.Adam(net.head.parameters(), lr=5e-3)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=15, told="score train_score")


def fine_tuned_converged(seed, watch):
    """A net that is already good is tuned a little further at a small rate."""
    torch.manual_seed(seed)
    data = digits(seed)
    net = _pretrained(seed, mlp(64, 96, 96, 10), data, epochs=25)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-4)
    return fit(net, optimizer, data, seed, watch, epochs=8)


def gathered_gradients_update(seed, watch):
    """Gradients of four small batches make one update, and the watch is told of updates only."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = mlp(64, 128, 10)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="classification") as w:
        for _ in range(25):
            gathered = 0.0
            for count, (xb, yb) in enumerate(batches(x, y, 16, generator), start=1):
                loss = F.cross_entropy(net(xb), yb) / 4
                loss.backward()
                gathered += float(loss)
                if count % 4 == 0:
                    optimizer.step()
                    optimizer.zero_grad()
                    w.step(loss=gathered)
                    gathered = 0.0
            optimizer.zero_grad()
            with torch.no_grad():
                w.evaluate(score=keep_score(accuracy(net(xv), yv)))
    return w.diagnose()


def good_gan(seed, watch):
    """A generator of digits that works."""
    torch.manual_seed(seed)
    x = digits(seed)[0]
    generator = nn.Sequential(nn.Linear(16, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 96),
                              nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 64), nn.Sigmoid())  # fmt: skip
    critic = nn.Sequential(nn.Linear(64, 96), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(96, 1))
    optimizers = [
        torch.optim.Adam(n.parameters(), lr=1e-3, betas=(0.5, 0.99)) for n in (generator, critic)
    ]
    report, made = duel(generator, critic, optimizers, lambda n: x[torch.randperm(len(x))[:n]],
                        lambda n: torch.randn(n, 16), watch, steps=1500, every=250)  # fmt: skip
    keep_score(made.std(0).mean() / x.std(0).mean())
    return report


def ring_gan(seed, watch):
    """A generator that finds all eight places of a circle."""
    torch.manual_seed(seed)
    draws = torch.Generator().manual_seed(seed)
    generator, critic = mlp(8, 64, 64, 2), mlp(2, 64, 64, 1, act=nn.GELU)
    optimizers = [
        torch.optim.Adam(n.parameters(), lr=1e-3, betas=(0.5, 0.99)) for n in (generator, critic)
    ]
    report, made = duel(generator, critic, optimizers, lambda n: circle_of_points(n, draws),
                        lambda n: torch.randn(n, 8), watch, steps=2000, size=128, every=250)  # fmt: skip
    keep_score(modes_found(made))
    return report


def good_siamese(seed, watch):
    """Two views, a predictor and a stopped gradient: the loss is below zero and the codes spread."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = nn.Sequential(nn.Linear(64, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 32),
                        nn.BatchNorm1d(32, affine=False))  # fmt: skip
    predictor = nn.Sequential(nn.Linear(32, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 32))
    optimizer = torch.optim.SGD([*net.parameters(), *predictor.parameters()], lr=0.1, momentum=0.9)
    generator = torch.Generator().manual_seed(seed)
    with watch([net, predictor], optimizer, task="self_supervised") as w:
        for _ in range(20):
            net.train()
            for xb, _ in batches(x, y, 128, generator):
                one, other = net(blurred(xb)), net(blurred(xb))
                near = F.cosine_similarity(predictor(one), other.detach()).mean()
                far = F.cosine_similarity(predictor(other), one.detach()).mean()
                loss = -(near + far) / 2
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=one)
            net.eval()
            with torch.no_grad():
                score = keep_score(neighbours(net, x, y, xv, yv))
                w.evaluate(score=score, outputs=net(xv))
    return w.diagnose()


def contrastive_images(seed, watch):
    """A convolutional encoder that tells its own view among those of the batch."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed, flat=False)
    net = SmallCNN(norm="batch", classes=32)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer) as w:
        for _ in range(12):
            net.train()
            for xb, _ in batches(x, y, 128, generator):
                one, other = (F.normalize(net(blurred(xb)), dim=1) for _ in range(2))
                loss = F.cross_entropy(one @ other.T / 0.2, torch.arange(len(xb)))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=one)
            net.eval()
            with torch.no_grad():
                w.evaluate(score=keep_score(neighbours(net, x, y, xv, yv)), outputs=net(xv))
    return w.diagnose()


def sparse_relu(seed, watch):
    """Biases a little below zero keep most units shut for most rows, and the net is good."""
    torch.manual_seed(seed)
    net = mlp(64, 512, 10)
    nn.init.constant_(net[0].bias, -0.4)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    penalty = []
    net[1].register_forward_hook(lambda module, given, out: penalty.append(out.abs().mean()))
    return fit(
        net, optimizer, digits(seed), seed, watch, epochs=20, penalty=lambda: 0.1 * penalty.pop()
    )


def tiny_batches(seed, watch):
    """Two rows a step and a rate that is small enough for it."""
    torch.manual_seed(seed)
    net = mlp(13, 32, 3)
    optimizer = torch.optim.SGD(net.parameters(), lr=3e-3, momentum=0.5)
    return fit(net, optimizer, table(seed), seed, watch, epochs=25, size=2)


class _Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(500, 24), nn.Linear(24, 2)

    def forward(self, x):
        return self.head(self.embed(x).mean(1))


def rare_tokens(seed, watch):
    """Words of a long tail: most rows of the embedding have no gradient at most steps."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    often = 1 / torch.arange(1, 501).float()
    x = torch.multinomial(often.expand(3000, -1), 16, replacement=True, generator=generator)
    mood = torch.randn(500, generator=torch.Generator().manual_seed(7))
    y = (mood[x].sum(1) + 0.5 * torch.randn(3000, generator=generator) > 0).long()
    net = _Bag()
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    return fit(net, optimizer, (x[:2400], y[:2400], x[2400:], y[2400:]), seed, watch, epochs=15)


def negative_loss(seed, watch):
    """A density's mean and spread: the negative log-likelihood ends below zero."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = 2 * torch.rand(1500, 1, generator=generator) - 1
    y = (3 * x).sin() + 0.05 * torch.randn(1500, 1, generator=generator)
    net = mlp(1, 48, 48, 2, act=nn.Tanh)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)

    def loss_fn(outputs, targets):
        mean, log_spread = outputs.chunk(2, dim=1)
        return (log_spread + 0.5 * ((targets - mean) / log_spread.exp()).pow(2)).mean()

    return fit(net, optimizer, (x[:1200], y[:1200], x[1200:], y[1200:]), seed, watch, epochs=50,
               loss_fn=loss_fn, score=lambda o, t: fitted(o[:, :1], t), task=None, step="loss",
               told="score")  # fmt: skip


def imbalanced_learned(seed, watch):
    """One row in thirty is of the rare class, and the net finds them."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(4000, 10, generator=generator)
    y = (x[:, 0] + x[:, 1] > 2.6).long()
    net = mlp(10, 32, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    return fit(net, optimizer, (x[:3000], y[:3000], x[3000:], y[3000:]), seed, watch, epochs=15)


def noisy_ceiling(seed, watch):
    """A third of the labels is chance: the loss stops where nothing more can be known."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(6000, 6, generator=generator)
    y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).long()
    y = torch.where(torch.rand(6000, generator=generator) < 0.35, torch.randint(0, 2, y.shape), y)
    net = mlp(6, 16, 2, act=nn.SiLU)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15 * 79)
    return fit(net, optimizer, (x[:5000], y[:5000], x[5000:], y[5000:]), seed, watch, epochs=15,
               told="score train_score", after_update=lambda step: schedule.step())  # fmt: skip


PROGRAMS = (
    backbone_frozen,
    fine_tuned_converged,
    gathered_gradients_update,
    good_gan,
    ring_gan,
    good_siamese,
    contrastive_images,
    sparse_relu,
    tiny_batches,
    rare_tokens,
    negative_loss,
    imbalanced_learned,
    noisy_ceiling,
)
