"""Data, the usual loop, and the score a program keeps for `--scores`."""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from torch import nn
from torch.nn import functional as F

KEPT_SCORES: list[float] = []
"""What the program that ran last called its score, higher is better; read by the runner only."""


def keep_score(value):
    """Keep a score for the comparison of a program with its healthy twin."""
    KEPT_SCORES.append(float(value))
    return float(value)


def digits(seed, *, flat=True, train=1400, scale=1.0):
    """Scikit-learn's digits as (x, y, held x, held y), pixels in 0..scale."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x = torch.tensor(x[order] * (scale / 16), dtype=torch.float32)
    y = torch.tensor(y[order])
    x = x if flat else x.view(-1, 1, 8, 8)
    return x[:train], y[:train], x[1400:], y[1400:]


def table(seed, name="wine", *, scaled=True):
    """A table of scikit-learn's: wine, cancer (classes) or diabetes (values, standardised)."""
    load = {"wine": load_wine, "cancer": load_breast_cancer, "diabetes": load_diabetes}[name]
    x, y = load(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    x, y = x[order], y[order]
    cut = int(len(x) * 0.75)
    if scaled:
        x = (x - x[:cut].mean(0)) / x[:cut].std(0)
    if name == "diabetes":
        y = ((y - y[:cut].mean()) / y[:cut].std())[:, None]
    x = torch.tensor(x, dtype=torch.float32)
    y = torch.tensor(y, dtype=torch.float32 if name == "diabetes" else torch.long)
    return x[:cut], y[:cut], x[cut:], y[cut:]


@functools.cache
def _letters():
    import argparse
    import asyncio
    import collections
    import decimal
    import logging
    import random
    import statistics
    import unittest

    texts = []
    for module in (argparse, asyncio, collections, decimal, logging, random, statistics, unittest):
        for _, thing in sorted(vars(module).items(), key=lambda pair: pair[0]):
            if inspect.isclass(thing) or inspect.isfunction(thing):
                texts.append(inspect.getdoc(thing) or "")
    text = " ".join(" ".join(texts).lower().split())
    alphabet = "abcdefghijklmnopqrstuvwxyz .,()'-_"
    letters = torch.tensor([alphabet.index(c) for c in text if c in alphabet])
    blocks = letters[: len(letters) // 400 * 400].view(-1, 400)
    order = torch.randperm(len(blocks), generator=torch.Generator().manual_seed(0))
    return blocks[order].flatten()


LETTERS = 34
"""Letters of the alphabet of `text`."""


def text(size=60_000):
    """Python's own docstrings as letters: the ones for training, then the held-out tenth."""
    letters = _letters()
    return letters[:size], letters[-8_000:]


def windows(letters, generator, *, rows=32, length=32):
    """A batch of the language model: letters, and the letters that follow them."""
    starts = torch.randint(0, len(letters) - length - 1, (rows,), generator=generator)
    block = torch.stack([letters[s : s + length + 1] for s in starts.tolist()])
    return block[:, :-1], block[:, 1:]


def batches(x, y, size, generator):
    """The rows in a new order, `size` at a time."""
    for rows in torch.randperm(len(x), generator=generator).split(size):
        yield x[rows], y[rows]


def mlp(*wide, act=nn.ReLU):
    """A plain perceptron with the layer widths given."""
    layers: list[nn.Module] = []
    for a, b in itertools.pairwise(wide):
        layers += [nn.Linear(a, b), act()]
    return nn.Sequential(*layers[:-1])


def accuracy(outputs, y):
    """Share of rows whose class is right."""
    return float((outputs.argmax(-1) == y).float().mean())


def fitted(outputs, y):
    """R squared."""
    return float(1 - F.mse_loss(outputs, y) / y.var(unbiased=False))


def negative_loss(outputs, y):
    """Cross-entropy with its sign turned: higher is better."""
    return -float(F.cross_entropy(outputs.flatten(0, -2), y.flatten()))


def sequence_loss(outputs, y):
    """Cross-entropy of the next letter."""
    return F.cross_entropy(outputs.flatten(0, 1), y.flatten())


@dataclass(frozen=True)
class Loop:
    """The choices of an ordinary training loop.

    Args:
        epochs: Passes over the rows.
        size: Rows of a batch.
        loss_fn: From outputs and targets.
        score: From outputs and targets, higher is better.
        task: What is told to the watch.
        step: What `watch.step` is given: any of loss, inputs, outputs, targets.
        told: What `watch.evaluate` is given: any of score, train_score, inputs, outputs, targets;
            empty for no evaluation.
        before_update: Called after `backward`.
        after_update: Called after the step with its number.
        penalty: Added to the loss.
    """

    epochs: int = 30
    size: int = 64
    loss_fn: Callable[..., Any] = F.cross_entropy
    score: Callable[..., float] = accuracy
    task: str | None = "classification"
    step: str = "loss inputs outputs targets"
    told: str = "score inputs outputs targets"
    before_update: Callable[[], Any] = field(default=lambda: None)
    after_update: Callable[[int], Any] = field(default=lambda step: None)
    penalty: Callable[[], Any] = field(default=lambda: 0.0)


def chosen(names, **parts):
    """The parts that are named."""
    return {name: parts[name] for name in names.split()}


def fit(net, optimizer, data, seed, watch, **choices):
    """Train under a watch, as most people would, and diagnose."""
    loop = replace(Loop(), **choices)
    x, y, xv, yv = data
    generator = torch.Generator().manual_seed(seed)
    count = 0
    with watch(net, optimizer, task=loop.task) as w:
        for _ in range(loop.epochs):
            net.train()
            for xb, yb in batches(x, y, loop.size, generator):
                outputs = net(xb)
                loss = loop.loss_fn(outputs, yb) + loop.penalty()
                optimizer.zero_grad()
                loss.backward()
                loop.before_update()
                optimizer.step()
                count += 1
                loop.after_update(count)
                w.step(**chosen(loop.step, loss=loss, inputs=xb, outputs=outputs, targets=yb))
            net.eval()
            with torch.no_grad():
                held = net(xv)
                told = {"score": keep_score(loop.score(held, yv))}
                if "train_score" in loop.told:
                    told["train_score"] = loop.score(net(x[:500]), y[:500])
            told |= {"inputs": xv, "outputs": held, "targets": yv}
            if loop.told:
                w.evaluate(**chosen(loop.told, **told))
    return w.diagnose()


def write(
    net, optimizer, seed, watch, *, steps=400, size=60_000, every=100, told="score", **choices
):
    """Train a language model on letters under a watch, and diagnose."""
    loop = replace(Loop(), task="language_model", step="loss outputs targets", told=told)
    loop = replace(loop, **choices)
    letters, held = text(size)
    generator = torch.Generator().manual_seed(seed)
    fixed = windows(held, torch.Generator().manual_seed(0), rows=100)
    seen = windows(letters, torch.Generator().manual_seed(0), rows=100)
    with watch(net, optimizer, task=loop.task) as w:
        for count in range(1, steps + 1):
            xb, yb = windows(letters, generator, rows=min(loop.size, 32))
            outputs = net(xb)
            loss = sequence_loss(outputs, yb) + loop.penalty()
            optimizer.zero_grad()
            loss.backward()
            loop.before_update()
            optimizer.step()
            loop.after_update(count)
            w.step(**chosen(loop.step, loss=loss, inputs=xb, outputs=outputs, targets=yb))
            if count % every == 0:
                net.eval()
                with torch.no_grad():
                    told_now = {
                        "score": keep_score(negative_loss(net(fixed[0]), fixed[1])),
                        "train_score": negative_loss(net(seen[0]), seen[1]),
                    }
                net.train()
                if loop.told:
                    w.evaluate(**chosen(loop.told, **told_now))
    return w.diagnose()


class StandIn:
    """A watch that does nothing but keep the losses."""

    def __init__(self, networks=None, optimizers=None, *, task=None, roles=None, every=None):
        self.losses: list[float] = []

    def __enter__(self):
        """Enter."""
        return self

    def __exit__(self, *problem):
        """Leave."""

    def step(self, *, loss=None, losses=None, inputs=None, outputs=None, targets=None):
        """Keep the loss."""
        if loss is None and losses:
            loss = sum(float(value) for value in losses.values())
        self.losses.append(math.nan if loss is None else float(loss))

    def evaluate(self, *, score=None, train_score=None, inputs=None, outputs=None, targets=None,
                 samples=None, real=None, maximize=True):  # fmt: skip
        """Look at nothing."""

    def diagnose(self):
        """The losses."""
        return self.losses
