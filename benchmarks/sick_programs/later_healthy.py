"""Later programs that are healthy, some of them odd on purpose; `PROGRAMS` lists them."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import accuracy, batches, digits, fit, fitted, keep_score, mlp, table
from sick_programs.later_fit import nearest_class
from sick_programs.later_nets import Factors, LastState, Messages, PointSet, WaveVAE, wave_net
from sick_programs.later_scenes import clouds, network, ratings, series, waves


def sound_factors(seed, watch):
    """Factors of users and items: most rows of the tables get no gradient in a step."""
    torch.manual_seed(seed)
    net = Factors(0.6, wide=4)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-2, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=720)
    return fit(net, optimizer, ratings(seed, rows=13000), seed, watch, epochs=12, size=200,
               loss_fn=F.mse_loss, score=fitted, task="regression", step="loss outputs targets",
               told="score train_score", after_update=lambda step: schedule.step())  # fmt: skip


def sound_graph(seed, watch):
    """A graph net on its whole graph, half of the nodes labelled."""
    torch.manual_seed(seed)
    links, x, y, train = network(seed)
    net = Messages(links / links.sum(1, keepdim=True), rounds=2)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3, weight_decay=1e-3)
    with watch(net, optimizer, task="classification") as w:
        for epoch in range(200):
            logits = net(x)
            loss = F.cross_entropy(logits[train], y[train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            w.step(loss=loss, inputs=x[train], outputs=logits[train], targets=y[train])
            if epoch % 20 == 19:
                held = logits[~train].detach()
                w.evaluate(
                    score=keep_score(accuracy(held, y[~train])), outputs=held, targets=y[~train]
                )
    return w.diagnose()


def one_cycle_waves(seed, watch):
    """One cycle of the rate, which ends at nothing, and smoothed labels."""
    torch.manual_seed(seed)
    net = wave_net(6, 24)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.15, total_steps=440)
    return fit(net, optimizer, waves(seed), seed, watch, epochs=20, size=50, told="score train_score",
               loss_fn=nn.CrossEntropyLoss(label_smoothing=0.1), score=accuracy,
               after_update=lambda step: schedule.step())  # fmt: skip


def clipped_forecaster(seed, watch):
    """An LSTM whose gradient is clipped at nearly every step."""
    torch.manual_seed(seed)
    net = LastState(1)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 600, 5e-5)
    return fit(net, optimizer, series(seed), seed, watch, epochs=27, size=50, loss_fn=F.mse_loss,
               score=fitted, task=None, step="loss", told="score", after_update=lambda step: schedule.step(),
               before_update=lambda: nn.utils.clip_grad_norm_(net.parameters(), 0.02))  # fmt: skip


def negative_likelihood(seed, watch):
    """Mean and spread of narrow targets: the loss goes far below nothing."""
    torch.manual_seed(seed)
    x = 4 * torch.rand(2400, 1) - 2
    y = (2 * x).sin() + (0.03 + 0.05 * (x > 0)) * torch.randn(2400, 1)
    net = mlp(1, 48, 48, 2, act=nn.SiLU)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 800)

    def loss_fn(outputs, targets):
        mean, spread = outputs[:, :1], F.softplus(outputs[:, 1:]) + 0.01
        return (spread.log() + 0.5 * ((targets - mean) / spread).square()).mean()

    return fit(net, optimizer, (x[:2000], y[:2000], x[2000:], y[2000:]), seed, watch, epochs=40, size=100,
               loss_fn=loss_fn, score=lambda o, t: fitted(o[:, :1], t), task=None, step="loss",
               told="score", after_update=lambda step: schedule.step())  # fmt: skip


def trunk_kept_on_purpose(seed, watch):
    """A trunk trained on five digits is kept, and only a new head learns the other five."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    trunk, head = nn.Sequential(mlp(64, 128, 128, act=nn.GELU), nn.GELU()), nn.Linear(128, 5)
    before = torch.optim.Adam([*trunk.parameters(), *head.parameters()], lr=2e-3)
    for _ in range(150):
        loss = F.cross_entropy(head(trunk(x[y < 5])), y[y < 5])
        before.zero_grad()
        loss.backward()
        before.step()
    for parameter in trunk.parameters():
        parameter.requires_grad_(False)
    net = nn.Sequential(trunk, nn.Linear(128, 5))
    optimizer = torch.optim.Adam(net[1].parameters(), lr=3e-2)
    data = (x[y > 4], y[y > 4] - 5, xv[yv > 4], yv[yv > 4] - 5)
    return fit(net, optimizer, data, seed, watch, epochs=40, size=50, told="score train_score")


def sound_ring(seed, watch):
    """Two optimizers, one game: a generator that finds six heaps on a ring."""
    torch.manual_seed(seed)
    turn = torch.arange(6) * math.pi / 3
    centres = 2 * torch.stack([turn.cos(), turn.sin()], 1)
    generator, critic = mlp(4, 64, 64, 2), mlp(2, 64, 64, 1, act=nn.SiLU)
    makers = [
        torch.optim.Adam(n.parameters(), lr=1e-3, betas=(0.5, 0.9)) for n in (generator, critic)
    ]
    with watch([generator, critic], makers, task="gan", roles=("generator", "discriminator")) as w:
        for count in range(1, 801):
            real = (
                centres[torch.randint(0, 6, (128,))] + 0.2 * torch.randn(128, 2)
            ).requires_grad_()
            fake = generator(torch.randn(128, 4))
            told = critic(torch.cat([real, fake.detach()])).view(2, -1)
            (slope,) = torch.autograd.grad(told[0].sum(), real, create_graph=True)
            critic_loss = F.softplus(-told[0]).mean() + F.softplus(told[1]).mean()
            makers[1].zero_grad()
            (critic_loss + 0.1 * slope.square().sum(1).mean()).backward()
            makers[1].step()
            loss = F.softplus(-critic(fake)).mean()
            makers[0].zero_grad()
            loss.backward()
            makers[0].step()
            w.step(losses={"generator": loss, "discriminator": critic_loss})
            if count % 150 == 0:
                with torch.no_grad():
                    samples = generator(torch.randn(500, 4))
                near = torch.cdist(samples, centres).min(1)
                found = torch.bincount(near.indices[near.values < 0.6], minlength=6)
                keep_score((found >= 25).float().mean())
                w.evaluate(samples=samples, real=real.detach())
    return w.diagnose()


def sound_contrast(seed, watch):
    """Two views of a wave are told from the views of all others."""
    torch.manual_seed(seed)
    x, y, xv, yv = waves(seed)
    net = wave_net(16, 24)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 220)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer) as w:
        for _ in range(20):
            for xb, _ in batches(x, y, 100, generator):
                a, b = (
                    F.normalize(net(xb.roll(shift, 2) + 0.2 * torch.randn_like(xb)))
                    for shift in (0, 5)
                )
                loss = F.cross_entropy(a @ b.T / 0.2, torch.arange(len(xb)))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                w.step(loss=loss)
            with torch.no_grad():
                w.evaluate(score=keep_score(nearest_class(net(x), y, net(xv), yv)))
    return w.diagnose()


def sound_waves_vae(seed, watch):
    """A variational autoencoder whose latent tells which wave it was."""
    torch.manual_seed(seed)
    x, _, xv, _ = waves(seed, noise=0.1)
    net = WaveVAE(leak=False)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 550)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="vae") as w:
        for _ in range(25):
            for xb, _ in batches(x, x, 50, generator):
                rebuilt, mu, logvar = net(xb)
                losses = {"rebuilt": 5 * (rebuilt - xb).square().sum((1, 2)).mean()}
                losses["told"] = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(1).mean()
                optimizer.zero_grad()
                sum(losses.values()).backward()
                optimizer.step()
                schedule.step()
                w.step(losses=losses, inputs=xb, outputs=(rebuilt, mu, logvar))
            with torch.no_grad():
                held = net(xv)
            w.evaluate(score=keep_score(fitted(held[0], xv)), outputs=held)
    return w.diagnose()


def all_rows_lbfgs(seed, watch):
    """LBFGS on all rows of a table with a ridge."""
    torch.manual_seed(seed)
    x, y, xv, yv = table(seed, "cancer")
    net = mlp(30, 8, 2, act=nn.Tanh)
    optimizer = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=4)

    def closure():
        optimizer.zero_grad()
        ridge = sum(p.square().sum() for p in net.parameters())
        loss = F.cross_entropy(net(x), y) + 3e-3 * ridge
        loss.backward()
        return loss

    with watch(net, optimizer) as w:
        for count in range(1, 121):
            w.step(loss=optimizer.step(closure))
            if count % 10 == 0:
                with torch.no_grad():
                    held = net(xv)
                w.evaluate(score=keep_score(accuracy(held, yv)), outputs=held, targets=yv)
    return w.diagnose()


def accumulated_in_bfloat16(seed, watch):
    """Gradients of four micro batches under bfloat16, one update."""
    torch.manual_seed(seed)
    x, y, xv, yv = clouds(seed)
    net = PointSet()
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 275, 4e-5)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="classification") as w:
        for _ in range(25):
            for count, (xb, yb) in enumerate(batches(x, y, 25, generator), start=1):
                with torch.autocast("cpu", torch.bfloat16):
                    logits = net(xb)
                    loss = F.cross_entropy(logits.float(), yb)
                (loss / 4).backward()
                if count % 4 == 0:
                    optimizer.step()
                    optimizer.zero_grad()
                    schedule.step()
                    w.step(loss=loss, outputs=logits, targets=yb)
            optimizer.zero_grad()
            with torch.no_grad():
                held = net(xv)
            w.evaluate(score=keep_score(accuracy(held, yv)), outputs=held, targets=yv)
    return w.diagnose()


def a_third_mislabelled(seed, watch):
    """A third of the labels are any, in training and out of it: two thirds is what can be had."""
    torch.manual_seed(seed)
    x, y, xv, yv = waves(seed, rows=3400)
    y, yv = (
        torch.where(torch.rand(len(t)) < 0.33, torch.randint(0, 6, t.shape), t) for t in (y, yv)
    )
    net = wave_net(6, 8)
    mean = copy.deepcopy(net)
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 360)

    def after_update(step):
        schedule.step()
        for slow, fast in zip(mean.parameters(), net.parameters(), strict=True):
            slow.data.lerp_(fast.data, 0.05)

    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=12, size=100, after_update=after_update,
               told="score train_score outputs targets")  # fmt: skip


PROGRAMS = (sound_factors, sound_graph, one_cycle_waves, clipped_forecaster, negative_likelihood,
            trunk_kept_on_purpose, sound_ring, sound_contrast, sound_waves_vae, all_rows_lbfgs,
            accumulated_in_bfloat16, a_third_mislabelled)  # fmt: skip
