"""Made data: rings, small pictures with things on them, points around a circle, tags."""

from __future__ import annotations

import math

import numpy as np
import torch


def rings(seed, rows=1600):
    """Two rings in the plane, as (x, y, held x, held y)."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 2, (rows,), generator=generator)
    angle = 2 * math.pi * torch.rand(rows, generator=generator)
    radius = 1 + y + 0.15 * torch.randn(rows, generator=generator)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    cut = int(rows * 0.75)
    return x[:cut], y[:cut], x[cut:], y[cut:]


def cards(seed, rows=900, held=200):
    """Noisy 16 x 16 pictures with one or two bright boxes, and the boxes' pixels as classes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.6, (rows + held, 1, 16, 16))
    y = np.zeros((rows + held, 16, 16), dtype=np.int64)
    for row in range(rows + held):
        for _ in range(rng.integers(1, 3)):
            top, left = rng.integers(0, 12, 2)
            high, wide = rng.integers(2, 5, 2)
            y[row, top : top + high, left : left + wide] = 1
    x[:, 0] += 1.5 * y
    pictures, marks = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    return pictures[:rows], marks[:rows], pictures[rows:], marks[rows:]


def circle_of_points(count, generator, modes=8):
    """Points in the plane around `modes` places on a circle of radius 2."""
    angle = 2 * math.pi * torch.randint(0, modes, (count,), generator=generator) / modes
    places = 2 * torch.stack([angle.cos(), angle.sin()], 1)
    return places + 0.1 * torch.randn(count, 2, generator=generator)


def modes_found(points, modes=8, least=0.02):
    """How many of the places hold at least a fiftieth of the points."""
    angle = 2 * math.pi * torch.arange(modes) / modes
    places = 2 * torch.stack([angle.cos(), angle.sin()], 1)
    apart, nearest = torch.cdist(points, places).min(1)
    counts = torch.bincount(nearest[apart < 0.5], minlength=modes)
    return int((counts >= least * len(points)).sum())


def tags(seed, rows=2000, classes=6):
    """Rows with several tags each, as (x, y, held x, held y); y is 0 or 1 per tag."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 20, generator=generator)
    mix = torch.randn(20, classes, generator=torch.Generator().manual_seed(99))
    score = x @ mix / 20**0.5 + 0.7 * (x[:, :1] * x[:, 1:2])
    y = (score + 0.2 * torch.randn(rows, classes, generator=generator) > 0.8).float()
    cut = int(rows * 0.75)
    return x[:cut], y[:cut], x[cut:], y[cut:]
