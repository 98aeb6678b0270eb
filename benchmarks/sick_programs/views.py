"""Self-supervision: other views of a picture, and what embeddings are worth."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def blurred(x):
    """Another view of the same pictures: moved by a pixel at most, and noisy."""
    pictures = x.view(-1, 8, 8)
    moved = torch.roll(pictures, tuple(torch.randint(-1, 2, (2,)).tolist()), (1, 2)).reshape(
        x.shape
    )
    return moved + 0.1 * torch.randn_like(x)


def neighbours(net, x, y, xv, yv):
    """Accuracy of the nearest neighbour's class by cosine."""
    known, asked = F.normalize(net(x), dim=1), F.normalize(net(xv), dim=1)
    return (y[(asked @ known.T).argmax(1)] == yv).float().mean()


def spread(places):
    """Effective rank of embeddings: the exponential of the entropy of their singular values."""
    values = torch.linalg.svdvals(F.normalize(places, dim=1))
    shares = values / values.sum()
    return float((-(shares * (shares + 1e-12).log()).sum()).exp())
