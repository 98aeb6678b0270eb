"""Faults of layers: gradients that vanish or explode, dead and saturated units, bad first weights."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import batches, digits, fit, fitted, keep_score, mlp, table, write
from sick_programs.nets import RowReader, RowTransformer, Writer


def deep_sigmoid_mlp(seed, watch, sick=True):
    """Nine sigmoid layers: each divides the gradient by more than four."""
    torch.manual_seed(seed)
    act = nn.Sigmoid if sick else nn.ReLU
    net = mlp(64, 64, 64, 64, 64, 64, 64, 64, 64, 10, act=act)
    if not sick:
        for layer in net[::2]:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=25)


class _Block(nn.Module):
    def __init__(self, wide, skip):
        super().__init__()
        self.skip = skip
        self.attention = nn.MultiheadAttention(wide, 4, batch_first=True)
        self.mix = nn.Sequential(nn.Linear(wide, wide), nn.Tanh(), nn.Linear(wide, wide))

    def forward(self, x):
        if self.skip:
            x = x + self.attention(x, x, x, need_weights=False)[0]
            return x + self.mix(x)
        x = self.attention(x, x, x, need_weights=False)[0]
        return self.mix(x)


class _Tower(nn.Module):
    def __init__(self, skip, wide=32, depth=6):
        super().__init__()
        self.embed, self.place = nn.Linear(8, wide), nn.Parameter(torch.randn(8, wide))
        self.blocks = nn.ModuleList(_Block(wide, skip) for _ in range(depth))
        self.head = nn.Linear(wide, 10)

    def forward(self, x):
        x = self.embed(x.view(-1, 8, 8)) + self.place
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(1))


def skipless_transformer(seed, watch, sick=True):
    """Six attention blocks whose skip connections were forgotten."""
    torch.manual_seed(seed)
    net = _Tower(skip=not sick)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=12, step="loss outputs targets",
               told="score", task=None)  # fmt: skip


def relu_rnn_growing(seed, watch, sick=True):
    """A ReLU recurrence that doubles what it holds at each of 32 steps."""
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    net = _Recurrence(1.6 if sick else 1.0)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.03, momentum=0.9)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer) as w:
        for _ in range(10):
            net.train()
            for xb, yb in batches(x, y, 32, generator):
                logits = net(xb.view(-1, 32, 2))
                loss = F.cross_entropy(logits, yb)
                optimizer.zero_grad()
                loss.backward()
                if not sick:
                    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                optimizer.step()
                w.step(loss=loss)
            net.eval()
            with torch.no_grad():
                right = (net(xv.view(-1, 32, 2)).argmax(1) == yv).float().mean()
            w.evaluate(score=keep_score(right))
    return w.diagnose()


class _Recurrence(nn.Module):
    def __init__(self, gain, wide=48):
        super().__init__()
        self.cell = nn.RNN(2, wide, nonlinearity="relu", batch_first=True)
        with torch.no_grad():
            nn.init.eye_(self.cell.weight_hh_l0).mul_(gain)
        self.head = nn.Linear(wide, 10)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


def deep_mlp_growing(seed, watch, sick=True):
    """Ten layers whose weights double the signal at each."""
    torch.manual_seed(seed)
    x, y, xv, yv = table(seed, "diabetes")
    net = mlp(10, 64, 64, 64, 64, 64, 64, 64, 64, 1)
    for layer in net[:-1:2]:
        nn.init.normal_(layer.weight, std=(0.45 if sick else 0.17))
    optimizer = torch.optim.SGD(net.parameters(), lr=2e-3)
    return fit(net, optimizer, (x, y, xv, yv), seed, watch, epochs=40, size=32, loss_fn=F.mse_loss,
               score=fitted, task="regression")  # fmt: skip


def relu_bias_negative(seed, watch, sick=True):
    """Biases begin at -0.6: most units of the first layer and all of the second never open."""
    torch.manual_seed(seed)
    net = mlp(64, 96, 96, 10)
    if sick:
        nn.init.constant_(net[0].bias, -0.6)
        nn.init.constant_(net[2].bias, -0.6)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=20)


def dead_bottleneck(seed, watch, sick=True):
    """An autoencoder whose narrow ReLU layer dies in the first, far too fast, epoch."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    net = mlp(64, 48, 12, 48, 64)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1 if sick else 2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="autoencoder") as w:
        for epoch in range(30):
            if epoch == 1:
                optimizer.param_groups[0]["lr"] = 2e-3
            net.train()
            for xb, _ in batches(x, x, 64, generator):
                rebuilt = net(xb)
                loss = F.mse_loss(rebuilt, xb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, inputs=xb, outputs=rebuilt, targets=xb)
            net.eval()
            with torch.no_grad():
                wrong = F.mse_loss(net(xv), xv)
            keep_score(-wrong)
            w.evaluate(score=float(wrong), maximize=False)
    return w.diagnose()


def tanh_mlp_wide_weights(seed, watch, sick=True):
    """Tanh units driven to their ends by weights ten times too wide."""
    torch.manual_seed(seed)
    net = mlp(64, 64, 64, 64, 64, 10, act=nn.Tanh)
    for layer in net[:-1:2]:
        nn.init.normal_(layer.weight, std=(10 if sick else 1) * layer.in_features**-0.5)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=25, size=32)


def lstm_gates_shut(seed, watch, sick=True):
    """Input gates at -12: the recurrence hardly hears its input."""
    torch.manual_seed(seed)
    net = RowReader(nn.LSTM)
    if sick:
        with torch.no_grad():
            net.cell.bias_ih_l0[:48] = -12.0
            net.cell.bias_ih_l0[-48:] = 12.0
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=15, told="score")


def zeroed_cnn(seed, watch, sick=True):
    """Every weight and bias begins at zero."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                        nn.Linear(256, 32), nn.ReLU(), nn.Linear(32, 10))  # fmt: skip
    if sick:
        for values in net.parameters():
            nn.init.zeros_(values)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    data = digits(seed, flat=False)
    return fit(net, optimizer, data, seed, watch, epochs=10, step="loss", told="score")


def faint_mlp(seed, watch, sick=True):
    """All weights from a normal of deviation 0.001."""
    torch.manual_seed(seed)
    net = mlp(13, 48, 48, 48, 3)
    if sick:
        for layer in net[::2]:
            nn.init.normal_(layer.weight, std=1e-3)
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    return fit(net, optimizer, table(seed), seed, watch, epochs=80, size=32)


def loud_embedding(seed, watch, sick=True):
    """A language model whose output layer begins a hundred times too wide."""
    torch.manual_seed(seed)
    net = Writer()
    if sick:
        nn.init.normal_(net.head.weight, std=12.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    return write(net, optimizer, seed, watch, steps=300)


def alike_heads(seed, watch, sick=True):
    """A transformer all of whose matrices hold one number: its heads and units are alike."""
    torch.manual_seed(seed)
    net = RowTransformer()
    if sick:
        for values in net.parameters():
            if values.ndim > 1:
                nn.init.constant_(values, 0.02)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    return fit(net, optimizer, digits(seed), seed, watch, epochs=8, told="score")
