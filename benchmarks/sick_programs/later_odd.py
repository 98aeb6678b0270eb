"""Later healthy programs that look odd; `PROGRAMS` lists them."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import batches, digits, fitted, keep_score, mlp


def few_codes_at_once(seed, watch):
    """An autoencoder that keeps six of ninety-six units in any row and sets the rest to nothing."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = nn.ModuleList([nn.Linear(64, 96), nn.Linear(96, 64)])
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 880)
    generator = torch.Generator().manual_seed(seed)

    def rebuild(rows):
        codes = net[0](rows - 0.3).relu()
        return net[1](codes * (codes >= codes.topk(6).values[:, -1:]))

    with watch(net, optimizer, task="autoencoder") as w:
        for _ in range(40):
            for xb, _ in batches(x, x, 64, generator):
                rebuilt = rebuild(xb)
                loss = (rebuilt - xb).square().sum()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                w.step(loss=loss, inputs=xb, outputs=rebuilt, targets=xb)
            with torch.no_grad():
                w.evaluate(score=keep_score(fitted(rebuild(xv), xv)))
    return w.diagnose()


def values_of_a_walk(seed, watch):
    """Values of places on a walk learned from their own guesses: the targets move along."""
    torch.manual_seed(seed)
    net = mlp(21, 32, 21, act=nn.ELU)
    late = copy.deepcopy(net)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=1000)
    places = torch.eye(21)
    truth = torch.minimum(0.9 ** (20 - torch.arange(21)), torch.tensor(1.0))
    with watch(net, optimizer) as w:
        for count in range(1, 1001):
            rows = torch.randint(0, 20, (64,))
            ends = (rows == 19).float()
            guess = net(places[rows]).mean(1)
            with torch.no_grad():
                goal = torch.where(ends > 0, 0.9, 0.9 * late(places[rows + 1]).mean(1))
            loss = F.smooth_l1_loss(guess, goal)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            w.step(loss=loss, outputs=guess, targets=goal)
            for slow, fast in zip(late.parameters(), net.parameters(), strict=True):
                slow.data.lerp_(fast.data, 0.1)
            if count % 100 == 0:
                with torch.no_grad():
                    w.evaluate(score=keep_score(fitted(net(places[:20]).mean(1), truth[:20])))
    return w.diagnose()


PROGRAMS = (few_codes_at_once, values_of_a_walk)
