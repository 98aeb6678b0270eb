"""Networks that several programs use."""

from __future__ import annotations

import math

import torch
from torch import nn

from sick_programs.common import LETTERS


class RowReader(nn.Module):
    """Reads an 8 x 8 picture row by row and names its class."""

    def __init__(self, cell=nn.LSTM, wide=48, classes=10, **options):
        super().__init__()
        self.cell = cell(8, wide, batch_first=True, **options)
        self.head = nn.Linear(wide, classes)

    def forward(self, x):
        """Logits (rows, classes) of pictures (rows, 64)."""
        states, _ = self.cell(x.view(len(x), 8, 8))
        return self.head(states[:, -1])


class Writer(nn.Module):
    """A recurrent language model over letters."""

    def __init__(self, wide=64, cell=nn.GRU, embedded=32):
        super().__init__()
        self.embed = nn.Embedding(LETTERS, embedded)
        self.cell = cell(embedded, wide, batch_first=True)
        self.head = nn.Linear(wide, LETTERS)

    def forward(self, x):
        """Logits (rows, length, letters)."""
        return self.head(self.cell(self.embed(x))[0])


class LetterTransformer(nn.Module):
    """A small causal transformer over letters, made of PyTorch's own layers."""

    def __init__(self, wide=32, depth=2, heads=4, dropout=0.0, length=32, norm_first=True):
        super().__init__()
        self.embed = nn.Embedding(LETTERS, wide)
        self.place = nn.Parameter(0.02 * torch.randn(length, wide))
        layer = nn.TransformerEncoderLayer(
            wide, heads, 4 * wide, dropout, batch_first=True, norm_first=norm_first
        )
        self.body = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.head = nn.Linear(wide, LETTERS)
        self.register_buffer("mask", torch.full((length, length), -math.inf).triu(1))

    def forward(self, x):
        """Logits (rows, length, letters)."""
        return self.head(self.body(self.embed(x) + self.place, mask=self.mask))


class RowTransformer(nn.Module):
    """A transformer over the 8 rows of an 8 x 8 picture, mean pooled."""

    def __init__(self, wide=32, depth=2, heads=4, dropout=0.0, norm_first=True, classes=10):
        super().__init__()
        self.embed = nn.Linear(8, wide)
        self.place = nn.Parameter(0.1 * torch.randn(8, wide))
        layer = nn.TransformerEncoderLayer(
            wide, heads, 2 * wide, dropout, batch_first=True, norm_first=norm_first
        )
        self.body = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.head = nn.Linear(wide, classes)

    def forward(self, x):
        """Logits (rows, classes) of pictures (rows, 64)."""
        return self.head(self.body(self.embed(x.view(len(x), 8, 8)) + self.place).mean(1))


class SmallCNN(nn.Module):
    """Two convolutions and a linear layer; the norm is `batch`, `group` or nothing."""

    def __init__(self, wide=16, norm="", classes=10, act=nn.ReLU):
        super().__init__()

        def block(a, b):
            kinds = {"batch": nn.BatchNorm2d(b), "group": nn.GroupNorm(4, b)}
            return [nn.Conv2d(a, b, 3, padding=1), kinds.get(norm, nn.Identity()), act()]

        self.body = nn.Sequential(
            *block(1, wide), nn.MaxPool2d(2), *block(wide, 2 * wide), nn.MaxPool2d(2)
        )
        self.head = nn.Linear(2 * wide * 4, classes)

    def forward(self, x):
        """Logits (rows, classes) of pictures (rows, 1, 8, 8)."""
        return self.head(self.body(x).flatten(1))


class ResidualBlock(nn.Module):
    """Two convolutions and the input added."""

    def __init__(self, wide, norm=nn.BatchNorm2d):
        super().__init__()
        self.first, self.second = (nn.Conv2d(wide, wide, 3, padding=1) for _ in range(2))
        self.norm, self.last_norm = norm(wide), norm(wide)

    def forward(self, x):
        """The same shape."""
        inner = self.norm(self.first(x)).relu()
        return (x + self.last_norm(self.second(inner))).relu()


class Segmenter(nn.Module):
    """A classifier of every pixel of a 1 x 16 x 16 picture."""

    def __init__(self, wide=12, classes=2, norm=True):
        super().__init__()

        def block(a, b):
            return nn.Sequential(
                nn.Conv2d(a, b, 3, padding=1),
                nn.BatchNorm2d(b) if norm else nn.Identity(),
                nn.ReLU(),
            )

        self.down, self.middle = block(1, wide), block(wide, 2 * wide)
        self.up, self.last = block(3 * wide, wide), nn.Conv2d(wide, classes, 1)

    def forward(self, x):
        """Logits (rows, classes, 16, 16)."""
        high = self.down(x)
        low = self.middle(nn.functional.max_pool2d(high, 2))
        low = nn.functional.interpolate(low, scale_factor=2.0)
        return self.last(self.up(torch.cat([high, low], 1)))


class Variational(nn.Module):
    """A variational autoencoder of 64 pixels."""

    def __init__(self, latent=8, wide=64):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, wide), nn.ReLU(), nn.Linear(wide, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, wide), nn.ReLU(), nn.Linear(wide, 64))

    def forward(self, x):
        """Reconstruction (logits), mu and logvar."""
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        drawn = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        return self.decoder(drawn), mu, logvar


class Quantizer(nn.Module):
    """A codebook: the nearest code, straight-through gradients, and both losses."""

    def __init__(self, codes=32, wide=8):
        super().__init__()
        self.codebook = nn.Embedding(codes, wide)
        nn.init.uniform_(self.codebook.weight, -0.5, 0.5)

    def forward(self, z):
        """Quantized z, the chosen codes, the loss of the codebook and of the commitment."""
        chosen = torch.cdist(z, self.codebook.weight).argmin(1)
        near = self.codebook(chosen)
        codebook_loss = (near - z.detach()).pow(2).mean()
        commitment = (near.detach() - z).pow(2).mean()
        return z + (near - z).detach(), chosen, codebook_loss, commitment
