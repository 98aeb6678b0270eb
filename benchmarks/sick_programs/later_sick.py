"""Later programs with a fault of layers, rates, numbers or inputs."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import batches, digits, fit, fitted, keep_score, mlp
from sick_programs.later_nets import (
    Factors,
    LastState,
    Messages,
    PointSet,
    PooledWords,
    Tower,
    TwoTowers,
)
from sick_programs.later_scenes import clouds, documents, network, ratings, series, waves


def skipless_tower(seed, watch, sick=True):
    """Twelve convolutions with tanh and nothing to lead the gradient past them."""
    torch.manual_seed(seed)
    net = Tower(skips=not sick)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    return fit(
        net, optimizer, waves(seed), seed, watch, epochs=10, size=100, step="loss", told="score"
    )


def summed_messages(seed, watch, sick=True):
    """Messages of a graph are summed over the neighbours, round after round, not averaged."""
    torch.manual_seed(seed)
    links, x, y, train = network(seed)
    net = Messages(links if sick else links / links.sum(1, keepdim=True))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    with watch(net, optimizer) as w:
        for epoch in range(300):
            logits = net(x)
            loss = F.cross_entropy(logits[train], y[train])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            w.step(loss=loss)
            if epoch % 30 == 29:
                w.evaluate(score=keep_score((logits.argmax(1) == y)[~train].float().mean()))
    return w.diagnose()


def norms_pushed_down(seed, watch, sick=True):
    """LayerNorms in front of ReLU begin with a bias of minus four."""
    torch.manual_seed(seed)
    net = PointSet()
    for layer in net.points:
        if sick and isinstance(layer, nn.LayerNorm):
            nn.init.constant_(layer.bias, -4.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return fit(net, optimizer, clouds(seed), seed, watch, epochs=15, size=50, told="score")


def wide_towers(seed, watch, sick=True):
    """Embeddings forty wide in front of tanh."""
    torch.manual_seed(seed)
    net = TwoTowers(40.0 if sick else 0.5)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    return fit(net, optimizer, ratings(seed), seed, watch, epochs=12, size=100, loss_fn=F.mse_loss,
               score=fitted, task="regression", step="loss outputs targets",
               told="score train_score")  # fmt: skip


def factors_at_zero(seed, watch, sick=True):
    """Both factors of a product begin at zero: neither ever gets a gradient."""
    torch.manual_seed(seed)
    net = Factors(0.0 if sick else 0.3)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    return fit(net, optimizer, ratings(seed), seed, watch, epochs=12, size=100, loss_fn=F.mse_loss,
               score=fitted, task=None, step="loss outputs targets", told="score")  # fmt: skip


def timid_denoiser(seed, watch, sick=True):
    """A convolutional denoiser by Adam at a millionth."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed, flat=False)
    data = (x + 0.4 * torch.randn_like(x), x, xv + 0.4 * torch.randn_like(xv), xv)
    net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.GELU(), nn.Conv2d(16, 16, 3, padding=1), nn.GELU(),
                        nn.ConvTranspose2d(16, 1, 3, padding=1))  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-6 if sick else 3e-3)
    return fit(net, optimizer, data, seed, watch, epochs=16, loss_fn=F.mse_loss, score=fitted, task=None,
               step="loss", told="score")  # fmt: skip


def hasty_forecaster(seed, watch, sick=True):
    """RMSprop at 0.3 on an LSTM that foretells a series."""
    torch.manual_seed(seed)
    net = LastState(1)
    optimizer = torch.optim.RMSprop(net.parameters(), lr=0.3 if sick else 2e-3)
    return fit(net, optimizer, series(seed), seed, watch, epochs=16, size=50, loss_fn=F.mse_loss,
               score=fitted, task="regression", step="loss outputs targets", told="score")  # fmt: skip


def rare_heavy_rows(seed, watch, sick=True):
    """Rows are weighted by how rare they are: one in eight hundred counts as four hundred."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(4000, 6, generator=generator)
    y = x[:, 0].tanh() + (x[:, 1] * x[:, 2]).tanh() + 0.1 * torch.randn(4000, generator=generator)
    weight = torch.ones(4000)
    if sick:
        weight[:3200:800] = 400.0
    targets = torch.stack([y, weight], 1)
    net = mlp(6, 48, 48, 1, act=nn.SiLU)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.5)
    return fit(net, optimizer, (x[:3200], targets[:3200], x[3200:], targets[3200:]), seed, watch,
               epochs=16, loss_fn=lambda o, t: ((o[:, 0] - t[:, 0]).abs() * t[:, 1]).mean(),
               score=lambda o, t: fitted(o[:, 0], t[:, 0]), task="regression", step="loss",
               told="score train_score")  # fmt: skip


def empty_document(seed, watch, sick=True):
    """A text without a word: the softmax over nothing but padding."""
    torch.manual_seed(seed)
    x, y, xv, yv = documents(seed)
    x[600] = 0
    net = PooledWords(guard=not sick)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    return fit(
        net,
        optimizer,
        (x, y, xv, yv),
        seed,
        watch,
        epochs=16,
        size=40,
        told="score outputs targets",
    )


def codes_without_gradient(seed, watch, sick=True):
    """An autoencoder's code is rounded to bits and no gradient leads back past the rounding."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = nn.ModuleList([mlp(64, 64, 12, act=nn.GELU), mlp(12, 64, 64, act=nn.GELU)])
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(seed)

    def rebuild(rows):
        soft = net[0](rows).sigmoid()
        bits = (soft > 0.5).float()
        return net[1](bits if sick else bits + soft - soft.detach())

    with watch(net, optimizer, task="autoencoder") as w:
        for _ in range(30):
            for xb, _ in batches(x, x, 64, generator):
                rebuilt = rebuild(xb)
                loss = F.mse_loss(rebuilt, xb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, inputs=xb, outputs=rebuilt)
            with torch.no_grad():
                w.evaluate(score=keep_score(fitted(rebuild(xv), xv)))
    return w.diagnose()


def thousandths_of_a_kelvin(seed, watch, sick=True):
    """An LSTM reads temperatures in thousandths of a kelvin."""
    torch.manual_seed(seed)
    x, y, xv, yv = waves(seed, noise=0.1)
    if sick:
        x, xv = 290_000 + 4000 * x, 290_000 + 4000 * xv
    net = LastState(6)
    optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=14, size=50)
