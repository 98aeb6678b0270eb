"""Data of the later programs, made from a seed."""

from __future__ import annotations

import math

import torch


def waves(seed, *, rows=1500, noise=0.25, length=48):
    """Sines, squares and saws, slow or fast: (x (rows, 1, length), y in 0..5), 400 rows held out."""
    generator = torch.Generator().manual_seed(seed + 1)
    kind = torch.randint(0, 6, (rows,), generator=generator)
    turns = torch.where(kind < 3, 2.0, 4.0)[:, None] + 0.6 * torch.rand(
        rows, 1, generator=generator
    )
    start = torch.rand(rows, 1, generator=generator)
    angle = (turns * torch.linspace(0, 1, length) + start) % 1
    shapes = torch.stack([(2 * math.pi * angle).sin(), (angle - 0.5).sign(), 2 * angle - 1])
    x = shapes[kind % 3, torch.arange(rows)] + noise * torch.randn(
        rows, length, generator=generator
    )
    return x[:-400, None], kind[:-400], x[-400:, None], kind[-400:]


def ratings(seed, *, users=200, items=150, rows=6000):
    """Marks that users give to items, of rank 3 and a little noise: (x (rows, 2), y (rows, 1))."""
    generator = torch.Generator().manual_seed(seed + 2)
    tastes = torch.randn(users, 3, generator=generator), torch.randn(items, 3, generator=generator)
    x = torch.stack([torch.randint(0, n, (rows,), generator=generator) for n in (users, items)], 1)
    y = (tastes[0][x[:, 0]] * tastes[1][x[:, 1]]).sum(1, keepdim=True) / 1.7
    y = y + 0.2 * torch.randn(rows, 1, generator=generator)
    return x[:-1000], y[:-1000], x[-1000:], y[-1000:]


def network(seed, *, nodes=240):
    """A graph of four communities: adjacency with loops, features, labels, rows for training."""
    generator = torch.Generator().manual_seed(seed + 3)
    y = torch.randint(0, 4, (nodes,), generator=generator)
    chance = torch.where(y[:, None] == y, 0.12, 0.015)
    links = (torch.rand(nodes, nodes, generator=generator) < chance).float().triu(1)
    centres = torch.randn(4, 16, generator=generator)
    x = centres[y] + 1.5 * torch.randn(nodes, 16, generator=generator)
    return links + links.T + torch.eye(nodes), x, y, torch.arange(nodes) < nodes // 2


def documents(seed, *, rows=1600, topics=5, spread=0.35):
    """Texts of 4 to 20 words of 80, padded with 0: (x, y), 400 rows held out."""
    generator = torch.Generator().manual_seed(seed + 4)
    y = torch.randint(0, topics, (rows,), generator=generator)
    own = 1 + 12 * y[:, None] + torch.randint(0, 12, (rows, 20), generator=generator)
    other = torch.randint(1, 80, (rows, 20), generator=generator)
    x = torch.where(torch.rand(rows, 20, generator=generator) < spread, own, other)
    long = torch.randint(4, 21, (rows, 1), generator=generator)
    x = torch.where(torch.arange(20) < long, x, 0)
    return x[:-400], y[:-400], x[-400:], y[-400:]


def clouds(seed, *, rows=1500, points=24):
    """Sets of points on a ring, a square, a cross or in two heaps: (x (rows, points, 2), y)."""
    generator = torch.Generator().manual_seed(seed + 5)
    y = torch.randint(0, 4, (rows,), generator=generator)
    turn = 2 * math.pi * torch.rand(rows, points, generator=generator)
    ring = torch.stack([turn.cos(), turn.sin()], 2)
    square = ring / ring.abs().amax(2, keepdim=True)
    side = torch.rand(rows, points, 1, generator=generator) < 0.5
    cross = torch.where(side, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])) * ring
    heaps = torch.where(side, 0.7, -0.7) + 0.0 * ring
    x = torch.stack([ring, square, cross, heaps])[y, torch.arange(rows)]
    x = x + 0.1 * torch.randn(rows, points, 2, generator=generator)
    return x[:-400], y[:-400], x[-400:], y[-400:]


def series(seed, *, rows=1500, length=24):
    """Windows of two tones with drifting phase and the value that comes next."""
    generator = torch.Generator().manual_seed(seed + 6)
    start = 6 * torch.rand(rows, 2, 1, generator=generator)
    time = torch.arange(length + 1)
    x = (0.45 * time + start[:, 0]).sin() + 0.6 * (1.1 * time + start[:, 1]).sin()
    x = x + 0.05 * torch.randn(rows, length + 1, generator=generator)
    return x[:-400, :-1, None], x[:-400, -1:], x[-400:, :-1, None], x[-400:, -1:]


def spirals(seed, rows=1200):
    """Two arms that wind around one another: (x, y, held x, held y)."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 2, (rows,), generator=generator)
    turn = 0.5 + 2.5 * math.pi * torch.rand(rows, generator=generator).sqrt()
    angle = turn + math.pi * y
    x = torch.stack([angle.cos(), angle.sin()], 1) * turn[:, None] / 4
    x = x + 0.05 * torch.randn(rows, 2, generator=generator)
    return x[:900], y[:900], x[900:], y[900:]
