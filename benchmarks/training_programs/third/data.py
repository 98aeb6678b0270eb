"""The data of the third set: digits, patients, flowers, and sequences and graphs made from a seed."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from torch import Tensor


@cache
def _arrays(name: str) -> tuple[Tensor, Tensor]:
    load = {
        "digits": load_digits,
        "patients": load_breast_cancer,
        "diabetes": load_diabetes,
        "iris": load_iris,
    }[name]
    X, y = load(return_X_y=True)
    return torch.tensor(X, dtype=torch.float32), torch.tensor(y)


def seeded(seed: int) -> torch.Generator:
    """A generator of torch of its own."""
    return torch.Generator().manual_seed(seed)


def parted(name: str, seed: int, share: float = 0.25) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rows of a data set, standardised on the training part: X, y, and X, y of validation, at random."""
    X, y = _arrays(name)
    order = torch.randperm(len(X), generator=seeded(seed))
    cut = int(len(X) * share)
    held, kept = order[:cut], order[cut:]
    mean, deviation = X[kept].mean(0), X[kept].std(0).clamp_min(1e-3)
    Z = (X - mean) / deviation
    return Z[kept], y[kept], Z[held], y[held]


def digit_images(seed: int, share: float = 0.25) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Digits as images `(n, 1, 8, 8)` between 0 and 1, parted at random."""
    X, y = _arrays("digits")
    order = torch.randperm(len(X), generator=seeded(seed))
    images = (X / 16).reshape(-1, 1, 8, 8)
    cut = int(len(X) * share)
    held, kept = order[:cut], order[cut:]
    return images[kept], y[kept], images[held], y[held]


def language(seed: int, n_tokens: int, words: int = 24) -> Tensor:
    """A stream of tokens in which each depends on the last two: a language of `words` words."""
    source = np.random.default_rng(seed)
    successors = source.integers(0, words, (words, words, 3))
    stream = [0, 1]
    for draw in source.integers(0, 20, n_tokens - 2):
        choices = successors[stream[-2], stream[-1]]
        word = choices[0 if draw < 13 else 1 if draw < 17 else 2]
        stream.append(int(word if draw < 19 else source.integers(words)))
    return torch.tensor(stream)


def waves(seed: int, n: int, length: int) -> Tensor:
    """Noisy sums of two oscillations `(n, length)`, each with its own frequency and phase."""
    draw = seeded(seed)
    when = torch.arange(length)
    frequency, phase = torch.rand(n, 2, 1, generator=draw), torch.rand(n, 2, 1, generator=draw)
    wave = torch.sin(when * (0.1 + 0.5 * frequency) + 6.3 * phase).sum(1)
    return wave + 0.1 * torch.randn(n, length, generator=draw)


def communities(seed: int, n: int = 120) -> tuple[Tensor, Tensor, Tensor]:
    """A graph of three communities: features `(n, 8)`, symmetric adjacency with loops, and the community."""
    draw = seeded(seed)
    label = torch.arange(n) % 3
    together = label[:, None] == label[None]
    chance = torch.where(together, 0.2, 0.02)
    edges = torch.bernoulli(chance, generator=draw).triu(1)
    adjacency = edges + edges.T + torch.eye(n)
    centres = torch.randn(3, 8, generator=draw)
    return centres[label] + torch.randn(n, 8, generator=draw), adjacency, label
