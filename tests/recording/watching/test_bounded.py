"""What a watch keeps does not grow with the training, and stays small for a deep network."""

import gc
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn

from mldiag.recording.cadence import Cadence
from mldiag.recording.watching import layer_row
from mldiag.recording.watching.unit_stats import QUANTITIES, numbers_of_stack, unit_numbers
from mldiag.recording.watching.watch import Watch


def tensor_bytes():
    """Bytes of all tensors of numbers that are alive; what other tests leave of compilers has none."""
    gc.collect()
    found: dict[int, int] = {}
    for one in gc.get_objects():
        if type(one) in (torch.Tensor, nn.Parameter):
            with suppress(RuntimeError):
                found[one.data_ptr()] = one.numel() * one.element_size()
    return sum(found.values())


def train(watch, net, steps):
    optimizer = watch._structure.optimizers[0]
    inputs, targets = torch.randn(4, 4), torch.randint(2, (4,))
    for _ in range(steps):
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = nn.functional.cross_entropy(outputs, targets)
        loss.backward()
        optimizer.step()
        watch.step(loss=loss, outputs=outputs, targets=targets)


@pytest.mark.parametrize("every", [None, 1])
def test_memory_stays_what_it_is(every):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    tracemalloc.start()
    try:
        with Watch(net, optimizer, every=every) as watch:
            train(watch, net, 800)
            early = tracemalloc.get_traced_memory()[0] + tensor_bytes()
            train(watch, net, 2400)
            late = tracemalloc.get_traced_memory()[0] + tensor_bytes()
    finally:
        tracemalloc.stop()
    recording = watch.recording()
    assert recording.steps == 3200
    assert len(recording.series("sample/step")) <= 384
    assert late - early < 3 << 20  # four times the steps


def test_a_deep_network_stays_small():
    torch.manual_seed(0)
    parts = [part for _ in range(250) for part in (nn.Linear(4, 4), nn.ReLU())]
    net = nn.Sequential(*parts, nn.Linear(4, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    with Watch(net, optimizer) as watch:
        train(watch, net, 40)
    recording = watch.recording()
    assert recording.series("gradient/norm").shape[1] == 502
    assert len(recording.layers) <= 160
    a_row = sum(v.nbytes for v in recording.arrays.values()) / len(recording.series("sample/step"))
    assert a_row * 384 < 50 << 20


def test_looks_become_rare():
    cadence = Cadence()
    looks = [step for step in range(100_000) if cadence.samples(step)]
    assert looks[:6] == list(range(6))
    assert len(looks) < 500
    assert max(np.diff(looks)) == 256


# ---- several samples in one pass say what each says by itself -------------------------------------------


@pytest.mark.parametrize("kind", ["relu", "sigmoid", "tanh"])
def test_numbers_are_what_their_names_say(kind):
    torch.manual_seed(0)
    matrix = torch.randn(40, 6)
    matrix[:, 0] = 0.0
    matrix = torch.tanh(3 * matrix) if kind == "tanh" else torch.relu(matrix)
    numbers, on = unit_numbers(matrix, kind)
    told = dict(zip(QUANTITIES, numbers.tolist(), strict=True))
    values = matrix.double().numpy()
    low, high = {"relu": (-1e9, 1e9), "sigmoid": (0.01, 0.99), "tanh": (-0.98, 0.98)}[kind]
    ends = (values < low) | (values > high)
    expected = {
        "mean": values.mean(), "sd": values.std(), "off": (values == 0).mean(), "dead": 1 / 6,
        "full": ends.mean(), "largest": abs(values).max(), "row_sd": values.std(0).mean(),
        "alike": values.std(1).mean() / values.std(), "finite": 1.0, "stuck": ends.all(0).mean(),
    }  # fmt: skip
    assert told == pytest.approx(expected, rel=1e-4)
    assert on.tolist() == pytest.approx((values != 0).mean(0).tolist())


def test_units_that_are_all_the_same_are_exactly_alike():
    rows = torch.randn(32, 1) * 1e-3 + 50.0
    told = dict(zip(QUANTITIES, unit_numbers(rows.repeat(1, 8), "")[0].tolist(), strict=True))
    assert told["alike"] < 0.01
    assert told["sd"] > 5e-4


def test_numbers_that_are_not_finite_are_counted_and_left_out():
    stack = torch.randn(3, 20, 5)
    stack[1, 0, 0], stack[1, 1, 1] = torch.nan, torch.inf
    together, _ = numbers_of_stack(stack.clone(), "")
    alone = torch.stack([unit_numbers(one, "")[0] for one in stack])
    assert torch.isfinite(together).all()
    assert torch.allclose(together, alone, rtol=1e-5, atol=1e-6)
    assert together[:, QUANTITIES.index("finite")].tolist() == pytest.approx([1.0, 0.98, 1.0])


def test_lots_do_not_change_what_is_said(monkeypatch):
    found = []
    for size in (0, 4 << 20):
        monkeypatch.setattr(layer_row, "LOT_BYTES", size)
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2), nn.Sigmoid())
        optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
        with Watch(net, optimizer) as watch:
            train(watch, net, 20)
        found.append(watch.recording().arrays)
    assert found[0].keys() == found[1].keys()
    for name in found[0]:
        assert np.allclose(found[0][name], found[1][name], rtol=1e-5, equal_nan=True), name
