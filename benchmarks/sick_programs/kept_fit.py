"""Programs kept back for the final count: faults of the fit, and collapses."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import batches, digits, fit, fitted, keep_score, mlp
from sick_programs.duels import duel
from sick_programs.kept_sick import OwnReader
from sick_programs.nets import Quantizer, SmallCNN, Variational
from sick_programs.quantizing import quantized
from sick_programs.scenes import tags
from sick_programs.views import blurred, neighbours, spread


def wrong_labels_learned(seed, watch, sick=True):
    """Four labels in ten are chance, and a wide convolutional net learns each of them by heart."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed, flat=False, train=600)
    generator = torch.Generator().manual_seed(seed)
    wrong = torch.rand(len(y), generator=generator) < (0.4 if sick else 0.0)
    y = torch.where(wrong, torch.randint(0, 10, y.shape, generator=generator), y)
    net = SmallCNN(wide=32)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(
        net, optimizer, (x, y, xv, yv), seed, watch, epochs=50, size=32, told="score train_score"
    )


def one_unit_waist(seed, watch, sick=True):
    """Ten classes through a waist of one unit."""
    torch.manual_seed(seed)
    net = mlp(64, 64, 1 if sick else 32, 32, 10, act=nn.Tanh)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(
        net,
        optimizer,
        digits(seed),
        seed,
        watch,
        epochs=20,
        told="score train_score outputs targets",
    )


def dropout_everywhere(seed, watch, sick=True):
    """Nine units in ten are dropped, the inputs' too, at every layer."""
    torch.manual_seed(seed)
    share = 0.9 if sick else 0.1
    net = nn.Sequential(nn.Dropout(share / 2), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(share),
                        nn.Linear(64, 64), nn.ReLU(), nn.Dropout(share), nn.Linear(64, 10))  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=30, told="score train_score")


def brief_autoencoder(seed, watch, sick=True):
    """Ten epochs of an autoencoder whose loss still falls fast."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = mlp(64, 64, 16, 64, 64)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return fit(net, optimizer, (x, x, xv, xv), seed, watch, epochs=10 if sick else 120, size=32,
               loss_fn=F.mse_loss, score=fitted, task="autoencoder", told="score train_score")  # fmt: skip


def no_label_ever(seed, watch, sick=True):
    """Tags are rare and their absence counts twenty times: no tag is ever given."""
    torch.manual_seed(seed)
    net = mlp(20, 64, 6)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    weight = torch.full((6,), 0.02 if sick else 1.0)

    def found(outputs, targets):
        right = ((outputs > 0) & (targets > 0)).sum()
        return float(2 * right / ((outputs > 0).sum() + (targets > 0).sum()).clamp(min=1))

    return fit(net, optimizer, tags(seed), seed, watch, epochs=12, score=found, task="multilabel",
               loss_fn=lambda o, t: F.binary_cross_entropy_with_logits(o, t, pos_weight=weight))  # fmt: skip


def siamese_unstopped(seed, watch, sick=True):
    """Two views and a predictor, and the stopped gradient was forgotten."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed, flat=False)
    net = SmallCNN(norm="group", classes=32)
    predictor = mlp(32, 32, 32)
    if not sick:
        net = nn.Sequential(net, nn.BatchNorm1d(32, affine=False))
        predictor = nn.Sequential(
            nn.Linear(32, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 32)
        )
    optimizer = torch.optim.Adam([*net.parameters(), *predictor.parameters()], lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch([net, predictor], optimizer, task="self_supervised") as w:
        for _ in range(10):
            net.train()
            for xb, _ in batches(x, y, 128, generator):
                one, other = net(_seen(xb)), net(_seen(xb))
                aims = (one, other) if sick else (one.detach(), other.detach())
                near = F.cosine_similarity(predictor(one), aims[1]).mean()
                far = F.cosine_similarity(predictor(other), aims[0]).mean()
                loss = -(near + far) / 2
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=one)
            net.eval()
            with torch.no_grad():
                held = net(xv)
                keep_score(spread(held))
                w.evaluate(score=float(neighbours(net, x, y, xv, yv)), outputs=held)
    return w.diagnose()


def _seen(pictures):
    return blurred(pictures.flatten(1)).view_as(pictures)


def strict_vae(seed, watch, sick=True):
    """The divergence counts forty times."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = Variational(latent=6, wide=96)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(seed)
    weight = 40.0 if sick else 0.5
    with watch(net, optimizer) as w:
        for _ in range(25):
            net.train()
            for xb, _ in batches(x, x, 64, generator):
                rebuilt, mu, logvar = net(xb)
                wrong = (
                    F.binary_cross_entropy_with_logits(rebuilt, xb, reduction="none").sum(1).mean()
                )
                divergence = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
                loss = wrong + weight * divergence
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=(rebuilt, mu, logvar), targets=xb)
            net.eval()
            with torch.no_grad():
                rebuilt, mu, logvar = net(xv)
            score = keep_score(-F.mse_loss(rebuilt.sigmoid(), xv))
            w.evaluate(score=score, outputs=(rebuilt, mu, logvar), targets=xv)
    return w.diagnose()


def rushing_generator(seed, watch, sick=True):
    """A generator of digits that learns far faster than its critic."""
    torch.manual_seed(seed)
    x = digits(seed)[0]
    generator = nn.Sequential(nn.Linear(16, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 96),
                              nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 64), nn.Sigmoid())  # fmt: skip
    critic = nn.Sequential(nn.Linear(64, 96), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(96, 1))
    rates = (1e-2, 2e-4) if sick else (1e-3, 1e-3)
    optimizers = [torch.optim.Adam(net.parameters(), lr=rate, betas=(0.5, 0.99))
                  for net, rate in zip((generator, critic), rates, strict=True)]  # fmt: skip
    report, made = duel(generator, critic, optimizers, lambda n: x[torch.randperm(len(x))[:n]],
                        lambda n: torch.randn(n, 16), watch, steps=300 if sick else 1200,
                        rounds=(1, 5) if sick else (1, 1), every=100)  # fmt: skip
    keep_score(made.std(0).mean())
    return report


def far_codes(seed, watch, sick=True):
    """Codes drawn over a hundred times the space that the encoder uses."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = nn.ModuleList([mlp(64, 64, 16), Quantizer(128, 16), mlp(16, 64, 64)])
    with torch.no_grad():
        net[1].codebook.weight.copy_(net[0](x[:128]))
        if sick:
            nn.init.uniform_(net[1].codebook.weight, -20.0, 20.0)
    return quantized(seed, watch, net, x, xv, epochs=20)


def unscaled_attention(seed, watch, sick=True):
    """Attention written by hand, multiplied by the root of the width where it should be divided."""
    torch.manual_seed(seed)
    net = OwnReader(depth=1, scale=32**0.5 if sick else None)
    with torch.no_grad():
        for block in net.blocks[::2] if sick else ():
            block.queries.weight *= 8
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=12, told="score train_score")
