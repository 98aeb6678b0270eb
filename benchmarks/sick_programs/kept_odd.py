"""Healthy programs kept back for the final count: codes, pictures and embeddings."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import batches, digits, fit, fitted, keep_score, mlp
from sick_programs.nets import Variational
from sick_programs.views import blurred, neighbours


class _Sparse(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(64, 128), nn.Linear(128, 64)
        self.cost = torch.zeros(())

    def forward(self, x):
        code = self.encoder(x - self.decoder.bias).relu()
        self.cost = code.abs().sum(1).mean()
        return self.decoder(code)


def sparse_autoencoder(seed, watch):
    """A wide code under an L1 penalty: most units are zero for most rows, and all is well."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = _Sparse()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(net, optimizer, (x, x, xv, xv), seed, watch, epochs=40, task="autoencoder", score=fitted,
               loss_fn=lambda o, t: (o - t).pow(2).sum(1).mean(),
               penalty=lambda: 0.05 * net.cost)  # fmt: skip


def denoiser(seed, watch):
    """A convolutional net takes the noise off pictures."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed, flat=False)
    net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.GroupNorm(4, 16), nn.SiLU(),
                        nn.Conv2d(16, 16, 3, padding=1), nn.GroupNorm(4, 16), nn.SiLU(),
                        nn.Conv2d(16, 1, 3, padding=1))  # fmt: skip
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    noisy, held = x + 0.3 * torch.randn_like(x), xv + 0.3 * torch.randn_like(xv)
    return fit(net, optimizer, (noisy, x, held, xv), seed, watch, epochs=12, loss_fn=F.mse_loss, score=fitted,
               task="autoencoder")  # fmt: skip


def triplet_embedding(seed, watch):
    """Triplets with a margin: most of them end at a loss of zero."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = mlp(64, 96, 16)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="self_supervised") as w:
        for _ in range(25):
            net.train()
            for xb, yb in batches(x, y, 96, generator):
                same = (yb[:, None] == yb[None]).float()
                friend = torch.multinomial(same, 1, generator=generator)[:, 0]
                stranger = torch.multinomial(1 - same, 1, generator=generator)[:, 0]
                places = F.normalize(net(xb), dim=1)
                loss = F.triplet_margin_loss(places, places[friend], places[stranger], margin=0.4)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=places)
            net.eval()
            with torch.no_grad():
                w.evaluate(score=keep_score(neighbours(net, x, y, xv, yv)), outputs=net(xv))
    return w.diagnose()


def good_vae(seed, watch):
    """A variational autoencoder whose code is used."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = Variational(latent=4)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="vae") as w:
        for epoch in range(30):
            net.train()
            for xb, _ in batches(x, x, 64, generator):
                rebuilt, mu, logvar = net(xb)
                wrong = 8 * F.mse_loss(rebuilt, xb, reduction="none").sum(1).mean()
                divergence = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
                loss = wrong + min(1.0, (epoch + 1) / 8) * divergence
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, losses={"rebuilt": wrong, "divergence": divergence}, targets=xb,
                       outputs={"reconstruction": rebuilt, "mu": mu, "logvar": logvar})  # fmt: skip
            net.eval()
            with torch.no_grad():
                rebuilt, mu, logvar = net(xv)
            w.evaluate(score=keep_score(fitted(rebuilt, xv)), targets=xv,
                       outputs={"reconstruction": rebuilt, "mu": mu, "logvar": logvar})  # fmt: skip
    return w.diagnose()


def variance_held(seed, watch):
    """Two views agree, each dimension keeps its spread and no two dimensions say the same."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = nn.Sequential(nn.Linear(64, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 24))
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    off = ~torch.eye(24, dtype=torch.bool)
    with watch(net, optimizer, task="self_supervised") as w:
        for _ in range(30):
            net.train()
            for xb, _ in batches(x, y, 128, generator):
                both = [net(blurred(xb)) for _ in range(2)]
                agreed = F.mse_loss(*both)
                held = sum((1 - (z.var(0) + 1e-4).sqrt()).relu().mean() for z in both)
                apart = sum(torch.cov(z.T)[off].pow(2).sum() / 24 for z in both)
                loss = 25 * agreed + 25 * held + apart
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(
                    loss=loss,
                    losses={"agreed": agreed, "held": held, "apart": apart},
                    outputs=both[0],
                )
            net.eval()
            with torch.no_grad():
                w.evaluate(score=keep_score(neighbours(net, x, y, xv, yv)), outputs=net(xv))
    return w.diagnose()


class _MovingCodes(nn.Module):
    def __init__(self, codes=32, wide=8):
        super().__init__()
        self.encoder, self.decoder = mlp(64, 64, wide), mlp(wide, 64, 64)
        self.register_buffer("codes", torch.randn(codes, wide))
        self.register_buffer("counts", torch.ones(codes))
        self.register_buffer("sums", self.codes.clone())

    def forward(self, x):
        z = self.encoder(x)
        chosen = torch.cdist(z, self.codes).argmin(1)
        near = self.codes[chosen]
        if self.training:
            self._move(z.detach(), F.one_hot(chosen, len(self.codes)).float())
        commitment = (near.detach() - z).pow(2).mean()
        return self.decoder(z + (near - z).detach()), chosen, commitment

    def _move(self, z, hot):
        self.counts.mul_(0.97).add_(0.03 * hot.sum(0))
        self.sums.mul_(0.97).add_(0.03 * hot.T @ z)
        self.codes.copy_(self.sums / self.counts[:, None])
        idle = self.counts < 0.2
        if idle.any():
            drawn = z[torch.randint(0, len(z), (int(idle.sum()),))]
            self.codes[idle], self.sums[idle], self.counts[idle] = drawn, drawn, 1.0


def codebook_averaged(seed, watch):
    """A codebook that follows running means, its idle codes set on rows; no gradient reaches it."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = _MovingCodes()
    with torch.no_grad():
        net.codes.copy_(net.encoder(x[:32]))
        net.sums.copy_(net.codes)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="vector_quantized") as w:
        for _ in range(25):
            net.train()
            for xb, _ in batches(x, x, 64, generator):
                rebuilt, chosen, commitment = net(xb)
                loss = F.mse_loss(rebuilt, xb) + 0.25 * commitment
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs={"reconstruction": rebuilt, "codes": chosen}, targets=xb)
            net.eval()
            with torch.no_grad():
                rebuilt, chosen, _ = net(xv)
            shares = torch.bincount(chosen).float() / len(chosen)
            keep_score((-(shares * (shares + 1e-12).log()).sum()).exp())
            told = {"reconstruction": rebuilt, "codes": chosen}
            w.evaluate(score=fitted(rebuilt, xv), outputs=told, targets=xv)
    return w.diagnose()


PROGRAMS = (
    sparse_autoencoder,
    denoiser,
    triplet_embedding,
    good_vae,
    variance_held,
    codebook_averaged,
)
