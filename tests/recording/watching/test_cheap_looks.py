"""What makes a look cheap leaves its numbers true: samples, lots, hooks that are there only where needed."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from mldiag.recording.series import SampledRows
from mldiag.recording.watching.unit_sample import unit_matrix
from mldiag.recording.watching.watch import Watch
from mldiag.recording.watching.weight_sample import WeightSample


@pytest.mark.parametrize(
    ("shape", "second"),
    [
        ((5,), False), ((64, 256), False), ((300, 40), False), ((16, 64, 128), False),
        ((32, 16, 32, 32), True), ((32, 64, 8, 8), True), ((500, 3, 4, 4), True),
        ((300, 20, 16), False), ((7, 5, 6, 6, 6), True), ((130, 9, 2), True),
    ],
)  # fmt: skip
def test_rows_of_a_sample_are_rows_of_the_output(shape, second):
    output = torch.arange(math.prod(shape)).float().reshape(shape)
    rows = output.movedim(1, -1) if second else output
    rows = rows.reshape(-1, rows.shape[-1] if rows.dim() > 1 else 1)
    skip = max(1, rows.shape[1] // 128)
    known = {float(row[0]): row for row in rows[:, ::skip][:, :128]}
    kinds = [output]
    if output.dim() == 4:
        kinds.append(output.contiguous(memory_format=torch.channels_last))
    for kind in kinds:
        sample = unit_matrix(kind, second)
        firsts = [float(row[0]) for row in sample]
        assert all(
            torch.equal(known[first], row) for first, row in zip(firsts, sample, strict=True)
        )
        assert len(set(firsts)) == len(firsts)
        assert min(len(rows), 64) <= len(sample) <= 128


def test_a_sample_is_spread_over_places():
    columns = torch.arange(8.0).expand(32, 4, 8, 8)
    assert len(set(unit_matrix(columns, True)[:, 0].tolist())) >= 4


@pytest.mark.parametrize("layout", ["plain", "channels last", "transposed"])
def test_a_sample_of_weights_tells_their_length(layout):
    torch.manual_seed(0)
    values = torch.randn(64, 64, 3, 3) * torch.linspace(0.5, 2.0, 64).reshape(-1, 1, 1, 1)
    if layout == "channels last":
        values = values.contiguous(memory_format=torch.channels_last)
    weight = nn.Parameter(values.reshape(576, 64).T if layout == "transposed" else values)
    weight.grad = 2.0 * weight.detach()
    small = nn.Parameter(torch.randn(7))
    sample = WeightSample([weight, small])
    taken, gradients = sample.weights(), sample.gradients()
    size = float(taken.parts[0].norm() * sample.factors[0])
    assert size == pytest.approx(float(weight.detach().norm()), rel=0.15)
    assert torch.equal(gradients.parts[0], 2.0 * taken.parts[0])
    assert torch.equal(taken.parts[1], small.detach())
    assert torch.equal(gradients.parts[1], torch.zeros(7))


@pytest.mark.parametrize("width", [8, 256])
def test_lengths_are_those_of_the_weights(width):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, 3))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    inputs, targets = torch.randn(32, 20), torch.randint(3, (32,))
    expected = []
    with Watch(net, optimizer) as watch:
        for _ in range(4):
            before = [p.detach().clone() for p in net.parameters()]
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(inputs), targets)
            loss.backward()
            optimizer.step()
            watch.step(loss=loss)
            row = [(p - old).norm().item() for p, old in zip(net.parameters(), before, strict=True)]
            expected.append(row)
            gradients = [p.grad.norm().item() for p in net.parameters()]
    recording = watch.recording()
    assert recording.series("gradient/norm")[-1] == pytest.approx(gradients, rel=1e-4)
    near = 1e-3 if width == 8 else 0.15  # small tensors whole, of large ones a sample
    assert np.allclose(recording.series("update/norm"), expected, rtol=near)
    assert np.isfinite(recording.series("window/0")[0]).all()


def test_steps_that_are_not_looked_at_carry_no_hook_but_the_two_light_ones():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    inputs, targets = torch.randn(8, 4), torch.randint(2, (8,))
    plain = 0
    with Watch(net, optimizer) as watch:
        for _ in range(60):
            optimizer.zero_grad()
            outputs = net(inputs)
            loss = nn.functional.cross_entropy(outputs, targets)
            loss.backward()
            optimizer.step()
            plain += not optimizer._optimizer_step_post_hooks
            watch.step(loss=loss, outputs=outputs, targets=targets)
            assert not any(module._forward_hooks for module in net.modules())
    assert plain >= 5
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks


class Logs(nn.Module):
    """Takes a logarithm, which is not finite for what a batch may hold."""

    def forward(self, x):
        return torch.log(x)


@pytest.mark.parametrize("step", [53, 54])
def test_what_breaks_in_a_step_that_is_not_looked_at_is_traced_too(step):
    torch.manual_seed(0)
    net = nn.Sequential(Logs(), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    targets = torch.randint(2, (8,))
    with Watch(net, optimizer) as watch:
        for number in range(56):
            inputs = torch.rand(8, 4) + 0.5
            if number == step:
                inputs[3] = -1.0
            optimizer.zero_grad()
            outputs = net(inputs)
            loss = nn.functional.cross_entropy(outputs, targets)
            loss.backward()
            optimizer.step()
            watch.step(loss=loss, outputs=outputs, targets=targets)
    recording = watch.recording()
    assert step not in recording.series("sample/step")
    birth = recording.facts["birth"]
    assert (birth["where"], birth["module"], birth["step"]) == ("module", "0", step)
    assert birth["rows"] == [3]


def test_thinning_keeps_what_shows_more():
    rows = SampledRows(limit=8, first=2)
    for step in range(9):
        rows.add(step, {"a": 1.0} if step % 3 else {"a": 1.0, "b": 2.0})
    assert rows.arrays()["sample/step"].tolist() == [0, 1, 3, 4, 6, 8]
