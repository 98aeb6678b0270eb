"""Collapses of representations, posteriors, generators, codebooks and attention."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import (
    LETTERS,
    batches,
    digits,
    fit,
    fitted,
    keep_score,
    mlp,
    text,
    windows,
)
from sick_programs.duels import duel
from sick_programs.nets import Quantizer, RowTransformer, Variational
from sick_programs.quantizing import quantized
from sick_programs.scenes import circle_of_points, modes_found
from sick_programs.views import blurred, neighbours, spread


def pull_only(seed, watch, sick=True):
    """Two views of a picture are pulled together and nothing holds the pictures apart."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = mlp(64, 96, 96, 32)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="self_supervised") as w:
        for _ in range(20):
            net.train()
            for xb, _ in batches(x, y, 128, generator):
                one, other = net(blurred(xb)), net(blurred(xb))
                if sick:
                    loss = -F.cosine_similarity(one, other).mean()
                else:
                    alike = F.normalize(one, dim=1) @ F.normalize(other, dim=1).T / 0.2
                    loss = F.cross_entropy(alike, torch.arange(len(xb)))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, inputs=xb, outputs=one)
            net.eval()
            with torch.no_grad():
                keep_score(spread(net(xv)))
                w.evaluate(score=float(neighbours(net, x, y, xv, yv)), outputs=net(xv))
    return w.diagnose()


def triplets_collapsed(seed, watch, sick=True):
    """Distances to the hardest stranger pull everything into one point at a high rate."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = mlp(64, 64, 64, 16)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-2 if sick else 1e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="self_supervised") as w:
        for _ in range(20):
            net.train()
            for xb, yb in batches(x, y, 64, generator):
                places = net(xb)
                apart = torch.cdist(places, places)
                same = yb[:, None] == yb[None]
                if sick:
                    furthest = (apart * same).max(1).values
                    nearest = (apart + 1e3 * same).min(1).values
                    loss = (furthest - nearest + 1.0).relu().mean()
                else:
                    loss = torch.where(same, apart, 0.5 * (2.0 - apart).relu()).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=places, targets=yb)
            net.eval()
            with torch.no_grad():
                score = neighbours(net, x, y, xv, yv)
                w.evaluate(score=keep_score(score), outputs=net(xv))
    return w.diagnose()


def averaged_pixels_vae(seed, watch, sick=True):
    """The reconstruction is a mean over pixels, the divergence a sum over the code."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = Variational()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="vae") as w:
        for _ in range(30):
            net.train()
            for xb, _ in batches(x, x, 64, generator):
                rebuilt, mu, logvar = net(xb)
                wrong = F.mse_loss(rebuilt, xb, reduction="none")
                wrong = wrong.mean() if sick else 10 * wrong.sum(1).mean()
                divergence = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
                loss = wrong + divergence
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, losses={"rebuilt": wrong, "divergence": divergence},
                       outputs=(rebuilt, mu, logvar), targets=xb)  # fmt: skip
            net.eval()
            with torch.no_grad():
                rebuilt, mu, logvar = net(xv)
            score = keep_score(-F.mse_loss(rebuilt, xv))
            w.evaluate(score=score, outputs=(rebuilt, mu, logvar), targets=xv)
    return w.diagnose()


class _SentenceVAE(nn.Module):
    def __init__(self, blind, wide=64, latent=16):
        super().__init__()
        self.blind = blind
        self.embed = nn.Embedding(LETTERS, 24)
        self.reader = nn.GRU(24, wide, batch_first=True)
        self.to_code = nn.Linear(wide, 2 * latent)
        self.from_code = nn.Linear(latent, wide)
        self.writer = nn.GRU(24, wide, batch_first=True)
        self.head = nn.Linear(wide, LETTERS)

    def forward(self, x):
        letters = self.embed(x)
        mu, logvar = self.to_code(self.reader(letters)[1][0]).chunk(2, dim=1)
        drawn = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        heard = letters * (0.0 if self.blind else 1.0)
        start = self.from_code(drawn).tanh()[None]
        return self.head(self.writer(F.pad(heard, (0, 0, 1, 0))[:, :-1], start)[0]), mu, logvar


def sentence_vae(seed, watch, sick=True):
    """A decoder that reads its own letters needs no code, and full divergence takes the code away."""
    torch.manual_seed(seed)
    net = _SentenceVAE(blind=not sick)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    letters, held = text()
    generator = torch.Generator().manual_seed(seed)
    fixed = windows(held, torch.Generator().manual_seed(0), rows=100, length=12)[0]
    with watch(net, optimizer, task="vae") as w:
        for count in range(1, 401):
            xb, _ = windows(letters, generator, length=12)
            logits, mu, logvar = net(xb)
            wrong = F.cross_entropy(logits.flatten(0, 1), xb.flatten()) * 12
            divergence = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
            loss = wrong + (1.0 if sick else 0.02) * divergence
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            w.step(
                loss=loss,
                outputs={"reconstruction": logits, "mu": mu, "logvar": logvar},
                targets=xb,
            )
            if count % 80 == 0:
                net.eval()
                with torch.no_grad():
                    logits, mu, logvar = net(fixed)
                net.train()
                keep_score(mu.var(0).sum())
                w.evaluate(score=-float(F.cross_entropy(logits.flatten(0, 1), fixed.flatten())),
                           outputs={"reconstruction": logits, "mu": mu, "logvar": logvar})  # fmt: skip
    return w.diagnose()


def ring_one_mode(seed, watch, sick=True):
    """Eight places on a circle, and a generator that is updated ten times as often as its critic."""
    torch.manual_seed(seed)
    draws = torch.Generator().manual_seed(seed)
    generator, critic = mlp(8, 64, 64, 2), mlp(2, 64, 64, 1, act=nn.GELU)
    rate = 2e-3 if sick else 1e-3
    optimizers = [
        torch.optim.Adam(n.parameters(), lr=rate, betas=(0.5, 0.99)) for n in (generator, critic)
    ]
    report, made = duel(generator, critic, optimizers, lambda n: circle_of_points(n, draws),
                        lambda n: torch.randn(n, 8), watch, steps=250 if sick else 1500, size=128,
                        rounds=(1, 8) if sick else (1, 1), every=50 if sick else 500)  # fmt: skip
    keep_score(modes_found(made))
    return report


def noise_ignored(seed, watch, sick=True):
    """The noise is drawn once for the whole batch: every picture of a batch is the same."""
    torch.manual_seed(seed)
    x = digits(seed)[0]
    generator = nn.Sequential(nn.Linear(16, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 96),
                              nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 64), nn.Sigmoid())  # fmt: skip
    critic = nn.Sequential(nn.Linear(64, 96), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(96, 1))
    optimizers = [
        torch.optim.Adam(n.parameters(), lr=1e-3, betas=(0.5, 0.99)) for n in (generator, critic)
    ]

    def noise(count):
        return torch.randn(1, 16).expand(count, 16) if sick else torch.randn(count, 16)

    report, made = duel(generator, critic, optimizers, lambda n: x[torch.randperm(len(x))[:n]], noise, watch,
                        steps=900, every=300)  # fmt: skip
    keep_score(made.std(0).mean())
    return report


def crowded_codes(seed, watch, sick=True):
    """All codes but one begin far from where the encoder ends."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = nn.ModuleList([mlp(64, 64, 8), Quantizer(64, 8), mlp(8, 64, 64)])
    with torch.no_grad():
        if sick:
            net[1].codebook.weight[1:] += 30.0
    return quantized(seed, watch, net, x, xv)


def codes_untrained(seed, watch, sick=True):
    """The codebook waits at zero for a first filling that never comes: one code serves all."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = nn.ModuleList([mlp(64, 64, 8), Quantizer(32, 8), mlp(8, 64, 64)])
    if sick:
        nn.init.zeros_(net[1].codebook.weight.requires_grad_(False))
    return quantized(seed, watch, net, x, xv, codes_told=False)


def sharp_heads(seed, watch, sick=True):
    """Queries and keys begin twenty times too wide: every head looks at one place."""
    torch.manual_seed(seed)
    net = RowTransformer(depth=3)
    if sick:
        for layer in net.body.layers:
            layer.self_attn.in_proj_weight.data[:64] *= 25
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    return fit(
        net,
        optimizer,
        digits(seed),
        seed,
        watch,
        epochs=8,
        told="score train_score outputs targets",
    )


class _Averager(nn.Module):
    def __init__(self, wide=32):
        super().__init__()
        self.embed, self.ask = nn.Linear(2, wide), nn.Parameter(torch.randn(1, 1, wide))
        self.first = nn.MultiheadAttention(wide, 2, batch_first=True)
        self.second = nn.MultiheadAttention(wide, 2, batch_first=True)
        self.norm, self.head = nn.LayerNorm(wide), mlp(wide, 32, 1, act=nn.GELU)

    def forward(self, x):
        x = self.embed(x)
        x = x + self.first(x, x, x, need_weights=False)[0]
        asked = self.second(self.ask.expand(len(x), -1, -1), x, x, need_weights=False)[0]
        return self.head(self.norm(asked[:, 0]))


def sharp_averager(seed, watch, sick=True):
    """A set of points is to be summed up, and attention sees one point only."""
    torch.manual_seed(seed)
    x = torch.randn(2500, 12, 2, generator=torch.Generator().manual_seed(seed))
    y = (x[..., 0] + x[..., 1].abs()).mean(1, keepdim=True) * 2
    net = _Averager()
    if sick:
        for layer in (net.first, net.second):
            layer.in_proj_weight.data[:64] *= 30
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    return fit(net, optimizer, (x[:2000], y[:2000], x[2000:], y[2000:]), seed, watch, epochs=15,
               loss_fn=F.mse_loss, score=fitted, task="regression", told="score train_score")  # fmt: skip
