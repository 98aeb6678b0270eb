"""Small trainings that are run with and without a watch, and everything that a watch could disturb."""

from contextlib import nullcontext

import torch
from torch import nn

from mldiag.recording.watching.watch import Watch

STEPS = 6


class Mixed(nn.Module):
    """Convolution, batch statistics, dropout, functions: what has state or draws random numbers."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(4 * 16, 3)

    def forward(self, x):
        x = nn.functional.relu_(self.norm(self.conv(x)))
        return self.head(self.drop(x.flatten(1)))


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(20, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(8, 3)

    def forward(self, words):
        return self.head(self.body(self.words(words)).mean(1))


def images(rows=16):
    return torch.randn(rows, 1, 6, 6), torch.randint(3, (rows,))


def rows(count=16):
    return torch.randn(count, 6), torch.randint(3, (count,))


def words(count=16):
    return torch.randint(20, (count, 5)), torch.randint(3, (count,))


def mlp():
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


def run(make, data, optimize, *, watched, every=None, steps=STEPS, update=None, told=True):
    """Train, and give back everything that could differ: losses, weights, states, evaluations."""
    torch.manual_seed(0)
    net = make()
    optimizer = optimize(net.parameters())
    batches = [data() for _ in range(steps)]
    losses, evaluated = [], []
    watch = Watch(net, optimizer, every=every) if watched else nullcontext()
    with watch:
        for inputs, targets in batches:
            if update is None:
                optimizer.zero_grad()
                outputs = net(inputs)
                loss = nn.functional.cross_entropy(outputs, targets)
                loss.backward()
                optimizer.step()
            else:
                loss, outputs = update(net, optimizer, inputs, targets)
            losses.append(loss.detach().clone())
            if watched:
                watch.step(loss=loss, outputs=outputs, targets=targets)
            net.eval()
            with torch.no_grad():
                evaluated.append(net(batches[0][0]).clone())
            if watched and told:
                watch.evaluate(score=0.5, outputs=evaluated[-1], targets=batches[0][1])
            net.train()
    return everything(net, optimizer, losses, evaluated), watch


def everything(net, optimizer, losses, evaluated):
    """Names and tensors of all that a training leaves behind."""
    found = {f"weight {name}": value for name, value in net.state_dict().items()}
    found |= {f"gradient {name}": p.grad for name, p in net.named_parameters()}
    found |= {f"loss {k}": value for k, value in enumerate(losses)}
    found |= {f"evaluated {k}": value for k, value in enumerate(evaluated)}
    found["random"] = torch.get_rng_state()
    states = optimizer.state_dict()["state"] if optimizer is not None else {}
    for number, state in states.items():
        for name, value in state.items():
            found[f"optimizer {number} {name}"] = value
    return found


def assert_same(plain, seen):
    """The same to the last bit, NaN included."""
    assert plain.keys() == seen.keys()
    for name, value in plain.items():
        assert same(value, seen[name]), name


def same(first, second):
    if isinstance(first, torch.Tensor):
        if first.layout is not torch.strided:
            first, second = first.to_dense(), second.to_dense()
        return torch.equal(first.nan_to_num(), second.nan_to_num()) and torch.equal(
            first.isnan(), second.isnan()
        )
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    return first == second
