"""Where a number that is not finite was born, and that looking for it leaves nothing behind."""

import math

import pytest
import torch
from torch import nn

from mldiag.recording.watching.birth import find_birth
from mldiag.recording.watching.watch import Watch


class Logs(nn.Module):
    """Takes a logarithm, which is not finite for what a batch may hold."""

    def forward(self, x):
        return torch.log(x)


class Roots(nn.Module):
    """Finite forward, and at zero no finite slope."""

    def forward(self, x):
        return torch.sqrt(x.abs())


def net(*parts):
    torch.manual_seed(0)
    return nn.Sequential(*parts)


def train(network, batches, loss_of=None):
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    with Watch(network, optimizer) as watch:
        for inputs in batches:
            optimizer.zero_grad()
            outputs = network(inputs)
            loss = (loss_of or (lambda out: out.pow(2).mean()))(outputs)
            loss.backward()
            optimizer.step()
            watch.step(loss=loss, outputs=outputs, inputs=inputs)
    return watch.recording().facts["birth"]


def good(count=3):
    return [torch.rand(8, 4) + 0.5 for _ in range(count)]


def test_healthy():
    assert train(net(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)), good()) is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_input(value):
    batches = good()
    batches[2][5, 1] = value
    birth = train(net(nn.Linear(4, 4), nn.Linear(4, 2)), batches)
    assert (birth["where"], birth["step"], birth["rows"], birth["count"]) == ("input", 2, [5], 1)


def test_parameters():
    network = net(nn.Linear(4, 4), nn.Linear(4, 2))
    with torch.no_grad():
        network[1].weight[0, 0] = math.nan
    birth = train(network, good())
    assert (birth["where"], birth["step"], birth["parameters"]) == ("parameters", 0, ["1.weight"])


def test_module_and_rows():
    batches = good()
    batches[1][3] = 0.0
    network = net(Logs(), nn.Linear(4, 2))
    birth = train(network, batches)
    assert (birth["where"], birth["module"], birth["kind"]) == ("module", "0", "Logs")
    assert (birth["step"], birth["rows"]) == (1, [3])


def test_loss():
    birth = train(net(nn.Linear(4, 2)), good(), lambda out: (out.mean() * 0).log())
    assert birth["where"] == "loss"


def test_backward_of_a_finite_loss():
    network = net(nn.Linear(4, 4), Roots(), nn.Linear(4, 2))
    with torch.no_grad():
        network[0].weight.zero_()
        network[0].bias.zero_()
    birth = train(network, good(1))
    assert birth["where"] == "backward"
    assert birth["parameters"] == ["0.weight", "0.bias"]


def test_overflow_in_half_precision():
    network = net(nn.Linear(4, 4, bias=False), nn.Linear(4, 2)).half()
    with torch.no_grad():
        network[0].weight.fill_(40_000.0)
    found = find_birth(network, (torch.full((2, 4), 10.0).half(),), {})
    assert (found["where"], found["module"]) == ("module", "0")
    assert found["inputs"] == 10.0


def test_buffers_random_state_and_mode_are_put_back():
    network = net(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), Logs())
    inputs = torch.randn(8, 4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    assert find_birth(network, (inputs,), {})["module"] == "3"
    assert torch.equal(state, torch.get_rng_state())
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())


def test_forward_that_cannot_be_done_again():
    class Once(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(4))
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            if self.calls > 1:
                raise RuntimeError("the file is over")
            return x * self.weight

    birth = train(Once(), good(1), lambda out: (out.mean() * 0).log())
    assert birth["where"] == "unknown"
    assert "the file is over" in birth["why"]
