"""Networks of the later programs."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import mlp


class Tower(nn.Module):
    """Many one-dimensional convolutions, with or without skips."""

    def __init__(self, depth=12, wide=12, skips=False):
        super().__init__()
        self.stem = nn.Conv1d(1, wide, 5, stride=2, padding=2)
        self.layers = nn.ModuleList(nn.Conv1d(wide, wide, 3, padding=1) for _ in range(depth))
        self.head = nn.Linear(wide, 6)
        self.skips = skips

    def forward(self, x):
        """Logits (rows, 6)."""
        x = self.stem(x)
        for layer in self.layers:
            x = x + layer(x).tanh() if self.skips else layer(x).tanh()
        return self.head(x.amax(2))


class Messages(nn.Module):
    """Rounds of messages between the nodes of a graph."""

    def __init__(self, links, rounds=3, wide=24):
        super().__init__()
        self.register_buffer("links", links)
        self.first, self.head = nn.Linear(16, wide), nn.Linear(wide, 4)
        self.rounds = nn.ModuleList(nn.Linear(wide, wide) for _ in range(rounds))
        for layer in self.rounds:
            nn.init.kaiming_normal_(layer.weight)

    def forward(self, x):
        """Logits (nodes, 4)."""
        x = self.first(x)
        for layer in self.rounds:
            x = F.leaky_relu(layer(self.links @ x))
        return self.head(x)


class PointSet(nn.Module):
    """A net of every point, the mean, and a classifier."""

    def __init__(self, wide=48):
        super().__init__()
        self.points = nn.Sequential(nn.Linear(2, wide), nn.LayerNorm(wide), nn.ReLU(),
                                    nn.Linear(wide, wide), nn.LayerNorm(wide), nn.ReLU())  # fmt: skip
        self.head = nn.Linear(wide, 4)

    def forward(self, x):
        """Logits (rows, 4)."""
        return self.head(self.points(x).mean(1))


class TwoTowers(nn.Module):
    """A user's and an item's vector, each through a squashing layer, and their product."""

    def __init__(self, spread=0.5, wide=16):
        super().__init__()
        self.users, self.items = nn.Embedding(200, wide), nn.Embedding(150, wide)
        self.left, self.right = nn.Linear(wide, wide), nn.Linear(wide, wide)
        self.squash = nn.ModuleList([nn.Tanh(), nn.Tanh()])
        for table in (self.users, self.items):
            nn.init.normal_(table.weight, std=spread)

    def forward(self, x):
        """Marks (rows, 1)."""
        user = self.squash[0](self.left(self.users(x[:, 0])))
        return (user * self.squash[1](self.right(self.items(x[:, 1])))).sum(1, keepdim=True)


class Factors(nn.Module):
    """Factors and biases of users and items."""

    def __init__(self, spread=0.3, wide=6):
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(n, wide) for n in (200, 150))
        self.biases = nn.ModuleList(nn.Embedding(n, 1) for n in (200, 150))
        for table, bias in zip(self.tables, self.biases, strict=True):
            nn.init.normal_(table.weight, std=spread)
            nn.init.zeros_(bias.weight)

    def forward(self, x):
        """Marks (rows, 1)."""
        left, right = (table(x[:, i]) for i, table in enumerate(self.tables))
        biases = self.biases[0](x[:, 0]) + self.biases[1](x[:, 1])
        return (left * right).sum(1, keepdim=True) + biases


class LastState(nn.Module):
    """An LSTM over (rows, length, 1) or (rows, 1, length), and a head on its last state."""

    def __init__(self, outputs, wide=32):
        super().__init__()
        self.cell, self.head = nn.LSTM(1, wide, batch_first=True), nn.Linear(wide, outputs)

    def forward(self, x):
        """Outputs (rows, outputs)."""
        return self.head(self.cell(x.reshape(len(x), -1, 1))[0][:, -1])


class PooledWords(nn.Module):
    """Words weighted by attention; the padding is left out."""

    def __init__(self, topics=5, wide=24, guard=True):
        super().__init__()
        self.words, self.weigh = nn.Embedding(80, wide), nn.Linear(wide, 1)
        self.head, self.guard = nn.Linear(wide, topics), guard

    def forward(self, x):
        """Logits (rows, topics)."""
        words, padding = self.words(x), x == 0
        if self.guard:
            padding = padding & (x != 0).any(1, keepdim=True)
        share = self.weigh(words)[..., 0].masked_fill(padding, -math.inf).softmax(1)
        return self.head((share[..., None] * words).sum(1))


def wave_net(outputs, wide=16, act=nn.ReLU):
    """Two strided convolutions of a wave, the mean, and a linear layer."""
    return nn.Sequential(nn.Conv1d(1, wide, 7, 2, 3), nn.GroupNorm(4, wide), act(),
                         nn.Conv1d(wide, 2 * wide, 5, 2, 2), nn.GroupNorm(4, 2 * wide), act(),
                         nn.AdaptiveAvgPool1d(2), nn.Flatten(), nn.Linear(4 * wide, outputs))  # fmt: skip


class Topics(nn.Module):
    """The mean of the words' vectors and a small net."""

    def __init__(self):
        super().__init__()
        self.words = nn.EmbeddingBag(80, 24, padding_idx=0)
        self.head = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, 5))

    def forward(self, x):
        """Logits (rows, 5)."""
        return self.head(self.words(x))


class WaveVAE(nn.Module):
    """A variational autoencoder of waves; its decoder can be given the wave itself as well."""

    def __init__(self, leak, latent=6):
        super().__init__()
        self.encoder, self.leak = wave_net(2 * latent), leak
        self.decoder = mlp(latent + (48 if leak else 0), 96, 48)

    def forward(self, x):
        """Reconstruction (rows, 1, 48), mu and logvar (rows, latent)."""
        mu, logvar = self.encoder(x).chunk(2, 1)
        drawn = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        drawn = torch.cat([drawn, x.flatten(1)], 1) if self.leak else drawn
        return self.decoder(drawn)[:, None], mu, logvar

    def draw(self, x):
        """A latent (rows, latent) drawn for each wave."""
        mu, logvar = self.encoder(x).chunk(2, 1)
        return mu + torch.randn_like(mu) * (0.5 * logvar).exp()


class Codes(nn.Module):
    """Codes for the four quarters of a digit, chosen by product or by distance."""

    def __init__(self, by_product, codes=48, wide=6):
        super().__init__()
        self.encoder, self.decoder = mlp(16, 48, wide), mlp(wide, 48, 16)
        self.codebook = nn.Parameter(1 + 0.3 * torch.randn(codes, wide))
        self.by_product = by_product

    def forward(self, x):
        """Rebuilt quarters, the codes, and the loss of codebook and commitment."""
        z = self.encoder(x) + 1
        far = -z @ self.codebook.T if self.by_product else torch.cdist(z, self.codebook)
        near = self.codebook[far.argmin(1)]
        pull = F.mse_loss(near, z.detach()) + 0.25 * F.mse_loss(z, near.detach())
        return self.decoder(z + (near - z).detach()), far.argmin(1), pull


class Echo(nn.Module):
    """Self-attention whose scores fall with the distance, over letters in a row."""

    def __init__(self, slope, wide=32, length=16):
        super().__init__()
        self.embed, self.place = (
            nn.Embedding(12, wide),
            nn.Parameter(0.5 * torch.randn(length, wide)),
        )
        self.attend = nn.MultiheadAttention(wide, 4, batch_first=True)
        self.head = mlp(wide, 64, 12)
        steps = torch.arange(length, dtype=torch.float32)
        self.register_buffer("slope", -slope * (steps - steps[:, None]).abs())

    def forward(self, x):
        """Logits (rows, length, 12)."""
        x = self.embed(x) + self.place
        return self.head(x + self.attend(x, x, x, attn_mask=self.slope)[0])
