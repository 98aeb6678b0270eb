"""A training is the same to the last bit, whether it is watched or not."""

import inspect

import numpy as np
import pytest
import torch
from torch import nn

from mldiag.recording.watching.watch import Watch
from tests.recording.watching.trainings import (
    Attends,
    Mixed,
    assert_same,
    images,
    mlp,
    rows,
    run,
    words,
)

OPTIMIZERS = sorted(
    name
    for name, kind in vars(torch.optim).items()
    if inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer) and name != "Optimizer"
)


def optimizer_of(name):
    return lambda parameters: getattr(torch.optim, name)(list(parameters), lr=0.01)


def closed(net, optimizer, inputs, targets):
    """A step of an optimizer that asks for the loss several times."""
    seen = []

    def closure():
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = nn.functional.cross_entropy(outputs, targets)
        loss.backward()
        seen.append((loss, outputs))
        return loss

    optimizer.step(closure)
    return seen[-1]


class Matrices(nn.Module):
    """A network whose parameters are all matrices, for optimizers that take no others."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 8, bias=False), nn.Linear(8, 3, bias=False)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


class Looks(nn.Module):
    """Rows of a table, with a gradient that is sparse."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(20, 3, sparse=True)

    def forward(self, words):
        return self.words(words).mean(1)


@pytest.mark.parametrize("every", [None, 1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name, every):
    make, data, update = mlp, rows, None
    if name == "SparseAdam":
        make, data = Looks, words
    elif name == "LBFGS":
        update = closed
    elif name == "Muon":
        make = Matrices
    arguments = make, data, optimizer_of(name)
    plain, _ = run(*arguments, watched=False, update=update)
    seen, watch = run(*arguments, watched=True, every=every, update=update)
    assert_same(plain, seen)
    recording = watch.recording()
    assert recording.facts["notices"] == [], name
    assert (recording.series("update/norm") > 0).all()
    gradients = recording.series("gradient/norm")
    assert np.isfinite(
        gradients[name == "LBFGS" :]
    ).all()  # whose first gradient comes within the step


@pytest.mark.parametrize("every", [None, 1])
@pytest.mark.parametrize(("make", "data"), [(Mixed, images), (Attends, words)])
def test_state_and_random_numbers(make, data, every):
    plain, _ = run(make, data, torch.optim.Adam, watched=False)
    seen, watch = run(make, data, torch.optim.Adam, watched=True, every=every)
    assert_same(plain, seen)
    assert watch.recording().has("output/sd")


def test_the_root_keeps_its_fast_path_in_evaluation():
    def make():
        return nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2)

    def data():
        return torch.randn(4, 5, 8), torch.randint(5, (4, 8))

    plain, _ = run(make, data, torch.optim.Adam, watched=False)
    seen, watch = run(make, data, torch.optim.Adam, watched=True, told=False)
    assert_same(plain, seen)
    assert "a hook would change its evaluation" in str(watch.recording().facts["not_seen"])


def scaled(net, optimizer, inputs, targets):
    scaler = optimizer.scaler
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = net(inputs)
        loss = nn.functional.cross_entropy(outputs.float(), targets)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    return loss, outputs


@pytest.mark.parametrize("fused", [False, True])
def test_mixed_precision_with_a_scaler(fused):
    def optimize(parameters):
        optimizer = torch.optim.Adam(parameters, lr=0.01, fused=fused)
        optimizer.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
        return optimizer

    def plain_adam(parameters):
        return torch.optim.Adam(parameters, lr=0.01)

    plain, _ = run(Mixed, images, optimize, watched=False, update=scaled)
    seen, watch = run(Mixed, images, optimize, watched=True, update=scaled)
    assert_same(plain, seen)
    _, unscaled = run(Mixed, images, plain_adam, watched=True)
    ratio = watch.recording().series("gradient/norm") / unscaled.recording().series("gradient/norm")
    assert 0.5 < np.median(ratio) < 2.0  # told without the factor of the scaler


@pytest.mark.parametrize("fused", [False, True])
def test_an_overflow_that_the_scaler_leaves_out_is_no_broken_gradient(fused):
    def optimize(parameters):
        optimizer = torch.optim.Adam(parameters, lr=0.01, fused=fused)
        optimizer.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127)
        return optimizer

    plain, _ = run(Mixed, images, optimize, watched=False, update=scaled)
    seen, watch = run(Mixed, images, optimize, watched=True, update=scaled)
    assert_same(plain, seen)
    assert watch.recording().facts["birth"] is None


def test_accumulated_gradients():
    def accumulate(net, optimizer, inputs, targets):
        optimizer.zero_grad()
        for part in range(0, len(inputs), 4):
            outputs = net(inputs[part : part + 4])
            loss = nn.functional.cross_entropy(outputs, targets[part : part + 4])
            (loss / 4).backward()
        optimizer.step()
        return loss, outputs

    plain, _ = run(Mixed, images, torch.optim.AdamW, watched=False, update=accumulate)
    seen, _ = run(Mixed, images, torch.optim.AdamW, watched=True, update=accumulate)
    assert_same(plain, seen)


def adversaries(watched):
    torch.manual_seed(0)
    makes = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
    judges = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(8, 1))
    first, second = torch.optim.Adam(makes.parameters()), torch.optim.RMSprop(judges.parameters())
    watch = None
    if watched:
        watch = Watch(
            [makes, judges], [first, second], roles=("generator", "discriminator"), every=1
        )
        watch.start()
    for _ in range(5):
        noise, real = torch.randn(16, 2), torch.randn(16, 3)
        second.zero_grad()
        lost = judges(makes(noise).detach()).mean() - judges(real).mean()
        lost.backward()
        second.step()
        first.zero_grad()
        fooled = -judges(makes(noise)).mean()
        fooled.backward()
        first.step()
        if watch is not None:
            watch.step(losses={"generator": fooled, "discriminator": lost})
    if watch is not None:
        watch.close()
    state = [*makes.state_dict().values(), *judges.state_dict().values(), torch.get_rng_state()]
    return state, watch


def test_two_networks_and_two_optimizers():
    plain, _ = adversaries(watched=False)
    seen, watch = adversaries(watched=True)
    assert all(map(torch.equal, plain, seen))
    recording = watch.recording()
    assert {layer["network"] for layer in recording.layers} == {"generator", "discriminator"}
    moved = recording.series("update/norm")[:, :-1]  # the last bias of a critic has no gradient
    assert (moved > 0).all()
    assert recording.has("losses/generator/mean")


def test_a_loop_without_an_optimizer():
    def by_hand(net, optimizer, inputs, targets):
        net.zero_grad()
        outputs = net(inputs)
        loss = nn.functional.cross_entropy(outputs, targets)
        loss.backward()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter -= 0.1 * parameter.grad
        return loss, outputs

    weights = []
    for watched in (False, True):
        torch.manual_seed(0)
        net = mlp()
        watch = Watch(net)
        if watched:
            watch.start()
        for _ in range(4):
            inputs, targets = rows()
            loss, _ = by_hand(net, None, inputs, targets)
            if watched:
                watch.step(loss=loss)
        watch.close()
        weights.append([p.detach() for p in net.parameters()])
    assert all(map(torch.equal, *weights))
    assert (watch.recording().series("update/norm") > 0).all()
